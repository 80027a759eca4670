"""Step 4: cases open, roll, cure and close, get their treatment and their collector.

All three are decided in columns first and written once: a case that opens is inserted
as it shall stand, not inserted and then updated twice.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from dunwell.daybook.decisions import cured, decisions
from dunwell.daybook.engine import BusinessDay, Engine

COLUMNS = {
    "party_id": "bigint",
    "case_id": "bigint",
    "change": "text",
    "bucket": "smallint",
    "was_bucket": "smallint",
    "stage": "text",
    "oldest_unpaid_due_on": "date",
    "balance_minor": "bigint",
    "dpd": "integer",
    "segment": "text",
    "treatment": "text",
    "was_treatment": "text",
    "track": "text",
    "queue": "text",
    "priority": "smallint",
    "propensity_ppm": "integer",
    "score_reasons": "text",
    "arm": "text",
    "table_code": "text",
    "table_version": "integer",
    "table_row": "integer",
    "was_table_version": "integer",
    "was_table_row": "integer",
    "next_step_days": "integer",
    "facts": "text",
    "team_id": "bigint",
    "collector_id": "bigint",
    "was_team_id": "bigint",
    "was_collector_id": "bigint",
}
CURED = {
    "case_id": "bigint",
    "was_bucket": "smallint",
    "balance_minor": "bigint",
    "closed_as": "text",
}

SET = (
    "bucket", "oldest_unpaid_due_on", "stage", "segment", "treatment", "track", "queue",
    "priority", "propensity_ppm", "score_reasons", "arm", "table_code", "table_version",
    "table_row",
)  # fmt: skip
NAMES = ", ".join(SET)

# case_id is written back into the stage table, for the entries to find.
OPEN = f"""
WITH opened AS (
    INSERT INTO cases_case (portfolio_id, party_id, state, closed_as, opened_on, {NAMES},
        next_step_on, team_id, collector_id, last_outcome, attempts, reason)
    SELECT %(portfolio)s, party_id, 'open', '', %(day)s, {NAMES},
        %(day)s::date + next_step_days, team_id, collector_id, '', 0, ''
    FROM {{decided}} WHERE case_id IS NULL ORDER BY party_id
    RETURNING id, party_id
)
UPDATE {{decided}} d SET case_id = o.id FROM opened o WHERE o.party_id = d.party_id
"""
# People work while the day is decided. Their rows are locked, in the order in which a lead
# locks those he moves, and compared with what was read: where a case changed hands
# meanwhile his word stands and is already written down; where it closed there is nothing
# left to do. All that follows is then exactly what is written.
SETTLE = """
WITH held AS (
    SELECT c.id, c.state, c.team_id, c.collector_id FROM cases_case c
    WHERE c.id IN (SELECT case_id FROM {decided} UNION ALL SELECT case_id FROM {cured})
    ORDER BY c.id FOR NO KEY UPDATE
), moved AS (
    UPDATE {decided} d SET team_id = h.team_id, collector_id = h.collector_id,
        was_collector_id = h.collector_id
    FROM held h WHERE h.id = d.case_id AND h.state = 'open'
        AND (h.team_id, h.collector_id) IS DISTINCT FROM (d.was_team_id, d.was_collector_id)
), ended AS (
    DELETE FROM {decided} d USING held h WHERE h.id = d.case_id AND h.state <> 'open'
)
DELETE FROM {cured} d USING held h WHERE h.id = d.case_id AND h.state <> 'open'
"""
# A treatment that is new starts its clock. What was agreed with the cardholder stands: the
# day of an open promise, a call-back, and else the collectors' own dates.
CHANGE = f"""
UPDATE cases_case c SET {", ".join(f"{name} = d.{name}" for name in SET)},
    team_id = d.team_id, collector_id = d.collector_id,
    next_step_on = CASE WHEN c.treatment <> d.treatment AND c.follow_up_at IS NULL
            AND NOT EXISTS (
                SELECT FROM plans_promise p WHERE p.case_id = c.id AND p.state = 'open')
        THEN %(day)s::date + d.next_step_days ELSE c.next_step_on END
