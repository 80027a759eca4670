"""What a promise may be, and when it is kept: from payments alone."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dunwell.kernel.days import add_working_days
from dunwell.kernel.refusal import Refusal

# A promise further away is a plan, which needs its own conditions.
LONGEST_DAYS = 60
OPEN, KEPT, PARTLY_KEPT, BROKEN = "open", "kept", "partly_kept", "broken"


def tolerance_minor(amount_minor: int, *, basis_points: int, at_most_minor: int) -> int:
    """Return by how much payments may fall short: the smaller share or sum, in minor units.

    Always under the amount, or nothing paid would keep the promise.
    """
    return max(0, min(amount_minor * basis_points // 10_000, at_most_minor, amount_minor - 1))


def counts_until(due_on: date, *, grace_working_days: int, holidays: Container[date] = ()) -> date:
    """Return the last value date that still keeps a promise due on ``due_on``."""
    if grace_working_days == 0:
        return due_on
    return add_working_days(due_on, grace_working_days, holidays)


def promise_refused(
    *, amount_minor: int, due_on: date, today: date, owed_minor: int, open_promise: bool
) -> list[Refusal]:
    """Return every reason why the promise cannot be taken.

    ``owed_minor`` is the cardholder's whole balance; a promise of more is a slip.
    ``open_promise``: he has one already in this portfolio, be it on a case that closed.
    """
    refusals = []
    if amount_minor <= 0:
        refusals.append(Refusal("plans.no_amount", "Enter an amount above zero."))
    elif amount_minor > owed_minor:
        refusals.append(
            Refusal("plans.above_balance", "The amount is more than the whole balance. Check it.")
        )
    if due_on < today:
        refusals.append(
            Refusal("plans.due_in_the_past", "The day has passed. Choose today or a later day.")
        )
    elif due_on > today + timedelta(days=LONGEST_DAYS):
        refusals.append(
            Refusal(
                "plans.too_far",
                "A promise is due within %(days)s days. Agree a nearer day.",
                until=today + timedelta(days=LONGEST_DAYS),
                named={"days": LONGEST_DAYS},
            )
        )
    if open_promise:
        refusals.append(
            Refusal(
                "plans.promise_open",
                "There is an open promise. Withdraw it first, with the reason.",
            )
        )
    return refusals


@dataclass(frozen=True, slots=True)
class Window:
    """What a promise asks for: ``amount_minor``, with value dates of both days included."""

    amount_minor: int
    taken_on: date
    counts_until: date


def shared_out(promises: Sequence[Window], money: Mapping[date, int]) -> list[int]:
    """Return what counts for each of a cardholder's promises, the oldest first: minor units.

    ``money`` is the effect of all payments of a value date, less what was taken back. A
    promise counts what lies in its window, at most its amount, and takes the earliest
    money first. What it took counts for no younger one, and what was taken back within
    its window is its loss first. Less than zero where more was taken back than came.
    """
    left = dict(money)
    counted = []
    for promise in promises:
        inside = [day for day in sorted(left) if promise.taken_on <= day <= promise.counts_until]
        had = sum(left[day] for day in inside)
        counted.append(min(promise.amount_minor, had))
        if had <= 0:
            continue
        takes = counted[-1] - sum(left[day] for day in inside if left[day] < 0)
        for day in inside:
            part = min(max(left[day], 0), takes)
            left[day] = max(left[day], 0) - part
            takes -= part
    return counted


def decided(
    *, amount_minor: int, tolerance_minor: int, paid_minor: int, counts_until: date, today: date
) -> str:
    """Return the promise's state on ``today``.

    ``paid_minor`` is what counts for it (``shared_out``). Kept as soon as they suffice; broken only when the last day is over.
    """
    if paid_minor >= amount_minor - tolerance_minor:
        return KEPT
    if today <= counts_until:
        return OPEN
    return PARTLY_KEPT if paid_minor > 0 else BROKEN
