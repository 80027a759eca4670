from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from time import monotonic, sleep

import pytest
from django.db import connection, connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from dunwell.cases.models import Entry
from dunwell.kernel.refusal import Refused
from dunwell.plans import rules
from dunwell.plans.actions import decide_promises, take_promise, withdraw_promise
from dunwell.plans.models import Promise
from dunwell.staff.access import Forbidden
from dunwell.testing import make

DAY, NOW = make.DAY, make.NOW


def later(days):
    return DAY + timedelta(days=days)


@pytest.fixture
def collector(db):
    return make.agent()


@pytest.fixture
def case(collector):
    return make.case(collector=collector)


def taken(case, collector, amount=50_000, days=2):
    return take_promise(case.pk, amount_minor=amount, due_on=later(days), actor=collector, now=NOW)


def decide(case, day):
    return decide_promises(portfolio=case.portfolio, day=day, at=NOW)


def test_a_promise_fixes_what_will_keep_it(case, collector):
    promise = taken(case, collector)
    assert (promise.tolerance_minor, promise.counts_until) == (500, later(3))
    case.refresh_from_db()
    assert case.next_step_on == promise.due_on
    assert Entry.objects.get(case=case, kind="promise_taken").data["amount_minor"] == 50_000


@pytest.mark.parametrize(
    ("amount", "days", "code"),
    [
        (0, 1, "plans.no_amount"),
        (-5, 1, "plans.no_amount"),
        (1_000_001, 1, "plans.above_balance"),
        (100, -1, "plans.due_in_the_past"),
        (100, 61, "plans.too_far"),
    ],
)
def test_a_promise_that_cannot_be_meant_is_refused(case, collector, amount, days, code):
    with pytest.raises(Refused) as refused:
        taken(case, collector, amount, days)
    assert [one.code for one in refused.value.refusals] == [code]
    assert not Promise.objects.exists()


def test_one_open_promise_a_case(case, collector):
    taken(case, collector)
    with pytest.raises(Refused, match="open promise"):
        taken(case, collector)


def test_a_closed_case_and_a_stranger_take_none(case, collector):
    with pytest.raises(Forbidden):
        taken(case, make.agent(team=make.team("other")))
    closed(case)
    with pytest.raises(Refused, match="closed"):
        taken(case, collector)


@pytest.mark.parametrize(
    ("paid", "value_days", "day", "state"),
    [
        (50_000, 1, 1, "kept"),  # as soon as the money is there
        (49_500, 2, 2, "kept"),  # within the tolerance of 1 %
        (49_499, 2, 2, "open"),  # one fen short, and the day is not over
        (49_499, 2, 4, "partly_kept"),
        (50_000, 3, 4, "kept"),  # on the working day of grace
        (50_000, 4, 4, "broken"),  # one day after it
        (0, 0, 3, "open"),
        (0, 0, 4, "broken"),
    ],
)
def test_payments_alone_decide(case, collector, paid, value_days, day, state):
    promise = taken(case, collector)
    if paid:
        make.payment(case.party.accounts.get(), paid, later(value_days))
    decide(case, later(day))
    promise.refresh_from_db()
    assert promise.state == state
    assert (
        rules.decided(
            amount_minor=promise.amount_minor,
            tolerance_minor=promise.tolerance_minor,
            paid_minor=promise.paid_minor,
            counts_until=promise.counts_until,
            today=later(day),
        )
        == state
    )


def test_money_from_before_the_promise_does_not_count(case, collector):
    make.payment(case.party.accounts.get(), 50_000, later(-1))
    promise = taken(case, collector)
    decide(case, later(4))
    promise.refresh_from_db()
    assert promise.state == "broken"


def test_a_reversal_opens_a_kept_promise_again_and_then_breaks_it(case, collector):
    promise = taken(case, collector)
    account = case.party.accounts.get()
    paid = make.payment(account, 50_000, later(1))
    assert decide(case, later(1))["kept"] == 1
    make.payment(
        account, 50_000, later(1), kind="reversal", reverses_ref=paid.payment_ref,
        posted_on=later(2),
    )  # fmt: skip
    assert decide(case, later(2))["reopened"] == 1
    assert decide(case, later(4))["broken"] == 1
    promise.refresh_from_db()
    assert (promise.state, promise.decided_on) == ("broken", later(4))
    kinds = list(Entry.objects.filter(case=case).order_by("id").values_list("kind", flat=True))
    assert kinds == ["promise_taken", "promise_kept", "promise_reopened", "promise_broken"]


