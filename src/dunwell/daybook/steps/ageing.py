"""Step 2: how many days past due each account is, and who changed bucket."""

from __future__ import annotations

from django.db import connection

from dunwell.daybook.engine import BusinessDay, Engine

COLUMNS = {
    "account_id": "bigint",
    "bucket": "smallint",
    "was": "smallint",
    "dpd": "integer",
    "balance_minor": "bigint",
}

# An account that was never overdue has no history: it begins with its first bucket.
HISTORY = """
INSERT INTO accounts_accountbucket (account_id, entered_on, bucket, was, dpd, balance_minor)
SELECT account_id, %s, bucket, was, dpd, balance_minor FROM {moved}
WHERE bucket > 0 OR was IS NOT NULL
ORDER BY account_id
"""
CURRENT = """
UPDATE accounts_account a SET bucket = m.bucket FROM {moved} m
WHERE a.id = m.account_id AND a.bucket IS DISTINCT FROM m.bucket
"""


def run_ageing(day: BusinessDay, engine: Engine) -> dict[str, int]:
    """Give every account its bucket; write only those that moved."""
    aged = engine.aged
    moved = aged.filter(aged.was.isnull() | (aged.was != aged.bucket))
    table = engine.ship("bucket", COLUMNS, moved)
    with connection.cursor() as cursor:
        cursor.execute(HISTORY.format(moved=table), [day.on])
        entered = cursor.rowcount
        cursor.execute(CURRENT.format(moved=table))
        cursor.execute(f"DROP TABLE {table}")
    return {"accounts": int(aged.count().to_pyarrow().as_py()), "changed_bucket": entered}
