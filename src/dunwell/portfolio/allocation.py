"""Who works which case: within skill and capacity, and nobody loses a case he may keep.

The heavy part is set-wise: a million cases are ranked and joined to numbered slots.
Only how many cases each collector takes is worked out in Python, from counts: one
number a queue, language and collector (see ``fair``).

1. A collector keeps his cases while he is available, is skilled for the queue and
   speaks the language; beyond his capacity he keeps the best.
2. What is left waits in lanes, one a queue and language. Lanes are served one after
   another, the one with the fewest able collectors first, so that the versatile are
   not spent where others would do; then by queue and language, "any language" last.
3. In a lane the best case goes to the least loaded collector, the next one likewise;
   equal loads go by ``agent_key``.

Better means higher priority, then more days past due, then more past due, then the
smaller ``case_key``. After it nobody has room left while a case waits that he could
take. Two limits are known: lanes are not weighed against each other (a collector of
two queues may be filled by the first), and a case already held is not taken away for
the sake of a better one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from typing import Any

import ibis

from dunwell.portfolio import schema
from dunwell.portfolio.fair import Agent, Lane, Share, in_order, share_out

BEST_FIRST = ("priority", "dpd", "past_due_minor")


def allocate(cases: ibis.Table, agents: ibis.Table) -> ibis.Table:
    """Return ``schema.ASSIGNMENTS``: one row for every case; NULL where nobody takes it.

    ``cases`` keeps ``schema.CASES_TO_ALLOCATE``, ``agents`` ``schema.AGENTS``: one row a
    collector and queue, with the languages he speaks. A case without a language goes to
    anybody skilled for its queue. A queue that nobody serves stays unassigned.

    Counts are read at once, when this is called; the result is an expression to run.
    Both tables are read twice: give it tables that are kept, not long computations.

    :raises schema.WrongColumns: if a column is missing or of another type
    """
    schema.check(cases, schema.CASES_TO_ALLOCATE)
    schema.check(agents, schema.AGENTS)
    # A queue named twice on one collector must not double his cases.
    able = agents.filter(agents.available & (agents.capacity > 0)).distinct()
    held = _held(cases, able)
    people = _people(able)
    lanes = _lanes(held, people)
    shares = share_out(lanes, list(people.values()))
    given = _given(held, lanes, shares)
    collector = ibis.coalesce(given.holder, given.taker)
    given = given.select("case_id", collector_id=collector)
    teams = able.select("team_id", who="agent_id").distinct()
    both = given.left_join(teams, given.collector_id == teams.who)
    return both.select("case_id", "team_id", "collector_id")


def _held(cases: ibis.Table, able: ibis.Table) -> ibis.Table:
    """Add ``holder``: the collector who keeps the case, else NULL."""
    language = cases.language.nullif("")
    cases = cases.mutate(language=language)
    may = able.select("agent_id", "capacity", "languages", skill="queue")
    both = cases.left_join(may, (cases.collector_id == may.agent_id) & (cases.queue == may.skill))
    speaks = both.language.isnull() | both.languages.contains(both.language)
    keeps = ibis.cases((speaks.fill_null(False), both.agent_id))
    ranked = both.mutate(keeps=keeps)
    place = ibis.row_number().over(group_by=ranked.keeps, order_by=_best_first(ranked))
    placed = ranked.mutate(place=place)
    return placed.mutate(holder=ibis.cases((placed.place < placed.capacity, placed.keeps))).select(
        *cases.columns, "holder"
    )


def _best_first(cases: ibis.Table) -> list[Any]:
    return [*(cases[name].desc() for name in BEST_FIRST), cases.case_key.asc()]


def _people(able: ibis.Table) -> dict[int, Agent]:
    """Return the able collectors by id, in the order of their keys."""
    people: dict[int, Agent] = {}
    for row in able.order_by("agent_key").to_pyarrow().to_pylist():
        new = Agent(row["agent_id"], row["capacity"], set(), set())
        person = people.setdefault(row["agent_id"], new)
        person.queues.add(row["queue"])
        person.languages.update(row["languages"] or ())
    return people


def _lanes(held: ibis.Table, people: dict[int, Agent]) -> list[Lane]:
    """Count what waits, in the order it is served; load the collectors with what they keep."""
    counted = held.group_by("queue", "language", "holder").aggregate(cases=held.count())
    lanes = []
    for row in counted.to_pyarrow().to_pylist():
        if row["holder"] is not None:
            people[row["holder"]].load += row["cases"]
        elif row["queue"] is not None:
            lanes.append(Lane(row["queue"], row["language"], row["cases"]))
    return in_order(lanes, list(people.values()))


def _given(held: ibis.Table, lanes: Sequence[Lane], shares: Sequence[Share]) -> ibis.Table:
    """Add ``taker``: to whom each waiting case goes."""
    if not shares:
        return held.mutate(taker=ibis.null("int64"))
    branches = [
        ((held.queue == lane.queue) & held.language.identical_to(_text(lane.language)), number)
        for number, lane in enumerate(lanes)
    ]
    number = ibis.cases((held.holder.notnull(), None), *branches).cast("int64")
    waiting = held.mutate(lane=number)
    place = ibis.row_number().over(group_by=waiting.lane, order_by=_best_first(waiting))
    waiting = waiting.mutate(place=place)
    slots = _slots(shares)
    both = waiting.left_join(slots, (waiting.lane == slots.lane) & (waiting.place == slots.place))
    return both.select("case_id", "holder", "taker")


def _slots(shares: Sequence[Share]) -> ibis.Table:
    """Return one row a slot: lane, place in the lane (from 0) and who takes that place.

    The shares travel as text within the query, so that it can be run anywhere without
    a table being registered first; as literals they would take seconds to compile.
    """
    names = [field.name for field in fields(Share)]
    written = ";".join(",".join(map(str, astuple(share))) for share in shares)
    lines = ibis.literal(written).split(";").unnest().name("line").as_table()
    parts = lines.select(part=lines.line.split(","))
    share = parts.select(**{name: parts.part[at].cast("int64") for at, name in enumerate(names)})
    each = share.mutate(nth=ibis.range(0, share.take).unnest())
    each = each.mutate(level=each.load + each.nth)
    place = ibis.row_number().over(group_by=each.lane, order_by=[each.level, each.seat])
    return each.select("lane", place=place, taker="agent_id")


def _text(value: str | None) -> Any:
    return ibis.null("string") if value is None else ibis.literal(value)
