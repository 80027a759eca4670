"""The statement that decides all promises, against the rules, over made-up histories.

A history is what happens to two cardholders of one portfolio day by day: promises are
taken and withdrawn, money comes, comes late or is taken back, cases close and open anew,
some days are not run. After every run the database must stand as the plain rule and the plain list of what has
happened say, and so must what the run tells.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunwell.cases.models import Case, Entry
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
    who: int
    amount: int
    tolerance: int
    taken_on: date
    until: date
    state: str = rules.OPEN
    paid: int = 0
    decided_on: date | None = None


@dataclass
class Money:
    who: int
    effect: int
    value_on: date
    posted_on: date


@dataclass
class History:
    """What has happened, in plain lists."""

    promises: list[Told] = field(default_factory=list)
    money: list[Money] = field(default_factory=list)

    def open_of(self, who: int) -> Told | None:
        return next((p for p in self.promises if p.who == who and p.state == rules.OPEN), None)

    def counted(self, day: date) -> dict[int, int]:
        """Return what counts for each promise as known on ``day``."""
        found = {}
        for who in {p.who for p in self.promises}:
            shares = [p for p in self.promises if p.who == who and p.state != "withdrawn"]
            money = Counter()
            for one in self.money:
                if one.who == who and one.posted_on <= day:
                    money[one.value_on] += one.effect
            asked = [rules.Window(p.amount, p.taken_on, p.until) for p in shares]
            parts = rules.shared_out(asked, money)
            found |= {p.pk: part for p, part in zip(shares, parts, strict=True)}
        return found

    def run(self, day: date) -> Counter[str]:
        """Decide as of ``day``; return how many went how, and what each timeline was told."""
        counted = self.counted(day)
        busy = {p.who for p in self.promises if p.state == rules.OPEN or p.decided_on == day}
        gone = Counter()
        # The newest first: of two that would open again only it may.
        for promise in sorted(self.promises, key=lambda p: -p.pk):
            old = promise.until <= day - timedelta(days=LOOKED_BACK)
            if promise.state == "withdrawn" or (promise.state != rules.OPEN and old):
                continue
            paid = counted[promise.pk]
            found = rules.decided(
                amount_minor=promise.amount,
                tolerance_minor=promise.tolerance,
                paid_minor=paid,
                counts_until=promise.until,
                today=day,
            )
            if found == rules.OPEN and promise.state != rules.OPEN:
                if promise.who in busy:
                    continue
                busy.add(promise.who)
            if found != promise.state:
                promise.decided_on = None if found == rules.OPEN else day
                gone["reopened" if found == rules.OPEN else found] += 1
            promise.state, promise.paid = found, paid
        return gone


PEOPLE = st.sampled_from([0, 0, 0, 1])
AMOUNTS = st.sampled_from([100, 200, 300])
EVENTS = st.one_of(
    st.tuples(st.just("promise"), PEOPLE, AMOUNTS, st.integers(0, 20), st.integers(0, 5)),
    st.tuples(st.just("keep"), PEOPLE, AMOUNTS),
    st.tuples(st.just("pay"), PEOPLE, st.sampled_from([50, 100, 190, 200, 300]), st.integers(0, 4)),
    st.tuples(st.just("reverse"), st.integers(0, 4), st.integers(0, 2)),
    st.tuples(st.just("bounce"), PEOPLE),
    st.tuples(st.just("withdraw"), PEOPLE),
    st.tuples(st.just("close"), PEOPLE),
    st.tuples(st.just("run"), st.sampled_from([1, 1, 1, 2, 3, 7, LOOKED_BACK + 1])),
)


class World:
    """The same history in the database, and in the list beside it."""

    def __init__(self) -> None:
        self.portfolio = make.portfolio()
        self.agent = make.agent()
        self.cases = [make.case(self.portfolio, collector=self.agent) for _ in range(2)]
        self.parties = [case.party for case in self.cases]
        self.history = History()
        self.payments: list[tuple[object, Money]] = []
        self.day = make.DAY

    def promise(self, who: int, amount: int, tolerance: int, days: int) -> None:
        if self.history.open_of(who):
            return
        until = self.day + timedelta(days=days)
        row = Promise.objects.create(
            case=self.cases[who], amount_minor=amount, currency="CNY", due_on=until,
            counts_until=until, tolerance_minor=tolerance, taken_by=self.agent,
            taken_at=make.NOW, taken_on=self.day,
        )  # fmt: skip
        self.history.promises.append(Told(row.pk, who, amount, tolerance, self.day, until))

    def pay(self, who: int, amount: int, late: int) -> None:
        value_on = self.day - timedelta(days=late)
        account = self.parties[who].accounts.get()
        row = make.payment(account, amount, value_on, posted_on=self.day)
        money = Money(who, amount, value_on, self.day)
        self.payments.append((row, money))
        self.history.money.append(money)

    def keep(self, who: int, amount: int) -> None:
        """A promise is taken, paid on the spot, and the day is run."""
        self.promise(who, amount, 0, 5)
        self.pay(who, amount, 0)
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
        self.history.money.append(Money(money.who, -money.effect, money.value_on, posted))

    def bounce(self, who: int) -> None:
        """All that the cardholder paid is taken back at once."""
        for at in reversed(range(len(self.payments))):
            if self.payments[at][1].who == who:
                self.reverse(at, 0)

    def close(self, who: int) -> None:
        """The case closes, and the cardholder has another at once."""
        Case.objects.filter(pk=self.cases[who].pk).update(
            state="closed", closed_as="cured", closed_on=make.DAY
        )
        self.cases[who] = make.case(self.portfolio, party=self.parties[who], collector=self.agent)

    def withdraw(self, who: int) -> None:
        told = self.history.open_of(who)
        if told:
            told.state, told.decided_on = "withdrawn", self.day
            Promise.objects.filter(pk=told.pk).update(state="withdrawn", decided_on=self.day)

    def run(self, days: int) -> None:
        before = Entry.objects.filter(case__party__in=self.parties).count()
        expected = self.history.run(self.day)

        told = decide_promises(portfolio=self.portfolio, day=self.day, at=make.NOW)

        assert told == {state: expected[state] for state in STATES}
        assert self.rows() == [
            (p.pk, p.state, p.paid, p.decided_on)
            for p in sorted(self.history.promises, key=lambda p: p.pk)
        ]
        lines = Entry.objects.filter(case__party__in=self.parties).count() - before
        assert bool(lines) == bool(sum(expected.values()))
        again = decide_promises(portfolio=self.portfolio, day=self.day, at=make.NOW)
        assert set(again.values()) == {0}
        assert Entry.objects.filter(case__party__in=self.parties).count() == before + lines
        self.day += timedelta(days=days)

    def rows(self) -> list[tuple[object, ...]]:
        found = Promise.objects.filter(case__party__in=self.parties).order_by("pk")
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


# -- what the rule itself holds -----------------------------------------------------------

WINDOWS = st.lists(
    st.tuples(st.integers(1, 300), st.integers(0, 20), st.integers(0, 9)), min_size=1, max_size=6
)
EFFECTS = st.lists(st.tuples(st.integers(0, 30), st.integers(-200, 300)), max_size=12)


def shared(windows, effects):
    asked = [
        rules.Window(amount, make.DAY + timedelta(days=start), make.DAY + timedelta(days=start + n))
        for amount, start, n in sorted(windows, key=lambda w: w[1])
    ]
    money = Counter()
    for day, minor in effects:
        money[make.DAY + timedelta(days=day)] += minor
    return asked, money, rules.shared_out(asked, money)


@given(WINDOWS, EFFECTS)
def test_no_money_counts_twice_and_no_promise_counts_more_than_it_asks(windows, effects):
    asked, money, counted = shared(windows, effects)

    assert all(part <= one.amount_minor for one, part in zip(asked, counted, strict=True))
    came = sum(minor for minor in money.values() if minor > 0)
    assert sum(part for part in counted if part > 0) <= came


@given(WINDOWS, EFFECTS)
def test_the_oldest_counts_as_if_it_were_alone(windows, effects):
    asked, money, counted = shared(windows, effects)

    assert counted[0] == rules.shared_out(asked[:1], money)[0]
    inside = [m for day, m in money.items() if asked[0].taken_on <= day <= asked[0].counts_until]
    assert counted[0] == min(asked[0].amount_minor, sum(inside))


@given(WINDOWS, st.lists(st.tuples(st.integers(0, 30), st.integers(0, 300)), max_size=12))
def test_money_that_all_may_count_is_counted_to_the_last_fen(windows, effects):
    asked = [
        rules.Window(amount, make.DAY, make.DAY + timedelta(days=30)) for amount, *_ in windows
    ]
    money = Counter()
    for day, minor in effects:
        money[make.DAY + timedelta(days=day)] += minor

    counted = rules.shared_out(asked, money)

    assert sum(counted) == min(sum(money.values()), sum(one.amount_minor for one in asked))
