"""Why this treatment: the table, its version and the row that decided, with the facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dunwell.cases.models import Case, Entry
from dunwell.portfolio.tables import decide_row
from dunwell.strategy.models import TableVersion
from dunwell.strategy.queries import table_of


@dataclass(frozen=True, slots=True)
class Test:
    """One condition of the row: what it asks, and what the case answered."""

    fact: str
    asks: str
    value: Any


@dataclass(frozen=True, slots=True)
class Why:
    """The answer for one case. ``tests`` are only the conditions that the row makes."""

    code: str
    version: int
    row: int
    note: str
    tests: tuple[Test, ...]
    facts: dict[str, Any]
    same_again: bool


def why(case: Case) -> Why | None:
    """Return why the case has its treatment, or None where no table chose it yet.

    ``same_again`` says whether the kept facts still lead to the kept row: a proof, made
    each time it is asked.
    """
    if case.table_version is None:
        return None
    version = TableVersion.objects.only("pk", "sha256", "code", "version").get(
        code=case.table_code, version=case.table_version
    )
    table = table_of(version)
    rule = table.rules[(case.table_row or 1) - 1]
    facts = _facts(case)
    tests = tuple(
        Test(column.name, cell, facts.get(column.name))
        for column, cell in zip(table.inputs, rule.cells, strict=True)
        if cell
    )
    known = all(column.name in facts for column in table.inputs)
    again = known and decide_row(table, facts)[1] == case.table_row
    return Why(version.code, version.version, rule.number, rule.note, tests, facts, again)


def _facts(case: Case) -> dict[str, Any]:
    entry = Entry.objects.filter(case=case, kind="treatment").order_by("-id").only("data").first()
    found: dict[str, Any] = entry.data.get("facts", {}) if entry else {}
    return found
