"""Who works each case from today: a collector, or the pool of a team, and never nobody."""

from __future__ import annotations

import ibis

from dunwell.daybook.engine import Engine
from dunwell.portfolio.allocation import allocate

# Languages are compared by their primary subtag.
PEOPLE = """
select a.id as agent_id, a.username as agent_key, a.team_id, t.code as team_code,
       a.capacity::bigint as capacity, a.available, a.queues::text[] as queues,
       array(select lower(split_part(replace(said, '_', '-'), '-', 1))
             from unnest(a.languages) said)::text[] as languages
from staff_agent a join staff_team t on t.id = a.team_id
where a.role = 'collector' and a.is_active
"""
TEAMS = """
select t.id as team_id, t.code as team_code, exists (
    select from staff_agent a where a.team_id = t.id and a.is_active and a.role = 'lead') as is_led
from staff_team t
"""
TO_ALLOCATE = ("queue", "priority", "past_due_minor")


def allocations(engine: Engine, treated: ibis.Table) -> ibis.Table:
    """Return who works each cardholder's case: party_id, team_id, collector_id.

    Who has a promise open stays with his collector while that one is at work, whatever
    queue the case waits in. What nobody has room for waits in the pool of a team that
    serves its queue (:func:`pools`).
    """
    people = engine.query("people", PEOPLE)
    kept = engine.keep("kept", promised(treated, people))
    agents = engine.keep("agent", seats(people, kept))
    waiting = treated.anti_join(kept, "party_id")
    wanted = engine.keep(
        "to_allocate",
        waiting.select(
            *TO_ALLOCATE,
            case_id="party_id",
            # Parties are numbered in the order of the files, so ties fall alike.
            case_key=waiting.party_id.cast("string").lpad(19, "0"),
            language=waiting.speaks,
            dpd=waiting.dpd.cast("int64"),
            collector_id=waiting.held_by,
        ),
    )
    given = engine.keep("allocated", allocate(wanted, agents)).rename(party_id="case_id")
    left = given.filter(given.collector_id.isnull()).select("party_id")
    left = treated.semi_join(left, "party_id").select("party_id", "queue", "stage", "was_team")
    pooled = engine.keep("pooled", pools(engine, left, agents, _worked(treated, given)))
    taken = given.filter(given.collector_id.notnull())
    return ibis.union(
        taken.select("party_id", "team_id", "collector_id"),
        kept.select("party_id", "team_id", "collector_id"),
        pooled.mutate(collector_id=ibis.null("int64")),
    )


def promised(treated: ibis.Table, people: ibis.Table) -> ibis.Table:
    """Return the cases that stay where they are because a promise is open."""
    waits = treated.filter((treated.promise == "open") & treated.held_by.notnull())
    there = people.filter(people.available).select("team_id", collector_id="agent_id")
    both = waits.inner_join(there, waits.held_by == there.collector_id)
    return both.select("party_id", "team_id", "collector_id")


def seats(people: ibis.Table, kept: ibis.Table) -> ibis.Table:
    """Return a row a collector and queue (``schema.AGENTS``) with the room he has left."""
    held = kept.group_by(who="collector_id").aggregate(held=kept.count())
    both = people.filter(people.capacity > 0).left_join(held, people.agent_id == held.who)
    room = ibis.greatest(both.capacity - both.held.fill_null(0), 0)
    return both.select(
        "agent_id", "agent_key", "team_id", "team_code", "available", "languages",
        capacity=room, queue=both.queues.unnest(),
    )  # fmt: skip


def pools(engine: Engine, left: ibis.Table, agents: ibis.Table, worked: ibis.Table) -> ibis.Table:
    """Return in whose pool each case waits: party_id, team_id.

    A case keeps its team while that serves its queue; else the teams that do share the
    queue by the party's number. Where nobody serves it, it keeps its team if that has a
    lead; else it goes to the team that works most cases of its stage; else to the first
    team by code, one with a lead before one without.
    """
    serving = agents.select("queue", "team_id", "team_code").distinct()
    serving = engine.keep(
        "serving",
        serving.mutate(
            seat=ibis.row_number().over(group_by="queue", order_by="team_code"),
            teams=serving.count().over(group_by="queue"),
        ),
    )
    own = serving.select(own="team_id", own_queue="queue")
    size = serving.select("queue", "teams").distinct()
    shared = serving.select(next_team="team_id", next_queue="queue", next_seat="seat")
    led = engine.query("team", TEAMS)
    stays = led.filter(led.is_led).select(led_team="team_id")
    first = led.order_by(led.is_led.desc(), "team_code").limit(1).select(first_team="team_id")
    both = left.left_join(size, "queue").drop("queue_right")
    both = both.left_join(own, (both.queue == own.own_queue) & (both.was_team == own.own))
    turn = both.party_id % both.teams
    both = both.left_join(shared, (both.queue == shared.next_queue) & (turn == shared.next_seat))
    both = both.left_join(stays, both.was_team == stays.led_team)
    both = both.left_join(worked, "stage").drop("stage_right")
    both = both.left_join(first, True)
    return both.select(
        "party_id",
        team_id=ibis.coalesce(
            both.own, both.next_team, both.led_team, both.stage_team, both.first_team
        ),
    )


def _worked(treated: ibis.Table, given: ibis.Table) -> ibis.Table:
    """Return the team that works most cases of each stage: stage, stage_team."""
    both = given.filter(given.team_id.notnull()).inner_join(
        treated.select("party_id", "stage"), "party_id"
    )
    counted = both.group_by("stage", "team_id").aggregate(cases=both.count())
    place = ibis.row_number().over(
        group_by="stage", order_by=[counted.cases.desc(), counted.team_id]
    )
    placed = counted.mutate(place=place)
    return placed.filter(placed.place == 0).select("stage", stage_team="team_id")
