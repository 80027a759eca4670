from __future__ import annotations

import random
from collections import Counter
from typing import Any

import ibis
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.portfolio import schema
from dunwell.portfolio.allocation import allocate
from dunwell.portfolio.fair import Agent, Lane, share_out
from dunwell.portfolio.tests import oracle
from dunwell.portfolio.tests.rows import by, rows_of, table

Row = dict[str, Any]


def case(case_id: int, **changed: Any) -> Row:
    row = {
        "case_id": case_id,
        "case_key": f"case-{case_id:04}",
        "queue": "early",
        "language": None,
        "priority": 100,
        "dpd": 10,
        "past_due_minor": 5_000,
        "collector_id": None,
    }
    return {**row, **changed}


def agent(agent_id: int, *queues: str, **changed: Any) -> list[Row]:
    row = {
        "agent_id": agent_id,
        "agent_key": f"agent-{agent_id:03}",
        "team_id": 900 + agent_id,
        "languages": ["zh"],
        "capacity": 10,
        "available": True,
    }
    return [{**row, "queue": queue, **changed} for queue in queues or ("early",)]


def collectors(cases: list[Row], *agents: list[Row]) -> dict[int, int | None]:
    """Return who got each case."""
    flat = [row for rows in agents for row in rows]
    found = allocate(table(schema.CASES_TO_ALLOCATE, cases), table(schema.AGENTS, flat))
    assigned = by("case_id", rows_of(found))
    return {case_id: row["collector_id"] for case_id, row in assigned.items()}


def test_the_best_case_goes_to_the_least_loaded():
    cases = [case(1, collector_id=1), case(2, priority=500), case(3, priority=400)]

    assert collectors(cases, agent(1), agent(2)) == {1: 1, 2: 2, 3: 1}


def test_between_equal_loads_the_smaller_key_comes_first():
    swapped = agent(1, agent_key="z"), agent(2, agent_key="a")

    assert collectors([case(1)], *swapped) == {1: 2}


def test_priority_then_days_then_amount_then_key_decide_who_gets_the_last_place():
    one_place = agent(1, capacity=1)
    equal = case(1)
    for better in ({"priority": 101}, {"dpd": 11}, {"past_due_minor": 5_001}, {"case_key": "a"}):
        assert collectors([equal, case(2, **better)], one_place) == {1: None, 2: 1}


def test_a_collector_keeps_his_case_though_another_has_less():
    cases = [case(number, collector_id=1) for number in range(5)]

    assert set(collectors(cases, agent(1), agent(2)).values()) == {1}


def test_who_has_less_room_now_keeps_his_best():
    cases = [case(n, collector_id=1, priority=n) for n in range(4)]

    assert collectors(cases, agent(1, capacity=2), agent(2)) == {0: 2, 1: 2, 2: 1, 3: 1}


def test_a_collector_away_loses_his_cases_to_others():
    assert collectors([case(1, collector_id=1)], agent(1, available=False), agent(2)) == {1: 2}


def test_a_case_that_moved_to_another_queue_leaves_who_cannot_serve_it():
    cases = [case(1, collector_id=1, queue="legal")]

    assert collectors(cases, agent(1, "early"), agent(2, "legal")) == {1: 2}


def test_a_collector_who_left_is_replaced():
    assert collectors([case(1, collector_id=77)], agent(1)) == {1: 1}


def test_a_queue_that_nobody_serves_stays_unassigned():
    assert collectors([case(1, queue="self_serve")], agent(1)) == {1: None}


def test_a_case_without_a_queue_stays_unassigned():
    assert collectors([case(1, queue=None)], agent(1)) == {1: None}


def test_a_language_needs_somebody_who_speaks_it():
    cases = [case(1, language="en"), case(2, language="fr", collector_id=1)]

    assert collectors(cases, agent(1), agent(2, languages=["zh", "en"])) == {1: 2, 2: None}


def test_an_empty_language_is_none():
    assert collectors([case(1, language="")], agent(1, languages=[])) == {1: 1}


def test_the_versatile_are_not_spent_where_others_would_do():
    cases = [case(1, queue="early", priority=999), case(2, queue="legal")]

    found = collectors(cases, agent(1, "early", "legal", capacity=1), agent(2, "early"))

    assert found == {1: 2, 2: 1}


