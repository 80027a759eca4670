"""Whose desk a case comes to, and for how long it is in somebody's hand."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from dunwell.audit.models import Event
from dunwell.cases.actions import add_note, record_call, unmask
from dunwell.cases.holds import lift_hold, set_hold
from dunwell.cases.leases import LEASE, take_case, take_next
from dunwell.cases.models import Case, Entry, Hold, Lease
from dunwell.cases.reassigning import reassign
from dunwell.cases.rules import CallRecord
from dunwell.kernel.refusal import Refused
from dunwell.plans.actions import take_promise, withdraw_promise
from dunwell.staff.models import Agent, Role
from dunwell.testing import make

DAY, NOW = make.DAY, make.NOW
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def lead(db):
    return make.agent(Role.LEAD)


def callback(case, agent, at=LATER):
    call = CallRecord("rpc_callback", willingness=3, ability=3, callback_at=at)
    record_call(case.pk, call, contact_point_id=None, actor=agent, now=NOW)
    case.refresh_from_db()


def given(agent, now):
    return take_next(agent, now=now, zone="Asia/Shanghai")


# -- what was agreed on a case of the pool ------------------------------------------------


def test_a_call_back_on_a_pool_case_brings_the_case_to_the_caller(db):
    ada, case = make.agent(), make.case()

    callback(case, ada)

    assert case.collector == ada
    line = Entry.objects.get(case=case, kind="assigned")
    assert (line.actor, line.data) == (ada, {"collector": ada.username, "was": None})
    assert Event.objects.filter(kind="cases.taken_over", actor=ada).count() == 1
    assert given(ada, LATER - timedelta(minutes=1)) is None
    assert given(ada, LATER) == case.pk


def test_a_promise_on_a_pool_case_does_so_too_and_a_call_without_either_does_not(db):
    ada, case, other = make.agent(), make.case(), make.case()

    take_promise(case.pk, amount_minor=100, due_on=DAY, actor=ada, now=NOW)
    record_call(other.pk, CallRecord("no_answer"), contact_point_id=None, actor=ada, now=NOW)

    case.refresh_from_db()
    other.refresh_from_db()
    assert (case.collector, other.collector) == (ada, None)


@pytest.mark.parametrize("why", ["capacity", "language", "lead"])
def test_who_cannot_have_it_leaves_it_in_the_pool_and_his_team_is_given_it_in_time(why, db):
    caller = {
        "capacity": lambda: make.agent(capacity=0),
        "language": lambda: make.agent(languages=["en"]),
        "lead": lambda: make.agent(Role.LEAD),
    }[why]()
    case, bo = make.case(), make.agent()
    other = make.case(collector=bo, priority=99)

    callback(case, caller)

    assert case.collector is None
    assert given(bo, NOW) == other.pk
    assert given(bo, LATER) == case.pk
    assert given(make.agent(queues=["late"]), LATER) is None
    assert given(make.agent(team=make.team("other")), LATER) is None


def test_a_call_back_on_a_colleagues_case_stays_his(lead):
    ada = make.agent()
    case = make.case(collector=ada)

    callback(case, lead)

    assert case.collector == ada
    assert not Entry.objects.filter(kind="assigned").exists()


# -- what a lead gives ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lacks", "code"),
    [
        ({"queues": ["late"]}, "cases.not_skilled"),
        ({"languages": ["en", "yue"]}, "cases.not_spoken"),
        ({"capacity": 1}, "cases.desk_full"),
    ],
)
def test_what_the_night_would_undo_is_refused(lead, lacks, code):
    of, to = make.portfolio(), make.agent(**lacks)
    cases = [make.case(of), make.case(of)]

    with pytest.raises(Refused) as refused:
        reassign([case.pk for case in cases], to=to, reason="x", actor=lead, now=NOW)

    assert [one.code for one in refused.value.refusals] == [code]
    assert to.name in refused.value.refusals[0].text
    assert not Case.objects.filter(collector=to).exists()


def test_every_reason_is_told_with_the_cases_it_is_about(lead):
    of, to = make.portfolio(), make.agent(queues=[], languages=[], capacity=0)
    cases = [make.case(of, party=make.party(of, customer_ref=f"R{n}")) for n in range(5)]

    with pytest.raises(Refused) as refused:
        reassign([case.pk for case in cases], to=to, reason="x", actor=lead, now=NOW)

    assert [one.code for one in refused.value.refusals] == [
        "cases.not_skilled", "cases.not_spoken", "cases.desk_full",
    ]  # fmt: skip
    assert "5 of the cases (R0, R1, R2 …)" in refused.value.refusals[0].text


def test_the_desk_is_filled_to_the_last_place_and_what_is_his_takes_none(lead):
    of, to = make.portfolio(), make.agent(capacity=2)
    his, new = make.case(of, collector=to), make.case(of)

    assert reassign([his.pk, new.pk], to=to, reason="x", actor=lead, now=NOW) == 1
    with pytest.raises(Refused, match="room for 0"):
        reassign([make.case(of).pk], to=to, reason="x", actor=lead, now=NOW)


@pytest.mark.parametrize(
    ("cardholder", "portfolio", "speaks", "may"),
    [
        ("", "zh", ["zh"], True),
        ("", "zh", ["en"], False),
        ("en", "zh", ["en"], True),
        ("en", "zh", ["zh"], False),
        ("zh-TW", "en", ["zh"], True),
        ("ZH_cn", "en", ["zh-CN"], True),
    ],
)
def test_the_language_is_the_cardholders_or_his_portfolios(
    lead, cardholder, portfolio, speaks, may
):
    of = make.portfolio(language=portfolio)
    case = make.case(of, party=make.party(of, language=cardholder))
    to = make.agent(languages=speaks)

    if may:
        assert reassign([case.pk], to=to, reason="x", actor=lead, now=NOW) == 1
    else:
        with pytest.raises(Refused, match="language"):
            reassign([case.pk], to=to, reason="x", actor=lead, now=NOW)


# -- the case in hand -----------------------------------------------------------------------


@pytest.mark.parametrize("act", ["note", "reveal", "promise", "withdraw", "hold", "lift"])
def test_who_acts_on_a_case_has_it_in_hand_anew(act, lead):
    case = make.case(collector=lead)
    point = make.phone(case.party)
    before = {"actor": lead, "now": NOW}
    promise = None
    if act == "withdraw":
        promise = take_promise(case.pk, amount_minor=100, due_on=DAY, **before)
    if act == "lift":
        set_hold(case.pk, "dispute", evidence="x", **before)
    take_case(case.pk, actor=lead, now=NOW)
    by = {"actor": lead, "now": NOW + timedelta(minutes=14)}

    {
        "note": lambda: add_note(case.pk, "x", **by),
        "reveal": lambda: unmask(case.pk, point.pk, reason="x", **by),
        "promise": lambda: take_promise(case.pk, amount_minor=100, due_on=DAY, **by),
        "withdraw": lambda: withdraw_promise(case.pk, promise.pk, reason="x", **by),
        "hold": lambda: set_hold(case.pk, "dispute", evidence="x", **by),
        "lift": lambda: lift_hold(case.pk, "dispute", reason="x", **by),
    }[act]()

    assert Lease.objects.get().until == by["now"] + LEASE


def test_who_acts_on_what_a_colleague_has_in_hand_takes_nothing_from_him(lead):
    ada = make.agent()
    case = make.case(collector=ada)
    take_case(case.pk, actor=ada, now=NOW)

    add_note(case.pk, "x", actor=lead, now=NOW + timedelta(minutes=1))

    lease = Lease.objects.get()
    assert (lease.holder, lease.until) == (ada, NOW + LEASE)


def test_who_signs_out_lets_go_of_his_case(client, db):
    ada, bo = make.agent(), make.agent()
    mine, other = make.case(collector=ada), make.case(collector=bo)
    take_case(mine.pk, actor=ada, now=NOW)
    take_case(other.pk, actor=bo, now=NOW)
    client.force_login(ada, backend="dunwell.staff.backend.CountedBackend")

    client.post("/sign-out/")

    assert [lease.holder for lease in Lease.objects.all()] == [bo]


def test_two_tabs_take_two_cases_and_one_is_in_hand(committed_db):
    ada = make.agent()
    cases = [make.case(collector=ada) for _ in range(4)]

    def take(pk):
        try:
            return take_case(pk, actor=Agent.objects.get(pk=ada.pk), now=NOW).pk
        finally:
            connections.close_all()

    for _ in range(5):
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(take, [case.pk for case in cases])) == [c.pk for c in cases]
        assert Lease.objects.get().holder == ada
        Lease.objects.all().delete()


def test_taking_and_writing_in_two_tabs_do_not_block_each_other(committed_db):
    ada = make.agent()
    case = make.case(collector=ada)

    def take(_):
        return take_case(case.pk, actor=ada, now=NOW)

    def write(_):
        call = CallRecord("no_answer")
        return record_call(case.pk, call, contact_point_id=None, actor=ada, now=NOW)

    def alone(work):
        try:
            return work(None)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(alone, [take, write] * 10))

    assert len(done) == 20 and Entry.objects.filter(kind="call").count() == 10


# -- holds that ran out ---------------------------------------------------------------------


def test_a_hold_that_ran_out_does_not_stand_in_the_way_of_a_new_one(lead):
    case = make.case(collector=lead)
    over, then = DAY + timedelta(days=2), NOW + timedelta(days=2)
    set_hold(case.pk, "dispute", evidence="first", actor=lead, now=NOW, until_on=over)
    with pytest.raises(Refused, match="already"):
        set_hold(case.pk, "dispute", evidence="x", actor=lead, now=then - timedelta(days=1))

    set_hold(case.pk, "dispute", evidence="second", actor=lead, now=then)

    rows = Hold.objects.order_by("pk").values_list("evidence", "from_on", "lifted_on")
    assert list(rows) == [("first", DAY, over), ("second", over, None)]


def test_an_outcome_sets_its_hold_anew_where_the_last_ran_out(lead):
    case = make.case(collector=lead)
    over, then = DAY + timedelta(days=2), NOW + timedelta(days=3)
    set_hold(case.pk, "dispute", evidence="first", actor=lead, now=NOW, until_on=over)
    call = CallRecord("rpc_dispute", note="again", willingness=1, ability=1)

    record_call(case.pk, call, contact_point_id=None, actor=lead, now=then)

    assert Hold.objects.get(lifted_on=None).evidence == "again"
    assert Entry.objects.filter(case=case, kind="hold_set").count() == 2


def test_a_hold_that_ran_out_is_not_there_to_be_lifted(lead):
    case = make.case(collector=lead)
    set_hold(
        case.pk, "dispute", evidence="x", actor=lead, now=NOW, until_on=DAY + timedelta(days=1)
    )
    with pytest.raises(Refused, match="no such hold"):
        lift_hold(case.pk, "dispute", reason="x", actor=lead, now=NOW + timedelta(days=1))
