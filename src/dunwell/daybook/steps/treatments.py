"""Step 5: segment, score, choose treatments by the table in force."""

from __future__ import annotations

import ibis
from django.db import connection

from dunwell.daybook.engine import BusinessDay, Engine
from dunwell.daybook.facts import case_facts
from dunwell.portfolio.tables_ibis import decide
from dunwell.strategy.queries import in_force, table_of

# The columns that the step decides, as they stand on the case.
DECIDED = (
    "segment", "treatment", "track", "queue", "priority", "propensity_ppm", "score_reasons",
    "arm", "table_code", "table_version", "table_row",
)  # fmt: skip
COLUMNS = {
    "case_id": "bigint",
    "segment": "text",
    "treatment": "text",
    "track": "text",
    "queue": "text",
    "priority": "smallint",
    "propensity_ppm": "integer",
    "score_reasons": "text",
    "arm": "text",
    "table_code": "text",
    "table_version": "integer",
    "table_row": "integer",
    "next_step_days": "integer",
    "was_treatment": "text",
    "facts": "text",
}
SET = ", ".join(f"{column} = d.{column}" for column in DECIDED)

# A case whose treatment is new starts its clock; else collectors' own dates stand.
CHOOSE = f"""
UPDATE cases_case c SET {SET},
    next_step_on = CASE
        WHEN c.treatment IS DISTINCT FROM d.treatment THEN %(day)s::date + d.next_step_days
        ELSE c.next_step_on
    END
FROM {{chosen}} d WHERE c.id = d.case_id AND c.state = 'open'
"""
ENTRIES = """
INSERT INTO cases_entry
    (case_id, kind, business_date, happened_at, channel, outcome, note, data)
SELECT case_id, 'treatment', %(day)s, %(at)s, '', '', '',
       jsonb_build_object(
           'treatment', treatment, 'was', was_treatment, 'segment', segment, 'queue', queue,
           'table', table_code, 'version', table_version, 'row', table_row, 'arm', arm,
           'propensity_ppm', propensity_ppm, 'reasons', score_reasons, 'facts', facts::jsonb
       )
FROM {chosen} WHERE treatment <> was_treatment ORDER BY case_id
"""

# What the row of the table was decided on, kept with the entry.
FACTS = (
    "bucket", "dpd", "charged_off", "balance_band", "score_band", "propensity_pct", "hold",
    "promise", "broken_promises", "months_on_book", "prior_cases", "accounts", "arm", "language",
)  # fmt: skip


def as_json(table: ibis.Table, names: tuple[str, ...]) -> ibis.Value:
    """Return a JSON object of columns that are numbers, truth values or plain words."""
    parts = []
    for name in names:
        column = table[name]
        text = column.cast("string")
        if column.type().is_string():
            text = '"' + text + '"'
        parts.append(ibis.literal(f'"{name}":') + text.fill_null("null"))
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + "," + part
    return ibis.literal("{") + joined + "}"


def chosen(day: BusinessDay, engine: Engine) -> ibis.Table:
    """Return the cases whose treatment or its grounds differ from what stands on them."""
    version = in_force("treatment", day.on)
    facts = engine.keep("fact", case_facts(day, engine))
    decided = decide(table_of(version), facts).rename(table_row="rule_row")
    decided = decided.mutate(
        facts=as_json(decided, FACTS),
        table_code=ibis.literal(version.code),
        table_version=ibis.literal(version.version, "int32"),
    )
    same = [decided[column].identical_to(decided[f"was_{column}"]) for column in DECIDED]
    alike = same[0]
    for one in same[1:]:
        alike = alike & one
    return decided.filter(~alike)


def run_treatments(day: BusinessDay, engine: Engine) -> dict[str, int]:
    """Choose each open case's treatment; write only what differs, and why."""
    table = engine.ship("treatment", COLUMNS, chosen(day, engine))
    given = {"day": day.on, "at": day.at}
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES.format(chosen=table), given)
        treatments = cursor.rowcount
        cursor.execute(CHOOSE.format(chosen=table), given)
        updated = cursor.rowcount
        cursor.execute(f"DROP TABLE {table}")
    return {"new_treatments": treatments, "cases_updated": updated}
