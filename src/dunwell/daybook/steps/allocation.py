"""Step 6: who works which case, within skill and capacity; nobody loses a case he may keep."""

from __future__ import annotations

import ibis
from django.db import connection

from dunwell.daybook.engine import BusinessDay, Engine
from dunwell.daybook.facts import LANGUAGES
from dunwell.portfolio.allocation import allocate

COLUMNS = {
    "case_id": "bigint",
    "team_id": "bigint",
    "collector_id": "bigint",
    "was_collector_id": "bigint",
}

AGENTS = """
select a.id as agent_id, a.username as agent_key, a.team_id, a.capacity::bigint as capacity,
       a.available, unnest(a.queues)::text as queue, a.languages::text[] as languages
from staff_agent a where a.role = 'collector' and a.is_active and a.capacity > 0
"""
# A lead may have moved a case since it was read: then his word stands.
ASSIGN = """
UPDATE cases_case c SET team_id = d.team_id, collector_id = d.collector_id
FROM {assigned} d
WHERE c.id = d.case_id AND c.state = 'open'
  AND c.collector_id IS NOT DISTINCT FROM d.was_collector_id
"""
ENTRIES = """
INSERT INTO cases_entry
    (case_id, kind, business_date, happened_at, channel, outcome, note, data)
SELECT d.case_id, 'assigned', %(day)s, %(at)s, '', '', '',
       jsonb_build_object(
           'collector', now.username, 'was', was.username, 'team', team.code
       )
FROM {assigned} d
LEFT JOIN staff_agent now ON now.id = d.collector_id
LEFT JOIN staff_agent was ON was.id = d.was_collector_id
LEFT JOIN staff_team team ON team.id = d.team_id
WHERE d.collector_id IS DISTINCT FROM d.was_collector_id
ORDER BY d.case_id
"""


CASES = """
select id as case_id, party_id, lpad(id::text, 19, '0') as case_key, queue,
       priority::bigint as priority, collector_id, team_id as was_team_id
from cases_case where portfolio_id = {portfolio} and state = 'open'
"""


def assignments(day: BusinessDay, engine: Engine) -> ibis.Table:
    """Return who works each open case, beside who worked it until now.

    What nobody has room for waits in the pool of a team that serves its queue.
    """
    known = {"portfolio": day.portfolio.pk, "language": day.portfolio.language}
    cases = engine.query("case_to_allocate", CASES.format(**known))
    speaks = engine.query("speaks", LANGUAGES.format(**known))
    agents = engine.query("agent", AGENTS)
    holders = engine.cardholders.select("party_id", "dpd", "past_due_minor")
    cases = cases.left_join(holders, "party_id").drop("party_id_right")
    cases = cases.left_join(speaks, "party_id").drop("party_id_right")
    cases = engine.keep(
        "to_allocate",
        cases.mutate(
            dpd=cases.dpd.cast("int64").fill_null(0),
            past_due_minor=cases.past_due_minor.fill_null(0),
        ),
    )
    allocated = engine.keep("allocated", allocate(cases, agents))
    pools = agents.group_by("queue").aggregate(pool=agents.team_id.min())
    both = allocated.join(
        cases.select("case_id", "queue", "was_team_id", was_collector_id="collector_id"), "case_id"
    ).left_join(pools, "queue")
    return both.select(
        "case_id",
        "collector_id",
        "was_collector_id",
        "was_team_id",
        team_id=ibis.coalesce(both.team_id, both.pool),
    )


def run_allocation(day: BusinessDay, engine: Engine) -> dict[str, int]:
    """Give every open case to a collector who may work it; write only who changed."""
    found = assignments(day, engine)
    changed = found.filter(
        ~found.collector_id.identical_to(found.was_collector_id)
        | ~found.team_id.identical_to(found.was_team_id)
    )
    table = engine.ship("assignment", COLUMNS, changed)
    given = {"day": day.on, "at": day.at}
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES.format(assigned=table), given)
        assigned = cursor.rowcount
        cursor.execute(ASSIGN.format(assigned=table), given)
        cursor.execute(f"DROP TABLE {table}")
    return {"assigned": assigned}
