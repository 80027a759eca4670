from datetime import timedelta

import pytest

from dunwell.audit.models import Event
from dunwell.cases.actions import add_note, may_work, record_call, unmask
from dunwell.cases.holds import lift_hold, set_hold
from dunwell.cases.leases import held_by_another, take_case, take_next
from dunwell.cases.models import Case, Entry, Hold, Lease
from dunwell.cases.outcomes import GROUPS, OUTCOMES
from dunwell.cases.rules import CallRecord, call_refused, next_step
from dunwell.kernel.refusal import Refused
from dunwell.staff.access import Forbidden
from dunwell.staff.models import Role
from dunwell.testing import make

DAY, NOW = make.DAY, make.NOW


@pytest.fixture
def collector(db):
    return make.agent()


@pytest.fixture
def case(collector):
    return make.case(collector=collector)


def codes(refused):
    return {one.code for one in refused.value.refusals}


def called(case, collector, point=None, **fields):
    record = CallRecord(**{"outcome": "no_answer", **fields})
    return record_call(case.pk, record, contact_point_id=point, actor=collector, now=NOW)


def test_a_call_changes_the_case_and_stays_on_its_timeline(case, collector):
    point = make.phone(case.party)
    entry = called(
        case, collector, point.pk, outcome="rpc_unable", reason="illness", willingness=3, ability=1,
        note=" in hospital ",
    )  # fmt: skip
    case.refresh_from_db()
    assert (case.last_outcome, case.attempts, case.last_worked_at) == ("rpc_unable", 1, NOW)
    assert (case.willingness, case.ability, case.reason) == (3, 1, "illness")
    assert case.next_step_on == DAY + timedelta(days=3)
    assert (entry.note, entry.contact_point) == ("in hospital", point)
    point.refresh_from_db()
    assert point.last_rpc_at == NOW
    assert Event.objects.filter(kind="cases.call_recorded", subject=f"case:{case.pk}").exists()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"outcome": "nonsense"}, "cases.no_outcome"),
        ({"outcome": "rpc_unable", "willingness": 1, "ability": 1}, "cases.no_reason"),
        ({"outcome": "rpc_unable", "reason": "illness"}, "cases.no_grade"),
        (
            {"outcome": "rpc_unable", "reason": "illness", "willingness": 5, "ability": 1},
            "cases.bad_grade",
        ),
        ({"reason": "because"}, "cases.unknown_reason"),
        ({"outcome": "rpc_dispute", "willingness": 1, "ability": 1}, "cases.no_note"),
        ({"outcome": "rpc_callback", "willingness": 1, "ability": 1}, "cases.no_callback"),
        ({"callback_at": NOW - timedelta(hours=1)}, "cases.callback_when"),
        ({"callback_at": NOW + timedelta(days=31)}, "cases.callback_when"),
        ({"next_step_on": DAY - timedelta(days=1)}, "cases.next_step_past"),
        (
            {"outcome": "rpc_promise", "reason": "forgot", "willingness": 4, "ability": 4},
            "cases.no_promise",
        ),
    ],
)
def test_an_incomplete_record_is_refused_and_nothing_written(case, collector, fields, code):
    with pytest.raises(Refused) as refused:
        called(case, collector, **fields)
    assert codes(refused) == {code}
    assert not Entry.objects.filter(case=case).exists()
    case.refresh_from_db()
    assert case.attempts == 0


def test_every_outcome_belongs_to_a_group_and_says_when_to_try_again():
    for outcome in OUTCOMES.values():
        assert outcome.group in GROUPS
        assert outcome.connected or not outcome.rpc
        assert next_step(outcome, today=DAY, asked=None) > DAY
        complete = CallRecord(
            outcome=outcome.code, note="x", reason="other", willingness=1, ability=1,
            callback_at=NOW + timedelta(hours=1), promise_minor=1, promise_due=DAY,
        )  # fmt: skip
        assert call_refused(complete, now=NOW, today=DAY) == []


def test_a_dead_number_is_not_offered_again_and_a_foreign_one_refused(case, collector):
    point = make.phone(case.party)
    called(case, collector, point.pk, outcome="not_in_service")
    point.refresh_from_db()
    assert not point.valid
    other = make.phone(make.party(case.portfolio), "+8613800000002")
    with pytest.raises(Refused) as refused:
        called(case, collector, other.pk)
    assert codes(refused) == {"cases.not_his_number"}


def test_an_outcome_that_calls_for_a_hold_sets_it_once(case, collector):
    for _ in range(2):
        called(case, collector, outcome="rpc_dispute", note="not his", willingness=1, ability=1)
    assert list(Hold.objects.values_list("kind", "evidence")) == [("dispute", "not his")]
    assert Entry.objects.filter(case=case, kind="hold_set").count() == 1


