"""What a day stands on: the figures of its delivery, each payment once, nothing of later days."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from dunwell.accounts.models import AccountWas
from dunwell.accounts.queries import hold_book
from dunwell.cases.models import Case, Entry
from dunwell.daybook import jobs
from dunwell.daybook.exports import export_portfolio
from dunwell.daybook.models import Figure, StepRun
from dunwell.daybook.tests.days import AFTER, DAY, NEXT, run, stands
from dunwell.intake.actions import load_delivery
from dunwell.intake.tests import making
from dunwell.plans.models import Promise
from dunwell.staff.models import Agent
from dunwell.strategy.actions import install_default_tables
from dunwell.testing import make

LATER = DAY + timedelta(days=3)


def cash(day):
    found = Figure.objects.filter(day=day, name="cash", key="payment").first()
    return found.amount_minor if found else None


def told(person, day):
    found = Entry.objects.filter(case__party=person, business_date=day, kind="payment")
    return [entry.data["amount_minor"] for entry in found]


def test_a_payment_beside_a_carried_position_counts(portfolio, wang):
    stands(wang, DAY)
    run(portfolio, DAY)
    make.payment(wang.accounts.get(), 100_000, NEXT)
    run(portfolio, NEXT)
    assert Case.objects.get().state == "closed"
    carried = {"oldest_unpaid_due_on": DAY - timedelta(days=12), "carried": True, "as_of": DAY}
    stands(wang, AFTER, **carried)
    stood = make.snapshot(portfolio, AFTER)
    stood.carried = 1
    stood.save()

    run(portfolio, AFTER)

    assert Case.objects.get().state == "closed"


def test_a_row_at_fault_is_carried_and_its_payment_counts(committed_db, tmp_path):
    portfolio = making.portfolio()
    install_default_tables(now=making.NOW, in_force_from=date(2026, 1, 1))
    rows = {**making.good(30), "payments": []}
    second, third = making.DAY + timedelta(days=1), making.DAY + timedelta(days=2)
    load_delivery(making.write(tmp_path / "a", rows), now=making.NOW)
    run(portfolio, making.DAY)
    rows["accounts"] = making.accounts(30)
    rows["accounts"][1]["past_due"] = "1,00"
    paid = {"payment_ref": "PP", "amount": "1000.00", "value_on": str(second)}
    rows["payments"] = [{**making.payments(2)[1], **paid, "posted_on": str(second)}]
    one = making.write(tmp_path / "b", rows, day=second, with_totals=False)
    assert load_delivery(one, now=making.NOW).state == "applied"
    # Carried once more, its figures are still those of the first day.
    rows["payments"] = []
    two = making.write(tmp_path / "c", rows, day=third, with_totals=False)
    assert load_delivery(two, now=making.NOW + timedelta(days=1)).state == "applied"

    run(portfolio, third)

    case = Case.objects.get(party__customer_ref="C000001")
    assert (case.state, case.closed_on) == ("closed", second)


def test_payments_that_come_after_their_day_ran_are_the_next_days(portfolio, wang):
    stands(wang, DAY)
    for day in (DAY, NEXT, AFTER):
        run(portfolio, day)
    account = wang.accounts.get()
    make.payment(account, 5_000, NEXT)
    make.payment(account, 3_000, LATER)
    stands(wang, LATER, 15)

    run(portfolio, LATER)
    run(portfolio, LATER + timedelta(days=1))

    assert told(wang, LATER) == [8_000]
    assert (cash(NEXT), cash(AFTER), cash(LATER)) == (None, None, 8_000)
    assert cash(LATER + timedelta(days=1)) is None


def test_the_first_day_takes_all_payments_up_to_it(portfolio, wang):
    account = wang.accounts.get()
    make.payment(account, 5_000, DAY - timedelta(days=9))
    make.payment(account, 700, NEXT)
    stands(wang, DAY)

    run(portfolio, DAY)
    assert cash(DAY) == 5_000
    run(portfolio, NEXT)

    assert cash(NEXT) == 700


def grown(day, number):
    """Return a delivery in which everything that a day reads of an account changes."""
    rows = making.good(6)
    for at, row in enumerate(rows["accounts"]):
        row["cycles_past_due"] = str(1 + number * (at % 3))
        row["statement_on"] = str(day)
        row["due_on"] = str(day + timedelta(days=20))
        row["credit_limit"] = f"{(number * 13 + at * 7) % 50 + 1}0000.00"
        row["oldest_unpaid_due_on"] = str(day - timedelta(days=25 * number + at))
        row["past_due"] = "1000.00"
        row["opened_on"] = str(date(2026, 5, 1) - timedelta(days=number * 200))
    if number > 1:
        rows["accounts"][4]["status"] = "charged_off"
        rows["accounts"][4]["charged_off_on"] = str(day)
        rows["accounts"][5]["customer_ref"] = "C000003"
    for at, row in enumerate(rows["payments"]):
        row["payment_ref"] = f"P{number}-{at}"
        # The second delivery brings what was posted on the first's day, too.
        row["posted_on"] = str(day - timedelta(days=at))
        row["value_on"] = row["posted_on"]
    return rows


def days_of(portfolio, folder, steps):
    """Load and run as ``steps`` say: ``("load", 0)``, ``("run", 0)``; return the exports."""
    for what, number in steps:
        day = making.DAY + timedelta(days=number)
        if what == "run":
            run(portfolio, day)
            continue
        name = folder / f"{portfolio.code}-{day}"
        written = making.write(name, grown(day, number + 1), day=day, portfolio=portfolio.code)
        found = load_delivery(written, now=making.NOW + timedelta(days=number))
        assert found.state == "applied", found.report["findings"]
    return {path.name: path.read_bytes() for path in export_portfolio(portfolio, folder / "out")}


def test_load_all_then_run_all_is_load_and_run_each(committed_db, tmp_path):
    install_default_tables(now=making.NOW, in_force_from=date(2026, 1, 1))
    for queue in ("early", "mid", "late", "recovery"):
        make.agent(username=queue, queues=[queue], team=make.team(queue))
    each = [(what, number) for number in range(3) for what in ("load", "run")]
    together = sorted(each)
    found = []
    for code, steps in (("ONE", each), ("TWO", together)):
        Agent.objects.update(available=True)
        found.append(days_of(making.portfolio(code), tmp_path / code, steps))
    assert AccountWas.objects.exists()
    assert found[0].keys() == found[1].keys()
    for name, wanted in found[0].items():
        assert found[1][name].decode().splitlines() == wanted.decode().splitlines(), name


def test_a_day_stands_on_one_snapshot_whatever_comes_meanwhile(portfolio, wang, monkeypatch):
    make.agent(username="ada", queues=["early", "self_serve"])
    stands(wang, DAY)
    run(portfolio, DAY)
    good = jobs.RUNS["ageing"]

    def fails(day, engine):
        raise IntegrityError("planted")

    monkeypatch.setitem(jobs.RUNS, "ageing", fails)
    with pytest.raises(IntegrityError):
        run(portfolio, NEXT)
    monkeypatch.setitem(jobs.RUNS, "ageing", good)
    stands(wang, NEXT, None)
    make.payment(wang.accounts.get(), 500, NEXT)

    run(portfolio, NEXT)

    steps = StepRun.objects.filter(day=NEXT)
    assert {step.snapshot.business_date for step in steps} == {DAY}
    assert len(set(steps.values_list("inputs_sha256", flat=True))) == 1
    assert Case.objects.get().state == "open"
    assert (told(wang, NEXT), cash(NEXT)) == ([], None)

    run(portfolio, AFTER)

    assert Case.objects.get().state == "closed"
    assert (told(wang, AFTER), cash(AFTER)) == ([500], 500)


def test_what_is_delivered_before_the_first_step_is_seen_by_all_of_them(
    portfolio, wang, monkeypatch
):
    stands(wang, DAY)
    seen = jobs.standing
    asked = []

    def once_more(*given):
        found = seen(*given)
        if not asked:
            asked.append(found.snapshot.business_date)
            stands(wang, NEXT, None)
        return found

    run(portfolio, DAY)
    monkeypatch.setattr(jobs, "standing", once_more)
    run(portfolio, NEXT)

    assert asked == [DAY]
    steps = StepRun.objects.filter(day=NEXT)
    assert {step.snapshot.business_date for step in steps} == {NEXT}


def test_no_delivery_is_applied_during_a_step(portfolio, wang, monkeypatch):
    stands(wang, DAY)
    applied = threading.Event()

    def apply():
        with transaction.atomic():
            hold_book(portfolio.pk, to_write=True)
            applied.set()
        connection.close()

    beside = threading.Thread(target=apply)
    good = jobs.RUNS["ageing"]

    def while_ageing(day, engine):
        beside.start()
        assert not applied.wait(0.5)
        return good(day, engine)

    monkeypatch.setitem(jobs.RUNS, "ageing", while_ageing)
    run(portfolio, DAY)

    beside.join(5)
    assert applied.is_set()


def test_a_promise_is_decided_from_what_the_day_knows(portfolio, wang):
    stands(wang, DAY)
    run(portfolio, DAY)
    case = Case.objects.get()
    Promise.objects.create(
        case=case, amount_minor=5_000, currency="CNY", due_on=NEXT, counts_until=LATER,
        tolerance_minor=0, taken_by=make.agent(), taken_at=make.NOW, taken_on=DAY,
    )  # fmt: skip
    # Posted on the next day, delivered with the day after.
    make.payment(wang.accounts.get(), 5_000, NEXT, known_on=AFTER)

    run(portfolio, NEXT)
    assert Promise.objects.get().state == "open"
    run(portfolio, AFTER)

    assert Promise.objects.get().decided_on == AFTER


def test_rolls_tell_who_is_new_and_who_is_gone(portfolio, wang):
    fine = make.party(portfolio)
    make.account(fine, bucket=None)
    stands(fine, DAY, None)
    run(portfolio, DAY)
    stands(wang, NEXT, 40)
    make.account(make.party(portfolio), bucket=None)
    run(portfolio, NEXT)
    # He who left stays gone: he is told of once.
    stands(wang, AFTER, 20)
    run(portfolio, AFTER)
    run(portfolio, LATER)

    def rolls(day):
        return dict(Figure.objects.filter(day=day, name="roll").values_list("key", "count"))

    assert rolls(DAY) == {"new>0": 1}
    assert rolls(NEXT) == {"0>gone": 1, "new>2": 1}
    assert rolls(AFTER) == {"2>1": 1}
    assert rolls(LATER) == {"1>1": 1}
    assert Figure.objects.get(day=NEXT, name="roll", key="0>gone").amount_minor == 1_000_000


def test_one_portfolios_day_is_not_anothers(portfolio, wang):
    other = make.portfolio(grace_days=3, tolerance_minor=100)
    her = make.party(other)
    make.account(her, bucket=None)
    for person, days in ((wang, 12), (her, 40)):
        stands(person, DAY, days)
        make.payment(person.accounts.get(), 1_000 * days, DAY)
    run(other, DAY)
    run(portfolio, DAY)

    mine = Figure.objects.filter(portfolio=portfolio)
    assert list(mine.filter(name="roll").values_list("key", "count")) == [("new>1", 1)]
    assert mine.get(name="cash").amount_minor == 12_000