def test_a_reversal_does_not_open_a_second_promise(case, collector):
    first = taken(case, collector)
    account = case.party.accounts.get()
    paid = make.payment(account, 50_000, later(1))
    decide(case, later(1))
    taken(case, collector, days=5)
    make.payment(
        account, 50_000, later(1), kind="reversal", reverses_ref=paid.payment_ref,
        posted_on=later(2),
    )  # fmt: skip
    decide(case, later(2))
    first.refresh_from_db()
    assert first.state == "kept"
    decide(case, later(4))
    first.refresh_from_db()
    assert first.state == "broken"


def test_one_payment_keeps_one_promise(case, collector):
    first = taken(case, collector, days=20)
    make.payment(case.party.accounts.get(), 50_000, later(1))
    decide(case, later(1))
    second = taken(case, collector, days=20)
    decide(case, later(2))
    for promise, stands in ((first, ("kept", 50_000)), (second, ("open", 0))):
        promise.refresh_from_db()
        assert (promise.state, promise.paid_minor) == stands
    make.payment(case.party.accounts.get(), 60_000, later(2))
    decide(case, later(3))
    second.refresh_from_db()
    assert (second.state, second.paid_minor) == ("kept", 50_000)


def closed(case):
    case.state, case.closed_as, case.closed_on = "closed", "cured", DAY
    case.save()


def test_the_promise_of_a_closed_case_is_the_cardholders_open_one(case, collector):
    taken(case, collector)
    closed(case)
    new = make.case(case.portfolio, party=case.party, collector=collector)
    with pytest.raises(Refused, match="open promise"):
        taken(new, collector)
    other = make.case(case.portfolio, collector=collector)
    assert taken(other, collector).state == "open"


@pytest.mark.parametrize(("paid", "state"), [(50_000, "kept"), (0, "broken")])
def test_the_promise_of_a_closed_case_goes_on_being_decided(case, collector, paid, state):
    promise = taken(case, collector)
    closed(case)
    if paid:
        make.payment(case.party.accounts.get(), paid, later(1))
    decide(case, later(4))
    promise.refresh_from_db()
    assert promise.state == state
    assert Entry.objects.filter(case=case, kind=f"promise_{state}").count() == 1


def test_a_promise_withdrawn_while_the_day_decides_stays_withdrawn(committed_db):
    collector = make.agent()
    case = make.case(collector=collector)
    promise = taken(case, collector, days=0)

    def deciding():
        try:
            return decide(case, later(9))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            withdraw_promise(case.pk, promise.pk, reason="a slip", actor=collector, now=NOW)
            told = pool.submit(deciding)
            until_somebody_waits()
        assert set(told.result(timeout=30).values()) == {0}
    promise.refresh_from_db()
    assert promise.state == "withdrawn"
    assert not Entry.objects.filter(kind="promise_broken").exists()


def until_somebody_waits():
    """Return once another session waits for a row of ours."""
    ends = monotonic() + 20
    with connection.cursor() as cursor:
        while monotonic() < ends:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() ="
                " ANY (pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
            sleep(0.02)
    pytest.fail("nobody waited")


def test_deciding_twice_changes_nothing(case, collector):
    taken(case, collector)
    decide(case, later(4))
    before = list(Promise.objects.values()), Entry.objects.count()
    assert decide(case, later(4)) == {"kept": 0, "partly_kept": 0, "broken": 0, "reopened": 0}
    assert (list(Promise.objects.values()), Entry.objects.count()) == before


def test_a_promise_is_withdrawn_with_a_reason_and_never_again(case, collector):
    promise = taken(case, collector)
    with pytest.raises(Refused, match="why"):
        withdraw_promise(case.pk, promise.pk, reason=" ", actor=collector, now=NOW)
    withdraw_promise(case.pk, promise.pk, reason="asked for a plan", actor=collector, now=NOW)
    decide(case, later(9))
    promise.refresh_from_db()
    assert (promise.state, promise.decided_on) == ("withdrawn", DAY)
    with pytest.raises(Refused, match="decided"):
        withdraw_promise(case.pk, promise.pk, reason="again", actor=collector, now=NOW)


@given(st.integers(1, 10**9), st.integers(0, 10_000), st.integers(0, 10**6))
def test_the_tolerance_is_the_smaller_and_never_the_whole(amount, points, most):
    found = rules.tolerance_minor(amount, basis_points=points, at_most_minor=most)
    assert 0 <= found < amount
    assert found <= min(most, amount * points // 10_000)


def test_no_grace_is_no_grace():
    saturday = date(2026, 3, 7)
    assert rules.counts_until(saturday, grace_working_days=0) == saturday
    assert rules.counts_until(saturday, grace_working_days=1) == date(2026, 3, 10)
