"""Decision tables in the sense of DMN, hit policy *first*: the first rule that fits decides.

A table is a sheet that analysts keep in a spreadsheet. Its header names the columns,
``in:bucket:int``, ``out:treatment:text`` and, if wanted, ``note``; each later row is a
rule (cells: see ``cells``). The last rule must fit everything, so that every case is
decided. ``tables_ibis.decide`` decides a whole table of facts, ``decide_row`` one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dunwell.portfolio.cells import Condition, Value


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and type: ``int`` (64 bits), ``text`` or ``bool``."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. ``number`` counts from 1; ``cells`` are as written, in the inputs' order."""

    number: int
    cells: tuple[str, ...]
    conditions: tuple[Condition, ...]
    outputs: tuple[Value, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A checked table: made by ``sheets.from_rows`` or ``sheets.from_json`` only."""

    code: str
    version: int
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rules: tuple[Rule, ...]


def decide_row(table: DecisionTable, facts: Mapping[str, Any]) -> tuple[dict[str, Value], int]:
    """Return the outputs by name and the number of the rule that decided.

    ``facts`` holds a value or None for every input; others are not looked at.

    :raises KeyError: if an input is missing from ``facts``
    """
    values = [facts[column.name] for column in table.inputs]
    for rule in table.rules:
        if all(
            condition.meets(value) for condition, value in zip(rule.conditions, values, strict=True)
        ):
            names = (column.name for column in table.outputs)
            return dict(zip(names, rule.outputs, strict=True)), rule.number
    raise AssertionError("A checked table ends with a rule that fits everything.")


def to_data(table: DecisionTable) -> dict[str, Any]:
    """Return the table as plain lists and dictionaries, for a JSON column."""
    return {
        "code": table.code,
        "version": table.version,
        "inputs": [[column.name, column.type] for column in table.inputs],
        "outputs": [[column.name, column.type] for column in table.outputs],
        "rules": [
            {"cells": list(rule.cells), "outputs": list(rule.outputs), "note": rule.note}
            for rule in table.rules
        ],
    }


def to_json(table: DecisionTable) -> str:
    """Return the canonical JSON: sorted keys, no spaces, the same text for equal tables."""
    return json.dumps(to_data(table), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(table: DecisionTable) -> str:
    """Return the hex digest of the canonical JSON in UTF-8."""
    return hashlib.sha256(to_json(table).encode()).hexdigest()