def test_a_queue_written_twice_on_a_collector_counts_once():
    assert collectors([case(1, collector_id=1), case(2)], agent(1, "early", "early")) == {
        1: 1,
        2: 1,
    }


def test_without_collectors_nobody_gets_anything():
    assert collectors([case(1)], agent(1, available=False)) == {1: None}


def test_without_cases_there_is_nothing():
    assert collectors([], agent(1)) == {}


def test_the_team_is_the_collectors():
    found = allocate(
        table(schema.CASES_TO_ALLOCATE, [case(1), case(2, queue="none")]),
        table(schema.AGENTS, agent(1)),
    )

    assert [row["team_id"] for row in sorted(rows_of(found), key=lambda r: r["case_id"])] == [
        901,
        None,
    ]


def test_the_result_can_be_run_as_plain_sql():
    con = ibis.duckdb.connect()
    cases = con.create_table("todo", table(schema.CASES_TO_ALLOCATE, [case(1)]).to_pyarrow())
    agents = con.create_table("agent", table(schema.AGENTS, agent(1)).to_pyarrow())

    sql = ibis.to_sql(allocate(cases, agents), "duckdb")

    assert con.raw_sql(sql).fetchall() == [(1, 901, 1)]


def test_shares_rise_to_one_level_and_the_rest_goes_by_order():
    agents = [
        Agent(1, 9, {"q"}, set(), load=4),
        Agent(2, 2, {"q"}, set()),
        Agent(3, 9, {"q"}, set()),
        Agent(4, 9, {"q"}, set()),
    ]

    shares = share_out([Lane("q", None, 9)], agents)

    assert {share.agent_id: share.take for share in shares} == {2: 2, 3: 4, 4: 3}


QUEUES = st.sampled_from(["early", "late", "legal"])
CASES = st.lists(
    st.builds(
        dict,
        queue=QUEUES | st.just("self_serve"),
        language=st.sampled_from([None, None, "zh", "en"]),
        priority=st.integers(0, 2),
        dpd=st.integers(0, 2),
        past_due_minor=st.integers(0, 1),
        collector_id=st.none() | st.integers(1, 6),
    ),
    max_size=40,
)
AGENTS = st.lists(
    st.builds(
        dict,
        queues=st.sets(QUEUES, min_size=1),
        languages=st.sampled_from([["zh"], ["en"], ["zh", "en"], []]),
        capacity=st.integers(0, 7),
        available=st.sampled_from([True, True, True, False]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=80, deadline=None)
@given(drawn=CASES, staff=AGENTS, order=st.randoms(use_true_random=False))
def test_it_is_what_giving_out_one_by_one_gives_in_any_order(
    drawn: list[Row], staff: list[Row], order: random.Random
):
    cases = [case(number, **one) for number, one in enumerate(drawn)]
    agents = []
    for number, one in enumerate(staff, start=1):
        queues = sorted(one.pop("queues"))
        agents.append(agent(number, *queues, **one))
    shuffled = order.sample(cases, len(cases)), order.sample(agents, len(agents))

    found = collectors(shuffled[0], *shuffled[1])

    flat = [row for rows in agents for row in rows]
    assert found == oracle.assigned(cases, flat)
    _keeps_its_promises(cases, flat, found)


def _keeps_its_promises(cases: list[Row], agents: list[Row], found: dict[int, int | None]) -> None:
    load = Counter(found.values())
    able = [row for row in agents if row["available"]]
    for row in able:
        assert load[row["agent_id"]] <= row["capacity"], "over capacity"
    for one in cases:
        takers = {
            row["agent_id"]
            for row in able
            if row["queue"] == one["queue"]
            and (one["language"] is None or one["language"] in row["languages"])
        }
        capacity = {row["agent_id"]: row["capacity"] for row in able}
        who = found[one["case_id"]]
        if who is None:
            idle = [taker for taker in takers if load[taker] < capacity[taker]]
            assert not idle, "a case waits while one who could take it has room"
        else:
            assert who in takers, "given to somebody without the skill"
        holds = one["collector_id"]
        if holds in takers and who != holds:
            assert load[holds] == capacity[holds], "taken from who had room to keep it"
