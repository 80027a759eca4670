"""Step 4: cases open, roll, cure and close."""

from __future__ import annotations

import ibis
from django.db import connection

from dunwell.daybook.engine import BusinessDay, Engine
from dunwell.portfolio.cases import transitions
from dunwell.portfolio.stages import stage

COLUMNS = {
    "party_id": "bigint",
    "case_id": "bigint",
    "change": "text",
    "bucket": "smallint",
    "was": "smallint",
    "stage": "text",
    "oldest_unpaid_due_on": "date",
    "balance_minor": "bigint",
    "dpd": "integer",
}

OPEN = """
WITH prior AS (
    SELECT DISTINCT party_id FROM cases_case
    WHERE portfolio_id = %(portfolio)s AND state = 'closed'
), opened AS (
    INSERT INTO cases_case (
        portfolio_id, party_id, state, closed_as, opened_on, bucket, oldest_unpaid_due_on, stage,
        track, segment, treatment, queue, priority, score_reasons, arm, table_code,
        last_outcome, attempts, reason
    )
    SELECT %(portfolio)s, party_id, 'open', '', %(day)s, bucket, oldest_unpaid_due_on, stage,
           '', '', '', '', 0, '', '', '', '', 0, ''
    FROM {changes} WHERE change = 'open' ORDER BY party_id
    RETURNING id, party_id
)
INSERT INTO cases_entry
    (case_id, kind, business_date, happened_at, channel, outcome, note, data)
SELECT o.id, CASE WHEN p.party_id IS NULL THEN 'opened' ELSE 'reopened' END,
       %(day)s, %(at)s, '', '', '',
       jsonb_build_object('bucket', ch.bucket, 'dpd', ch.dpd, 'balance_minor', ch.balance_minor)
FROM opened o JOIN {changes} ch ON ch.party_id = o.party_id
LEFT JOIN prior p ON p.party_id = o.party_id
ORDER BY o.id
"""
MOVE = """
UPDATE cases_case c
SET bucket = ch.bucket, oldest_unpaid_due_on = ch.oldest_unpaid_due_on, stage = ch.stage
FROM {changes} ch
WHERE ch.case_id = c.id AND ch.change IN ('roll', 'move') AND c.state = 'open'
"""
ROLLED = """
INSERT INTO cases_entry
    (case_id, kind, business_date, happened_at, channel, outcome, note, data)
SELECT case_id, 'rolled', %(day)s, %(at)s, '', '', '',
       jsonb_build_object('from', was, 'to', bucket, 'dpd', dpd, 'balance_minor', balance_minor)
FROM {changes} WHERE change = 'roll' ORDER BY case_id
"""
CLOSE = """
UPDATE cases_case c
SET state = 'closed', closed_on = %(day)s, oldest_unpaid_due_on = NULL, bucket = 0,
    closed_as = CASE WHEN ch.balance_minor = 0 THEN 'paid' ELSE 'cured' END
FROM {changes} ch WHERE ch.case_id = c.id AND ch.change = 'cure' AND c.state = 'open'
"""
CLOSED = """
INSERT INTO cases_entry
    (case_id, kind, business_date, happened_at, channel, outcome, note, data)
SELECT case_id, CASE WHEN balance_minor = 0 THEN 'paid' ELSE 'cured' END,
       %(day)s, %(at)s, '', '', '',
       jsonb_build_object('from', was, 'balance_minor', balance_minor)
FROM {changes} WHERE change = 'cure' ORDER BY case_id
"""
STATEMENTS = (
    ("opened", OPEN),
    ("moved", MOVE),
    ("rolled", ROLLED),
    ("", CLOSE),
    ("closed", CLOSED),
)


def changes(day: BusinessDay, engine: Engine) -> ibis.Table:
    """Return one row for each cardholder whose case opens, rolls, moves or cures.

    ``move``: the bucket is the same, the oldest unpaid due date or the stage is not.
    """
    open_cases = engine.query(
        "open_case",
        f"""select id as case_id, party_id, bucket::int as bucket, oldest_unpaid_due_on, stage
            from cases_case where portfolio_id = {day.portfolio.pk} and state = 'open'""",
    )
    holders = engine.cardholders
    staged = holders.mutate(stage=stage(holders.bucket, holders.charged_off))
    found = transitions(holders, open_cases).select("party_id", "change")
    cases = open_cases.select("party_id", "case_id", was="bucket", was_stage="stage")
    both = staged.left_join(cases, "party_id").drop("party_id_right")
    both = both.left_join(found, "party_id").drop("party_id_right")
    restaged = both.case_id.notnull() & (both.bucket > 0) & (both.stage != both.was_stage)
    change = ibis.cases(
        (both.change == "stay", "move"),
        (both.change.notnull(), both.change),
        (restaged, "move"),
    )
    both = both.mutate(change=change)
    return both.filter(both.change.notnull())


def run_cases(day: BusinessDay, engine: Engine) -> dict[str, int]:
    """Open, roll, cure and close; each with its line on the timeline."""
    table = engine.ship("case", COLUMNS, changes(day, engine))
    given = {"portfolio": day.portfolio.pk, "day": day.on, "at": day.at}
    produced = {}
    with connection.cursor() as cursor:
        for name, statement in STATEMENTS:
            cursor.execute(statement.format(changes=table), given)
            if name:
                produced[name] = cursor.rowcount
        cursor.execute(f"DROP TABLE {table}")
    return produced
