"""Step 7: the day's key figures, from the same rows that the screens read."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from django.db import connection

from dunwell.daybook.engine import BusinessDay, Engine
from dunwell.daybook.models import Figure
from dunwell.portfolio.totals import total

Row = tuple[str, str, int, int | None]

CASES = """
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
WHERE portfolio_id = %(portfolio)s AND posted_on = %(day)s GROUP BY kind
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


def _rows(table: ibis.Table) -> Iterator[Row]:
    for row in table.to_pyarrow().to_pylist():
        amount = row["amount_minor"]
        yield row["name"], row["key"], int(row["count"]), None if amount is None else int(amount)


def _grouped(table: ibis.Table, name: str, key: ibis.Value) -> ibis.Table:
    keyed = table.mutate(name=ibis.literal(name), key=key)
    return keyed.group_by("name", "key").aggregate(
        count=keyed.count(), amount_minor=total(keyed.balance_minor)
    )


def account_figures(day: BusinessDay, engine: Engine) -> Iterator[Row]:
    """Yield accounts and balances by bucket, by asset class, and from bucket to bucket.

    Where an account came from is read from the day's bucket history, not from what
    stood on it when the run began: a run that resumes must find the same.
    """
    moved = engine.query(
        "moved_today",
        f"""select account_id, was as came_from, was is null as is_new
            from accounts_accountbucket where entered_on = '{day.on}'""",
    )
    aged = engine.aged
    bucket = aged.bucket.cast("string")
    yield from _rows(_grouped(aged, "bucket", bucket))
    yield from _rows(_grouped(aged, "asset_class", aged.asset_class))
    both = aged.left_join(moved, "account_id")
    came = ibis.cases(
        (both.is_new.fill_null(False), "new"),
        else_=both.came_from.cast("string").fill_null(both.bucket.cast("string")),
    )
    rolls = both.mutate(key=came + ">" + both.bucket.cast("string"))
    yield from _rows(_grouped(rolls, "roll", rolls.key))


def run_figures(day: BusinessDay, engine: Engine) -> dict[str, int]:
    """Keep the figures of the day."""
    found = list(account_figures(day, engine))
    with connection.cursor() as cursor:
        cursor.execute(CASES, {"portfolio": day.portfolio.pk, "day": day.on})
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
