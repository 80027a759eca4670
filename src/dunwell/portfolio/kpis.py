"""Figures of a day, from its aged accounts. Counts and whole minor units, no shares.

A share is numerator over denominator; both are given, and whoever shows it divides.
"""

from __future__ import annotations

from functools import reduce

import ibis

from dunwell.portfolio import schema
from dunwell.portfolio.totals import total

DELINQUENT_FROM = (30, 60, 90)


def by_bucket(aged: ibis.Table) -> ibis.Table:
    """Return accounts and balance_minor of each bucket that has accounts."""
    return _by(aged, "bucket")


def by_asset_class(aged: ibis.Table) -> ibis.Table:
    """Return accounts and balance_minor of each asset class that has accounts."""
    return _by(aged, "asset_class")


def delinquency(aged: ibis.Table) -> ibis.Table:
    """Return how much is at least 30, 60 and 90 days past due, and of how much.

    Columns: days, accounts, balance_minor, of_accounts, of_balance_minor; one row a
    limit. Charged-off accounts are in neither part. Days are counted by the calendar
    from the due date, not by statements.
    """
    schema.check(aged, schema.AGED)
    live = aged.filter(~aged.charged_off)
    rows = [_late(live, days) for days in DELINQUENT_FROM]
    return reduce(lambda one, other: one.union(other), rows).order_by("days")


def _late(live: ibis.Table, days: int) -> ibis.Table:
    late = live.dpd >= days
    counted = live.aggregate(
        accounts=live.count(where=late),
        balance_minor=total(live.balance_minor, late),
        of_accounts=live.count(),
        of_balance_minor=total(live.balance_minor),
    )
    return counted.mutate(days=ibis.literal(days, type="int32")).relocate("days")


def _by(aged: ibis.Table, column: str) -> ibis.Table:
    schema.check(aged, schema.AGED)
    grouped = aged.group_by(column).aggregate(
        accounts=aged.count(), balance_minor=total(aged.balance_minor)
    )
    return grouped.order_by(column)
