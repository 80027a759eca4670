"""Ageing: how long each account has been past due, its bucket and its asset class."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis

from dunwell.portfolio import schema

# The last day past due of M1, M2, ... M6; a day more than the last is M7+.
BUCKET_ENDS = (30, 60, 90, 120, 150, 180)
BUCKETS = tuple(range(len(BUCKET_ENDS) + 2))

ASSET_CLASSES = ("normal", "special_mention", "substandard", "doubtful", "loss")
# Last day past due as special mention, substandard, doubtful; a day more is loss.
LADDERS = {
    # 商业银行信用卡业务监督管理办法 art. 92
    "card": (90, 120, 180),
    # 商业银行金融资产风险分类办法 (2023): the least that is asked
    "general": (90, 270, 360),
}


def age(
    positions: ibis.Table, *, day: date, grace_days: int, tolerance_minor: int, ladder: str
) -> ibis.Table:
    """Add ``overdue``, ``dpd``, ``bucket`` and ``asset_class`` as they stand on ``day``.

    ``positions`` keeps ``schema.POSITIONS``; its other columns pass through. An account
    is overdue when more than the tolerance is past due and the oldest unpaid due date
    lies more than ``grace_days`` back. Days then count from the due date itself, not
    from the end of grace: the first day overdue with three days' grace is day four.
    What is not overdue has 0 days, bucket 0 (M0) and is ``normal``. Charged-off
    accounts age on like any other. ``ladder`` is ``card``, ``general``, or
    ``stricter``, the worse class of both.

    :raises schema.WrongColumns: if a column is missing or of another type
    :raises ValueError: on an unknown ladder, or a negative grace or tolerance
    """
    schema.check(positions, schema.POSITIONS)
    if grace_days < 0 or tolerance_minor < 0:
        raise ValueError("Grace and tolerance are zero or more.")
    bounds = _bounds(ladder)
    # NULL stays NULL here and is not overdue below.
    since_due = ibis.literal(day).delta(positions.oldest_unpaid_due_on, unit="day")
    overdue = ((positions.past_due_minor > tolerance_minor) & (since_due > grace_days)).fill_null(
        False
    )
    aged = positions.mutate(
        overdue=overdue, dpd=ibis.cases((overdue, since_due), else_=0).cast("int32")
    )
    return aged.mutate(
        bucket=step(aged.dpd, (0, *BUCKET_ENDS)).cast("int32"),
        asset_class=_named(step(aged.dpd, (0, *bounds))),
    )


def step(days: Any, ends: tuple[int, ...]) -> Any:
    """Return how many of the rising ``ends`` lie below ``days``: 0 up to ``len(ends)``."""
    return ibis.cases(*((days <= end, number) for number, end in enumerate(ends)), else_=len(ends))


def _bounds(ladder: str) -> tuple[int, ...]:
    if ladder == "stricter":
        return tuple(min(ends) for ends in zip(*LADDERS.values(), strict=True))
    if ladder not in LADDERS:
        raise ValueError(f"Unknown ladder {ladder!r}.")
    return LADDERS[ladder]


def _named(rank: Any) -> Any:
    return rank.cases(*enumerate(ASSET_CLASSES[:-1]), else_=ASSET_CLASSES[-1])
