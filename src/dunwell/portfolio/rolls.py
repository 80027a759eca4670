"""Rolls: where accounts went between two days, by account and by balance.

Two figures bear the name "roll rate" and differ; both are here under names of their own.
Both come as numerator and denominator in whole numbers: rows then add up exactly, and
whoever shows them divides.
"""

from __future__ import annotations

import ibis

from dunwell.portfolio import schema
from dunwell.portfolio.ageing import BUCKETS
from dunwell.portfolio.totals import total

NEW = "new"
GONE = "gone"
SIDE = {"account_id": "int64", "bucket": "int32", "balance_minor": "int64"}


def roll_matrix(before: ibis.Table, after: ibis.Table) -> ibis.Table:
    """Return from which bucket to which the accounts moved, account by account.

    Both tables have account_id (unique), bucket and balance_minor. Columns:
    ``from_bucket`` (``"0"`` ... ``"7"`` or ``new``), ``to_bucket`` (``"0"`` ... ``"7"``
    or ``gone``), accounts, balance_before_minor, balance_after_minor, and of_accounts
    and of_balance_minor, the row's total before (of new accounts: after). Cells without
    accounts have no row.

    The tracked-account rate of a cell is accounts / of_accounts. A row's accounts add
    up to of_accounts, those gone included.
    """
    schema.check(before, SIDE)
    schema.check(after, SIDE)
    was = before.select(was="account_id", was_in="bucket", had="balance_minor")
    now = after.select(now="account_id", now_in="bucket", has="balance_minor")
    both = was.outer_join(now, was.was == now.now)
    moved = both.select(
        from_bucket=both.was_in.cast("string").fill_null(NEW),
        to_bucket=both.now_in.cast("string").fill_null(GONE),
        had=both.had.fill_null(0),
        has=both.has.fill_null(0),
    )
    cells = moved.group_by("from_bucket", "to_bucket").aggregate(
        accounts=moved.count(),
        balance_before_minor=total(moved.had),
        balance_after_minor=total(moved.has),
    )
    of = ibis.cases((moved.from_bucket == NEW, moved.has), else_=moved.had)
    rows = moved.group_by(row="from_bucket").aggregate(
        of_accounts=moved.count(), of_balance_minor=total(of)
    )
    found = cells.join(rows, cells.from_bucket == rows.row).drop("row")
    return found.order_by("from_bucket", "to_bucket")


def flow_ratios(before: ibis.Table, after: ibis.Table) -> ibis.Table:
    """Return the gross flow from each bucket k to k + 1, which tracks no account.

    flow_minor is the balance in bucket k + 1 after, base_minor the balance in bucket k
    before: a cycle must lie between the two. Columns: from_bucket (0 ... 6), to_bucket,
    flow_minor, base_minor; one row for each k with a balance before.
    """
    schema.check(before, SIDE)
    schema.check(after, SIDE)
    base = before.group_by(from_bucket="bucket").aggregate(base_minor=total(before.balance_minor))
    flow = after.group_by(to_bucket="bucket").aggregate(flow_minor=total(after.balance_minor))
    base = base.filter((base.base_minor > 0) & (base.from_bucket < BUCKETS[-1]))
    both = base.left_join(flow, flow.to_bucket == base.from_bucket + 1)
    return both.select(
        "from_bucket",
        "base_minor",
        to_bucket=(both.from_bucket + 1).cast("int32"),
        flow_minor=both.flow_minor.fill_null(0),
    ).order_by("from_bucket")
