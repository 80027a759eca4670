"""What the engine must say, worked out row by row in plain Python.

Nothing here knows the engine's own code: two roads, one result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

Row = Mapping[str, Any]


def aged(
    row: Row, *, day: date, grace_days: int, tolerance_minor: int, ladder: str
) -> dict[str, Any]:
    days = 0
    if row["oldest_unpaid_due_on"] is not None and row["past_due_minor"] > tolerance_minor:
        since = (day - row["oldest_unpaid_due_on"]).days
        if since > grace_days:
            days = since
    return {
        **row,
        "overdue": days > 0,
        "dpd": days,
        "bucket": bucket(days),
        "asset_class": asset_class(days, ladder),
    }


def bucket(days: int) -> int:
    if days == 0:
        return 0
    return 7 if days > 180 else (days - 1) // 30 + 1


def asset_class(days: int, ladder: str) -> str:
    names = ["normal", "special_mention", "substandard", "doubtful", "loss"]
    card = (days > 0) + (days > 90) + (days > 120) + (days > 180)
    general = (days > 0) + (days > 90) + (days > 270) + (days > 360)
    ranks = {"card": card, "general": general, "stricter": max(card, general)}
    return names[ranks[ladder]]


def cardholder(accounts: Sequence[Row]) -> dict[str, Any]:
    """One party's row from his aged accounts."""
    overdue = [row for row in accounts if row["overdue"]]
    return {
        "party_id": accounts[0]["party_id"],
        "bucket": max(row["bucket"] for row in accounts),
        "dpd": max(row["dpd"] for row in accounts),
        "oldest_unpaid_due_on": min((row["oldest_unpaid_due_on"] for row in overdue), default=None),
        "past_due_minor": sum(row["past_due_minor"] for row in accounts),
        "balance_minor": sum(row["balance_minor"] for row in accounts),
        "overdue_accounts": len(overdue),
        "accounts": len(accounts),
        "charged_off": any(row["charged_off"] for row in overdue),
    }


def assigned(cases: Iterable[Row], agents: Iterable[Row]) -> dict[int, int | None]:
    """Case by case: who holds it, or the least loaded who may take it."""
    people = _people(agents)
    cases = sorted(
        cases,
        key=lambda c: (-c["priority"], -c["dpd"], -c["past_due_minor"], c["case_key"]),
    )
    holder: dict[int, int | None] = {case["case_id"]: None for case in cases}
    load = dict.fromkeys(people, 0)
    for case in cases:
        person = people.get(case["collector_id"])
        if person and _may(person, case) and load[person["agent_id"]] < person["capacity"]:
            holder[case["case_id"]] = person["agent_id"]
            load[person["agent_id"]] += 1
    for queue, language in _lanes(cases, holder, people):
        for case in cases:
            if (case["queue"], case["language"]) != (queue, language):
                continue
            if holder[case["case_id"]] is not None:
                continue
            room = [
                (load[who], person["agent_key"], who)
                for who, person in people.items()
                if _may(person, case) and load[who] < person["capacity"]
            ]
            if room:
                who = min(room)[2]
                holder[case["case_id"]] = who
                load[who] += 1
    return holder


def _people(agents: Iterable[Row]) -> dict[int, dict[str, Any]]:
    people: dict[int, dict[str, Any]] = {}
    for row in agents:
        if row["available"] and row["capacity"] > 0:
            person = people.setdefault(row["agent_id"], {**row, "queues": set()})
            person["queues"].add(row["queue"])
    return people


def _may(person: Row, case: Row) -> bool:
    speaks = case["language"] is None or case["language"] in person["languages"]
    return case["queue"] in person["queues"] and speaks


def _lanes(
    cases: Sequence[Row], holder: Mapping[int, int | None], people: Mapping[int, Row]
) -> list[tuple[str, str | None]]:
    lanes = {}
    for case in cases:
        if holder[case["case_id"]] is None:
            able = sum(_may(person, case) for person in people.values())
            lanes[case["queue"], case["language"]] = able
    return sorted(lanes, key=lambda lane: (lanes[lane], lane[0], lane[1] is None, lane[1] or ""))
