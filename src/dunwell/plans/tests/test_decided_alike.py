"""The statement that decides all promises, against the rule for one, over made-up histories.

A history is what happens to two cardholders of one portfolio day by day: promises are
taken and withdrawn, money comes, comes late or is taken back, some days are not run.
After every run the database must stand as the plain rule and the plain list of what has
happened say, and so must what the run tells.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunwell.cases.models import Entry
from dunwell.plans import rules
from dunwell.plans.actions import decide_promises
from dunwell.plans.models import Promise
from dunwell.testing import make

LOOKED_BACK = 180
STATES = ("kept", "partly_kept", "broken", "reopened")


@dataclass
class Told:
    """A promise as the list keeps it; ``pk`` is the row's."""

    pk: int
    case: int
    amount: int
    tolerance: int
    taken_on: date
    until: date
    state: str = rules.OPEN
    paid: int = 0
    decided_on: date | None = None


@dataclass
class Money:
    case: int
    effect: int
    value_on: date
    posted_on: date


@dataclass
class History:
    """What has happened, in plain lists."""

    promises: list[Told] = field(default_factory=list)
    money: list[Money] = field(default_factory=list)

    def open_of(self, case: int) -> Told | None:
        return next((p for p in self.promises if p.case == case and p.state == rules.OPEN), None)

    def paid(self, promise: Told, day: date) -> int:
        return sum(
            m.effect
            for m in self.money
            if m.case == promise.case
            and promise.taken_on <= m.value_on <= promise.until
            and m.posted_on <= day
        )

    def run(self, day: date) -> Counter[str]:
        """Decide as of ``day``; return how many went how, and what each timeline was told."""
        busy = {p.case for p in self.promises if p.state == rules.OPEN or p.decided_on == day}
        gone = Counter()
        # The newest first: of two that would open again on one case only it may.
        for promise in sorted(self.promises, key=lambda p: -p.pk):
            old = promise.until <= day - timedelta(days=LOOKED_BACK)
            if promise.state == "withdrawn" or (promise.state != rules.OPEN and old):
                continue
            paid = self.paid(promise, day)
            found = rules.decided(
                amount_minor=promise.amount,
                tolerance_minor=promise.tolerance,
                paid_minor=paid,
                counts_until=promise.until,
                today=day,
            )
            if found == rules.OPEN and promise.state != rules.OPEN:
                if promise.case in busy:
                    continue
                busy.add(promise.case)
            if found != promise.state:
                promise.decided_on = None if found == rules.OPEN else day
                gone["reopened" if found == rules.OPEN else found] += 1
            promise.state, promise.paid = found, paid
        return gone


CASES = st.sampled_from([0, 0, 0, 1])
AMOUNTS = st.sampled_from([100, 200, 300])
EVENTS = st.one_of(
    st.tuples(st.just("promise"), CASES, AMOUNTS, st.integers(0, 20), st.integers(0, 5)),
    st.tuples(st.just("keep"), CASES, AMOUNTS),
    st.tuples(st.just("pay"), CASES, st.sampled_from([50, 100, 190, 200, 300]), st.integers(0, 4)),
    st.tuples(st.just("reverse"), st.integers(0, 4), st.integers(0, 2)),
    st.tuples(st.just("bounce"), CASES),
    st.tuples(st.just("withdraw"), CASES),
    st.tuples(st.just("run"), st.sampled_from([1, 1, 1, 2, 3, 7, LOOKED_BACK + 1])),
)


