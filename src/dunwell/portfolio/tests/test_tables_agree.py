"""Random tables, random facts: the compiled table and plain Python decide alike."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dunwell.kernel.refusal import Refused
from dunwell.portfolio.cells import BadCell, parse
from dunwell.portfolio.sheets import from_json, from_rows, to_rows
from dunwell.portfolio.tables import DecisionTable, decide_row, to_json
from dunwell.portfolio.tables_ibis import COLUMN_TYPES, decide
from dunwell.portfolio.tests.rows import rows_of, table

NUMBERS = st.integers(-3, 8)
PARTS = {
    "int": st.one_of(
        NUMBERS.map(str),
        st.tuples(NUMBERS, NUMBERS).map(lambda ends: f"{min(ends)}..{max(ends)}"),
        st.tuples(st.sampled_from(["<", "<=", ">", ">="]), NUMBERS).map(lambda p: f"{p[0]}{p[1]}"),
        st.just("null"),
    ),
    "text": st.sampled_from(["S", "M", "L", "it's", "中", "null"]),
    "bool": st.sampled_from(["true", "false", "null"]),
}
VALUES = {
    "int": st.none() | st.integers(-5, 10),
    "text": st.none() | st.sampled_from(["S", "M", "L", "XL", "", "it's", "中", "null"]),
    "bool": st.none() | st.booleans(),
}
OUTPUTS = {
    "int": st.none() | st.integers(-(2**62), 2**62),
    "text": st.sampled_from([None, "sms", "call", "a, b", "it's"]),
    "bool": st.none() | st.booleans(),
}
KINDS = st.lists(st.sampled_from(["int", "text", "bool"]), min_size=1, max_size=3)


def cells(kind: str) -> st.SearchStrategy[str]:
    lists = st.lists(PARTS[kind], min_size=1, max_size=3).map(",".join)
    return st.one_of(st.sampled_from(["", "-"]), lists, lists.map(lambda text: f"not({text})"))


@st.composite
def tables_and_facts(draw: st.DrawFn) -> tuple[list[str], list[list[Any]], list[dict[str, Any]]]:
    inputs, outputs = draw(KINDS), draw(KINDS)
    header = [f"in:i{at}:{kind}" for at, kind in enumerate(inputs)]
    header += [f"out:o{at}:{kind}" for at, kind in enumerate(outputs)]
    outs = [OUTPUTS[kind] for kind in outputs]
    row = st.tuples(*map(cells, inputs), *outs).map(list)
    last = st.tuples(*(st.just("-") for _ in inputs), *outs).map(list)
    fact = st.fixed_dictionaries({f"i{at}": VALUES[kind] for at, kind in enumerate(inputs)})
    rows = [*draw(st.lists(row, max_size=6)), draw(last)]
    return header, rows, draw(st.lists(fact, min_size=1, max_size=30))


def reachable(header: list[str], rows: list[list[Any]]) -> DecisionTable | None:
    """Return the table without the rows that are refused, None if none is left."""
    kept = list(rows)
    while kept:
        try:
            return from_rows(header, kept, code="t", version=1)
        except Refused as refused:
            kept = [row for at, row in enumerate(kept, 2) if at != refused.refusals[0].row]
    return None


@settings(max_examples=150, deadline=None)
@given(drawn=tables_and_facts())
def test_the_engine_decides_as_plain_python_does(drawn):
    header, rows, facts = drawn
    rules = reachable(header, rows)
    assume(rules is not None)
    inputs = {column.name: COLUMN_TYPES[column.type] for column in rules.inputs}
    numbered = [{**fact, "n": number} for number, fact in enumerate(facts)]

    found = rows_of(decide(rules, table({**inputs, "n": "int64"}, numbered)))

    expected = []
    for fact in numbered:
        outputs, rule_row = decide_row(rules, fact)
        expected.append({**fact, **outputs, "rule_row": rule_row})
    assert sorted(found, key=lambda row: row["n"]) == expected


@settings(max_examples=150, deadline=None)
@given(drawn=tables_and_facts())
def test_any_table_survives_the_sheet_and_json(drawn):
    header, rows, _ = drawn
    rules = reachable(header, rows)
    assume(rules is not None)

    assert from_rows(*to_rows(rules), code="t", version=1) == rules
    assert from_json(to_json(rules)) == rules


@settings(max_examples=200, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["int", "text", "bool"]))
def test_a_cell_that_covers_another_meets_all_that_it_meets(data, kind):
    try:
        wide, narrow = (parse(data.draw(cells(kind)), kind) for _ in range(2))
    except BadCell:
        assume(False)
    value = data.draw(VALUES[kind])

    if wide.covers(narrow) and narrow.meets(value):
        assert wide.meets(value)
