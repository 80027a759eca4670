"""Step 7: the day's key figures, from the same rows that the screens read."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from django.db import connection

from dunwell.daybook.engine import BusinessDay, Engine
from dunwell.daybook.models import Figure
from dunwell.daybook.steps.payments import ITS_OWN, its_own
from dunwell.portfolio.kpis import by_asset_class, by_bucket
from dunwell.portfolio.rolls import GONE, roll_matrix

Row = tuple[str, str, int, int | None]

CASES = f"""
SELECT CASE grouping(bucket, treatment, queue)
           WHEN 3 THEN 'case_bucket' WHEN 5 THEN 'treatment' ELSE 'queue' END,
       coalesce(bucket::text, treatment, queue), count(*), NULL::bigint
FROM cases_case WHERE portfolio_id = %(portfolio)s AND state = 'open'
GROUP BY GROUPING SETS ((bucket), (treatment), (queue))
UNION ALL
SELECT 'closed', closed_as, count(*), NULL FROM cases_case
WHERE portfolio_id = %(portfolio)s AND state = 'closed' AND closed_on = %(day)s GROUP BY closed_as
UNION ALL
SELECT 'cash', kind, count(*), sum(effect_minor)::bigint FROM accounts_payment
    p WHERE {ITS_OWN} GROUP BY kind
UNION ALL
SELECT 'unserved', c.queue, count(*), NULL FROM cases_case c
WHERE c.portfolio_id = %(portfolio)s AND c.state = 'open' AND c.collector_id IS NULL
    AND NOT EXISTS (
        SELECT FROM staff_agent a WHERE a.role = 'collector' AND a.is_active
            AND a.capacity > 0 AND c.queue = ANY(a.queues))
GROUP BY c.queue
UNION ALL
SELECT 'promise', r.state, count(*), sum(r.amount_minor)::bigint
FROM plans_promise r JOIN cases_case c ON c.id = r.case_id
WHERE c.portfolio_id = %(portfolio)s AND r.decided_on = %(day)s GROUP BY r.state
"""


def _rows(name: str, table: ibis.Table, key: str) -> Iterator[Row]:
    for row in table.to_pyarrow().to_pylist():
        yield name, str(row[key]), int(row["accounts"]), int(row["balance_minor"])


def account_figures(day: BusinessDay, engine: Engine) -> Iterator[Row]:
    """Yield accounts and balances by bucket, by asset class, and from bucket to bucket."""
    yield from _rows("bucket", by_bucket(engine.aged), "bucket")
    yield from _rows("asset_class", by_asset_class(engine.aged), "asset_class")
    for row in rolls(day, engine).to_pyarrow().to_pylist():
        # The balance is today's; of accounts that are gone, what they had.
        end = "before" if row["to_bucket"] == GONE else "after"
        key = f"{row['from_bucket']}>{row['to_bucket']}"
        yield "roll", key, int(row["accounts"]), int(row[f"balance_{end}_minor"])


def rolls(day: BusinessDay, engine: Engine) -> ibis.Table:
    """Return the roll matrix (``portfolio.rolls``) from the day that was run before to this one.

    Where an account came from is read from the day's bucket history, not from what
    stood on it when the run began: a run that resumes must find the same.
    """
    moved = engine.query(
        "moved_today",
        f"""select b.account_id, b.was::int as came_from
            from accounts_accountbucket b join accounts_account a on a.id = b.account_id
            where b.entered_on = '{day.on}' and a.portfolio_id = {day.portfolio.pk}""",
    )
    now = engine.aged.select("account_id", "bucket", "balance_minor")
    seen = now.select(seen="account_id", now_in="bucket")
    known = engine.before.left_join(seen, engine.before.account_id == seen.seen)
    known = known.left_join(moved, "account_id").drop("account_id_right")
    left = engine.keep("left_today", known.filter(known.seen.isnull()).select("account_id"))
    stood = _buckets(engine, left)
    known = known.left_join(stood, "account_id").drop("account_id_right")
    bucket = ibis.coalesce(known.stood_in, known.came_from, known.now_in, 0)
    before = known.select("account_id", "balance_minor", bucket=bucket.cast("int32"))
    return roll_matrix(engine.keep("known_before", before), now)


def _buckets(engine: Engine, left: ibis.Table) -> ibis.Table:
    """Return the bucket in which each account that left stood last: account_id, stood_in."""
    table = engine.ship("left", {"account_id": "bigint"}, left)
    found = engine.query(
        "stood",
        f"""select a.id as account_id, a.bucket::int as stood_in
            from accounts_account a join {table} l on l.account_id = a.id""",
    )
    engine.discard(table)
    return found


def run_figures(day: BusinessDay, engine: Engine) -> dict[str, int]:
    """Keep the figures of the day."""
    found = list(account_figures(day, engine))
    with connection.cursor() as cursor:
        cursor.execute(CASES, its_own(day))
        found += cursor.fetchall()
    Figure.objects.bulk_create(
        Figure(
            portfolio=day.portfolio,
            day=day.on,
            name=name,
            key=key,
            count=count,
            amount_minor=amount,
        )
        for name, key, count, amount in sorted(found, key=lambda row: row[:2])
        if count
    )
    unserved = sum(count for name, _, count, _ in found if name == "unserved")
    return {"figures": len(found), "unserved": unserved}
