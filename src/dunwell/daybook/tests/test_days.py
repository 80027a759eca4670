"""The daily run over a handful of accounts: what each day leaves behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection

from dunwell.accounts.models import AccountBucket
from dunwell.cases.models import Case, Entry, Hold
from dunwell.daybook.models import Figure, StepRun
from dunwell.daybook.rules import STEPS, DayRefused
from dunwell.daybook.tests.days import AFTER, DAY, NEXT, kinds, run, stands
from dunwell.staff.models import Role
from dunwell.testing import make


def test_an_overdue_cardholder_gets_a_case_with_treatment_and_collector(portfolio, wang):
    ada = make.agent(username="ada", queues=["early", "self_serve", "mid"])
    stands(wang, DAY)

    run(portfolio, DAY)

    case = Case.objects.get(party=wang)
    assert (case.state, case.bucket, case.opened_on) == ("open", 1, DAY)
    assert case.treatment and case.table_code == "treatment" and case.table_row > 0
    assert case.collector == ada
    assert kinds(wang, DAY) == ["assigned", "opened", "treatment"]
    assert wang.accounts.get().bucket == 1
    assert Figure.objects.get(name="roll", key="new>1").count == 1


def test_within_grace_or_tolerance_there_is_no_case(portfolio, wang):
    other = make.party(portfolio)
    make.account(other, bucket=None)
    stands(wang, DAY, 3)
    stands(other, DAY, 40, past_due_minor=100)

    run(portfolio, DAY)

    assert not Case.objects.exists()
    assert not AccountBucket.objects.exists()


def test_a_case_rolls_and_keeps_its_collector(portfolio, wang):
    ada = make.agent(username="ada", queues=["early", "self_serve", "mid"])
    stands(wang, DAY, 30)
    run(portfolio, DAY)
    stands(wang, NEXT, 31)

    run(portfolio, NEXT)

    case = Case.objects.get(party=wang)
    assert (case.bucket, case.collector) == (2, ada)
    assert "rolled" in kinds(wang, NEXT)
    history = AccountBucket.objects.filter(account__party=wang).order_by("entered_on")
    assert [(h.was, h.bucket, h.dpd) for h in history] == [(None, 1, 30), (1, 2, 31)]


@pytest.mark.parametrize(("left", "closed_as"), [(800_000, "cured"), (0, "paid")])
def test_a_case_closes_when_nothing_is_past_due(portfolio, wang, left, closed_as):
    stands(wang, DAY)
    run(portfolio, DAY)
    nothing = dict.fromkeys(("interest_minor", "fees_minor", "penalty_minor"), 0)
    stands(wang, NEXT, None, principal_minor=left, **nothing)

    run(portfolio, NEXT)

    case = Case.objects.get(party=wang)
    assert (case.state, case.closed_as, case.closed_on) == ("closed", closed_as, NEXT)
    assert kinds(wang, NEXT) == [closed_as]


def test_a_case_whose_accounts_left_is_withdrawn(portfolio, wang):
    stands(wang, DAY)
    run(portfolio, DAY)
    make.snapshot(portfolio, NEXT)

    run(portfolio, NEXT)

    case = Case.objects.get(party=wang)
    assert (case.state, case.closed_as) == ("closed", "withdrawn")
    assert kinds(wang, NEXT) == ["withdrawn"]


def test_who_falls_behind_again_gets_a_new_case(portfolio, wang):
    stands(wang, DAY)
    run(portfolio, DAY)
    stands(wang, NEXT, None)
    run(portfolio, NEXT)
    stands(wang, AFTER)

    run(portfolio, AFTER)

    assert list(Case.objects.order_by("id").values_list("state", flat=True)) == ["closed", "open"]
    assert "reopened" in kinds(wang, AFTER)


def test_a_payment_since_the_delivery_counts_and_stands_on_the_timeline(portfolio, wang):
    stands(wang, DAY)
    run(portfolio, DAY)
    make.payment(wang.accounts.get(), 99_950, NEXT)

    # No delivery that day: the last one stands, less what was paid since.
    run(portfolio, NEXT)

    assert Case.objects.get(party=wang).state == "closed"
    assert kinds(wang, NEXT) == ["cured", "payment"]
    assert Figure.objects.get(day=NEXT, name="cash", key="payment").amount_minor == 99_950


def test_a_hold_changes_the_treatment(portfolio, wang):
    stands(wang, DAY, 200)
    run(portfolio, DAY)
    before = Case.objects.get(party=wang).treatment
    Hold.objects.create(party=wang, kind="deceased", from_on=NEXT, evidence="certificate")
    stands(wang, NEXT, 201)

    run(portfolio, NEXT)

    case = Case.objects.get(party=wang)
    assert case.treatment != before
    assert "treatment" in kinds(wang, NEXT)


def test_a_collector_who_is_away_loses_his_case_to_one_who_is_there(portfolio, wang):
    ada = make.agent(username="ada", queues=["early", "self_serve", "mid"])
    stands(wang, DAY)
    run(portfolio, DAY)
    bo = make.agent(username="bo", queues=["early", "self_serve", "mid"])
    ada.available = False
    ada.save()
    stands(wang, NEXT, 13)

    run(portfolio, NEXT)

    assert Case.objects.get(party=wang).collector == bo
    assert "assigned" in kinds(wang, NEXT)


def test_what_nobody_has_room_for_waits_in_the_pool(portfolio, wang):
    full = make.agent(username="ada", queues=["early", "self_serve", "mid"], capacity=1)
    second = make.party(portfolio)
    make.account(second, bucket=None)
    for person in (wang, second):
        stands(person, DAY)

    run(portfolio, DAY)

    cases = Case.objects.all()
    assert sorted(case.collector is None for case in cases) == [False, True]
    assert {case.team for case in cases} == {full.team}


def test_missed_days_are_made_up_in_order(portfolio, wang):
    stands(wang, DAY, 29)
    run(portfolio, DAY)

    assert run(portfolio, DAY + timedelta(days=3)) == [NEXT, AFTER, DAY + timedelta(days=3)]

    rolled = Entry.objects.get(case__party=wang, kind="rolled")
    # 29 days on the first day: the thirty-first is the second after it.
    assert rolled.business_date == AFTER


def test_a_day_that_ran_is_left_alone(portfolio, wang):
    stands(wang, DAY)
    run(portfolio, DAY)
    before = list(Entry.objects.values_list("id", flat=True))

    assert run(portfolio, DAY) == []

    assert list(Entry.objects.values_list("id", flat=True)) == before
    assert StepRun.objects.count() == len(STEPS)


@pytest.mark.parametrize("broken", STEPS)
def test_a_step_that_fails_leaves_nothing_and_is_done_the_next_time(
    portfolio, wang, broken, monkeypatch
):
    from dunwell.daybook import jobs

    make.agent(Role.COLLECTOR, username="ada")
    stands(wang, DAY)
    good = jobs.RUNS[broken]

    def fails(day, engine):
        good(day, engine)
        raise IntegrityError("planted")

    monkeypatch.setitem(jobs.RUNS, broken, fails)
    with pytest.raises(IntegrityError):
        run(portfolio, DAY)
    done = list(StepRun.objects.order_by("id").values_list("step", flat=True))
    assert done == list(STEPS[: STEPS.index(broken)])
    assert Case.objects.exists() == (broken == "figures")

    monkeypatch.setitem(jobs.RUNS, broken, good)
    run(portfolio, DAY)

    assert StepRun.objects.count() == len(STEPS)
    assert Case.objects.count() == 1
    assert kinds(wang, DAY)[:2] == ["assigned", "opened"]


def test_nothing_stays_behind_in_staging(portfolio, wang):
    stands(wang, DAY)
    run(portfolio, DAY)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'stage'")
        assert cursor.fetchone() == (0,)


def test_without_a_delivery_nothing_is_run(portfolio):
    with pytest.raises(DayRefused):
        run(portfolio, DAY)
    assert not StepRun.objects.exists()
