"""Decision tables over whole tables of facts: compiled to Ibis expressions."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_
from typing import Any

import ibis

from dunwell.portfolio import schema
from dunwell.portfolio.cells import Condition, Numbers, Span, Value, is_anything
from dunwell.portfolio.tables import DecisionTable

COLUMN_TYPES = {"int": "int64", "text": "string", "bool": "boolean"}


def decide(table: DecisionTable, facts: ibis.Table) -> ibis.Table:
    """Add each output column and ``rule_row``, the number of the rule that decided.

    ``facts`` has every input with its type; other columns pass through. Outputs are
    int64, string or boolean; ``rule_row`` is int32.

    :raises schema.WrongColumns: if an input is missing or of another type
    :raises ValueError: if ``facts`` already has an output or ``rule_row``
    """
    inputs = {column.name: COLUMN_TYPES[column.type] for column in table.inputs}
    schema.check(facts, inputs)
    clash = {"rule_row", *(column.name for column in table.outputs)} & set(facts.columns)
    if clash:
        raise ValueError(f"The facts already have {', '.join(sorted(clash))}.")
    found = facts.mutate(rule_row=_first_that_fits(table, facts).cast("int32"))
    return found.mutate(
        **{
            column.name: _output(
                found.rule_row,
                {rule.number: rule.outputs[place] for rule in table.rules},
                COLUMN_TYPES[column.type],
            )
            for place, column in enumerate(table.outputs)
        }
    ).relocate("rule_row", after=table.outputs[-1].name)


def _first_that_fits(table: DecisionTable, facts: ibis.Table) -> Any:
    *rules, last = table.rules
    branches = []
    for rule in rules:
        tests = [
            _meets(facts[column.name], condition)
            for column, condition in zip(table.inputs, rule.conditions, strict=True)
            if not is_anything(condition)
        ]
        branches.append((reduce(and_, tests), rule.number))
    # A table of one rule has no branches, which SQL's CASE does not allow.
    return ibis.cases(*branches, else_=last.number) if branches else ibis.literal(last.number)


def _meets(column: Any, condition: Condition) -> Any:
    """Return the test; over NULL it is true or NULL, and a CASE takes NULL for no."""
    if isinstance(condition, Numbers):
        tests = [_within(column, span) for span in condition.spans]
    elif condition.turned:
        tests = [column.notin(condition.values) if condition.values else column.notnull()]
    else:
        tests = [column.isin(condition.values)] if condition.values else []
    if condition.null:
        tests.append(column.isnull())
    return reduce(or_, tests)


def _within(column: Any, span: Span) -> Any:
    low, high = span
    if low is None:
        return column.notnull() if high is None else column <= high
    if low == high:
        return column == low
    return column >= low if high is None else column.between(low, high)


def _output(rule_row: Any, by_rule: dict[int, Value], kind: str) -> Any:
    """Return the value of the rule that decided; rules of one value share a branch."""
    rules_of: dict[Value, list[int]] = {}
    for number, value in by_rule.items():
        rules_of.setdefault(value, []).append(number)
    branches = [
        (rule_row.isin(numbers), ibis.literal(value, type=kind))
        for value, numbers in rules_of.items()
        if value is not None
    ]
    missing = ibis.null(kind)
    return ibis.cases(*branches, else_=missing) if branches else missing