FROM {{decided}} d WHERE c.id = d.case_id
"""
CLOSE = """
UPDATE cases_case c
SET state = 'closed', closed_on = %(day)s, oldest_unpaid_due_on = NULL, bucket = 0,
    closed_as = d.closed_as
FROM {cured} d WHERE c.id = d.case_id
"""
# One sort order for all kinds: the same rows in the same order, whoever writes them.
ENTRIES = """
INSERT INTO cases_entry
    (case_id, kind, business_date, happened_at, channel, outcome, note, data)
SELECT case_id, kind, %(day)s, %(at)s, '', '', '', data FROM (
    SELECT d.case_id,
           CASE WHEN EXISTS (
               SELECT FROM cases_case c WHERE c.party_id = d.party_id AND c.state = 'closed'
                   AND c.portfolio_id = %(portfolio)s
           ) THEN 'reopened' ELSE 'opened' END AS kind,
           jsonb_build_object('bucket', bucket, 'dpd', dpd, 'balance_minor', balance_minor) AS data
    FROM {decided} d WHERE change = 'open'
    UNION ALL
    SELECT case_id, 'rolled', jsonb_build_object('from', was_bucket, 'to', bucket, 'dpd', dpd,
           'balance_minor', balance_minor)
    FROM {decided} WHERE change = 'roll'
    UNION ALL
    SELECT case_id, 'treatment', jsonb_build_object(
               'treatment', treatment, 'was', was_treatment, 'segment', segment, 'queue', queue,
               'table', table_code, 'version', table_version, 'row', table_row,
               'propensity_ppm', propensity_ppm, 'reasons', score_reasons, 'facts', facts::jsonb)
    FROM {decided} WHERE (treatment, table_version, table_row)
        IS DISTINCT FROM (was_treatment, was_table_version, was_table_row)
    UNION ALL
    SELECT d.case_id, 'assigned', jsonb_build_object(
               'collector', now.username, 'was', was.username, 'team', team.code)
    FROM {decided} d
    LEFT JOIN staff_agent now ON now.id = d.collector_id
    LEFT JOIN staff_agent was ON was.id = d.was_collector_id
    LEFT JOIN staff_team team ON team.id = d.team_id
    WHERE d.collector_id IS DISTINCT FROM d.was_collector_id
    UNION ALL
    SELECT case_id, closed_as,
           jsonb_build_object('from', was_bucket, 'balance_minor', balance_minor)
    FROM {cured}
) lines ORDER BY case_id, kind
"""
COUNTS = """
SELECT count(*) FILTER (WHERE change = 'open'), count(*) FILTER (WHERE change = 'roll'),
       count(*) FILTER (WHERE treatment IS DISTINCT FROM was_treatment),
       count(*) FILTER (WHERE collector_id IS DISTINCT FROM was_collector_id), count(*)
FROM {decided}
"""


def run_cases(day: BusinessDay, engine: Engine) -> dict[str, int]:
    """Decide every case, then write what differs, each change with its line."""
    decided = engine.ship("case", COLUMNS, decisions(day, engine))
    closing = engine.ship("cured", CURED, cured(engine))
    tables = {"decided": decided, "cured": closing}
    given: dict[str, Any] = {"portfolio": day.portfolio.pk, "day": day.on, "at": day.at}
    with connection.cursor() as cursor:
        # Fresh tables have no statistics, and the plans of what follows need them.
        cursor.execute(f"ANALYZE {decided}; ANALYZE {closing}")
        cursor.execute(SETTLE.format(**tables))
        cursor.execute(COUNTS.format(**tables))
        opened, rolled, treated, assigned, changed = cursor.fetchone()
        for statement in (CHANGE, OPEN, CLOSE):
            cursor.execute(statement.format(**tables), given)
            closed = cursor.rowcount
        cursor.execute(ENTRIES.format(**tables), given)
        cursor.execute(f"DROP TABLE {decided}, {closing}")
    return {
        "opened": opened,
        "rolled": rolled,
        "closed": closed,
        "new_treatments": treated,
        "assigned": assigned,
        "cases_written": changed + closed,
    }