class World:
    """The same history in the database, and in the list beside it."""

    def __init__(self) -> None:
        self.portfolio = make.portfolio()
        self.agent = make.agent()
        self.cases = [make.case(self.portfolio, collector=self.agent) for _ in range(2)]
        self.history = History()
        self.payments: list[tuple[object, Money]] = []
        self.day = make.DAY

    def promise(self, case: int, amount: int, tolerance: int, days: int) -> None:
        if self.history.open_of(case):
            return
        until = self.day + timedelta(days=days)
        row = Promise.objects.create(
            case=self.cases[case], amount_minor=amount, currency="CNY", due_on=until,
            counts_until=until, tolerance_minor=tolerance, taken_by=self.agent,
            taken_at=make.NOW, taken_on=self.day,
        )  # fmt: skip
        self.history.promises.append(Told(row.pk, case, amount, tolerance, self.day, until))

    def pay(self, case: int, amount: int, late: int) -> None:
        value_on = self.day - timedelta(days=late)
        account = self.cases[case].party.accounts.get()
        row = make.payment(account, amount, value_on, posted_on=self.day)
        money = Money(case, amount, value_on, self.day)
        self.payments.append((row, money))
        self.history.money.append(money)

    def keep(self, case: int, amount: int) -> None:
        """A promise is taken, paid on the spot, and the day is run."""
        self.promise(case, amount, 0, 5)
        self.pay(case, amount, 0)
        self.run(1)

    def reverse(self, which: int, late: int) -> None:
        if which >= len(self.payments):
            return
        row, money = self.payments.pop(which)
        posted = self.day + timedelta(days=late)
        make.payment(
            row.account, money.effect, money.value_on, kind="reversal", posted_on=posted,
            reverses_ref=row.payment_ref,
        )  # fmt: skip
        self.history.money.append(Money(money.case, -money.effect, money.value_on, posted))

    def bounce(self, case: int) -> None:
        """All that the cardholder paid is taken back at once."""
        for at in reversed(range(len(self.payments))):
            if self.payments[at][1].case == case:
                self.reverse(at, 0)

    def withdraw(self, case: int) -> None:
        told = self.history.open_of(case)
        if told:
            told.state, told.decided_on = "withdrawn", self.day
            Promise.objects.filter(pk=told.pk).update(state="withdrawn", decided_on=self.day)

    def run(self, days: int) -> None:
        before = Entry.objects.filter(case__in=self.cases).count()
        expected = self.history.run(self.day)

        told = decide_promises(portfolio=self.portfolio, day=self.day, at=make.NOW)

        assert told == {state: expected[state] for state in STATES}
        assert self.rows() == [
            (p.pk, p.state, p.paid, p.decided_on)
            for p in sorted(self.history.promises, key=lambda p: p.pk)
        ]
        lines = Entry.objects.filter(case__in=self.cases).count() - before
        assert bool(lines) == bool(sum(expected.values()))
        again = decide_promises(portfolio=self.portfolio, day=self.day, at=make.NOW)
        assert set(again.values()) == {0}
        assert Entry.objects.filter(case__in=self.cases).count() == before + lines
        self.day += timedelta(days=days)

    def rows(self) -> list[tuple[object, ...]]:
        found = Promise.objects.filter(case__in=self.cases).order_by("pk")
        return list(found.values_list("pk", "state", "paid_minor", "decided_on"))


@pytest.mark.django_db
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(EVENTS, min_size=6, max_size=30))
def test_the_statement_decides_as_the_rule_does(events):
    # A savepoint each: a statement that fails must not spoil the next history.
    with transaction.atomic():
        world = World()
        for name, *said in [*events, ("run", 1), ("run", 8), ("run", 1)]:
            getattr(world, name)(*said)


def two_kept():
    """Return a world in which two promises of one case are kept and still have time left."""
    world = World()
    for _ in range(2):
        world.keep(0, 100)
    assert [row[1] for row in world.rows()] == ["kept", "kept"]
    return world


@pytest.mark.django_db
def test_of_two_promises_whose_money_went_back_the_newer_opens_again():
    world = two_kept()

    world.bounce(0)
    world.run(1)

    assert [row[1] for row in world.rows()] == ["kept", "open"]
    world.run(7)
    world.run(1)
    assert [row[1] for row in world.rows()] == ["broken", "broken"]


@pytest.mark.django_db
def test_a_promise_waits_a_day_to_open_again_where_another_was_open():
    world = World()
    world.keep(0, 100)
    world.promise(0, 100, 0, 0)
    world.bounce(0)
    world.run(1)
    assert [row[1] for row in world.rows()] == ["kept", "open"]

    world.run(1)
    assert [row[1] for row in world.rows()] == ["kept", "broken"]

    world.run(1)
    assert [row[1] for row in world.rows()] == ["open", "broken"]