def test_nobody_writes_on_what_a_colleague_has_in_hand(case, collector):
    lead = make.agent(Role.LEAD)
    take_case(case.pk, actor=lead, now=NOW)
    with pytest.raises(Refused) as refused:
        called(case, collector)
    assert codes(refused) == {"cases.held"}
    assert lead.name in refused.value.refusals[0].text
    with pytest.raises(Refused):
        take_case(case.pk, actor=collector, now=NOW)
    # The lease ends by itself.
    take_case(case.pk, actor=collector, now=NOW + timedelta(minutes=16))


def test_a_lease_that_ended_meanwhile_is_told_without_a_name(case, collector):
    lead = make.agent(Role.LEAD)
    take_case(case.pk, actor=lead, now=NOW)
    standing = held_by_another(case.pk)
    Lease.objects.all().delete()
    ended = held_by_another(case.pk)
    assert standing.text == f"{lead.name} has this case in hand now. Take another or wait."
    assert ended.text == "A colleague had this case in hand until now. Try again."
    assert standing.code == ended.code == "cases.held"


def test_a_closed_case_takes_notes_and_no_calls(case, collector):
    case.state, case.closed_as, case.closed_on = Case.State.CLOSED, "cured", DAY
    case.save()
    with pytest.raises(Refused, match="closed"):
        called(case, collector)
    assert add_note(case.pk, " thanks ", actor=collector, now=NOW).note == "thanks"
    assert not may_work(case, collector)
    with pytest.raises(Refused, match="Write something"):
        add_note(case.pk, "  ", actor=collector, now=NOW)


def test_unmasking_takes_a_reason_and_is_on_record(case, collector):
    point = make.phone(case.party)
    with pytest.raises(Refused):
        unmask(case.pk, point.pk, reason="", actor=collector, now=NOW)
    assert unmask(case.pk, point.pk, reason="to dial", actor=collector, now=NOW) == point
    event = Event.objects.get(kind="parties.unmasked")
    assert (event.actor, event.data["reason"]) == (collector, "to dial")
    with pytest.raises(Forbidden):
        unmask(case.pk, point.pk, reason="look", actor=make.agent(Role.AUDITOR), now=NOW)
    with pytest.raises(Forbidden):
        unmask(case.pk, point.pk + 1, reason="look", actor=collector, now=NOW)


def test_a_hold_rests_on_evidence_and_a_collector_does_not_lift_it(case, collector):
    with pytest.raises(Refused) as refused:
        set_hold(case.pk, "nonsense", evidence="", actor=collector, now=NOW, until_on=DAY)
    assert codes(refused) == {"cases.unknown_hold", "cases.no_evidence", "cases.hold_over"}
    set_hold(case.pk, "dispute", evidence="letter of 1 March", actor=collector, now=NOW)
    with pytest.raises(Refused, match="already"):
        set_hold(case.pk, "dispute", evidence="again", actor=collector, now=NOW)
    with pytest.raises(Forbidden):
        lift_hold(case.pk, "dispute", reason="settled", actor=collector, now=NOW)
    lead = make.agent(Role.LEAD)
    with pytest.raises(Refused, match="why"):
        lift_hold(case.pk, "dispute", reason="", actor=lead, now=NOW)
    lift_hold(case.pk, "dispute", reason="settled", actor=lead, now=NOW)
    with pytest.raises(Refused, match="no such hold"):
        lift_hold(case.pk, "dispute", reason="settled", actor=lead, now=NOW)
    assert Hold.objects.get().lifted_by == lead


# -- Next -------------------------------------------------------------------------------


def taken(agent, now=NOW):
    return take_next(agent, now=now, zone="Asia/Shanghai")


def test_next_is_the_best_of_ones_own_then_the_teams_pool(collector):
    of = make.portfolio()
    low = make.case(of, collector=collector, priority=10)
    high = make.case(of, collector=collector, priority=90)
    pool = make.case(of, priority=95)
    make.case(of, priority=99, queue="late")  # he has not the skill
    make.case(of, priority=99, team=make.team("other"))  # another team's
    for expected in (high, low, pool):
        assert taken(collector) == expected.pk
        record_call(
            expected.pk, CallRecord("no_answer"), contact_point_id=None, actor=collector, now=NOW
        )
    assert taken(collector) is None
    assert not Lease.objects.exists()


def test_an_agreed_call_back_comes_first_when_its_time_is_there(collector):
    of = make.portfolio()
    late = make.case(of, collector=collector, priority=1, follow_up_at=NOW + timedelta(hours=2))
    other = make.case(of, collector=collector, priority=99)
    assert taken(collector) == other.pk
    assert taken(collector, NOW + timedelta(hours=3)) == late.pk


def test_next_passes_over_what_is_not_due_or_in_hand(collector):
    of = make.portfolio()
    make.case(of, collector=collector, priority=99, next_step_on=DAY + timedelta(days=1))
    held = make.case(of, collector=collector, priority=98)
    take_case(held.pk, actor=make.agent(Role.LEAD), now=NOW)
    due = make.case(of, collector=collector, priority=5, next_step_on=DAY)
    assert taken(collector) == due.pk


def test_those_who_work_no_cases_get_none(db):
    with pytest.raises(Forbidden):
        taken(make.agent(Role.AUDITOR))
