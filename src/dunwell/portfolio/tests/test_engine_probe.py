"""The expressions that the engine rests on, with the values every engine must give.

A second engine (Spark) may take over only if it gives these too. What is known to differ
stays out of the package: ``hash``, decimals times floats, division by zero, dates taken
from instants, in-memory tables with NULL decimals. Run here on DuckDB.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pytest

from dunwell.portfolio.tests.rows import rows_of, table
from dunwell.portfolio.totals import total

ROWS = [
    {"n": 1, "text": "abc", "day": date(2028, 2, 28), "flag": True, "list": ["zh", "en"]},
    {"n": 2, "text": None, "day": None, "flag": None, "list": None},
    {"n": 2**62, "text": "", "day": date(2028, 3, 1), "flag": False, "list": []},
]
KINDS = {"n": "int64", "text": "string", "day": "date", "flag": "boolean", "list": "array<string>"}
T = table(KINDS, ROWS)
SHA_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
SHA_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

PROBES: list[tuple[str, Any, list[Any]]] = [
    ("days to a date literal", ibis.literal(date(2028, 3, 1)).delta(T.day, unit="day"), [2, None, 0]),
    ("sha256 as hex", T.text.hexdigest("sha256"), [SHA_ABC, None, SHA_EMPTY]),
    ("place of a hex digit", ibis.literal("0123456789abcdef").find(T.text.substr(1, 1)), [11, None, 0]),
    ("64-bit remainder", T.n % 10_000, [1, 2, 2**62 % 10_000]),
    ("null in an and-ed case", ibis.cases(((T.n > 0) & T.flag, 1), else_=0), [1, 0, 0]),
    ("null in an or-ed case", ibis.cases((T.flag | (T.n == 2), 1), else_=0), [1, 1, 0]),
    ("a case without else", ibis.cases((T.n == 1, "one")), ["one", None, None]),
    ("is in", ibis.cases((T.text.isin(["abc", ""]), 1), else_=0), [1, 0, 1]),
    ("not in", ibis.cases((T.text.notin(["x"]), 1), else_=0), [1, 0, 1]),
    ("same or both null", T.text.identical_to(ibis.null("string")), [False, True, False]),
    ("a list holds", T.list.contains("en").fill_null(False), [True, False, False]),
    ("null if", T.text.nullif(""), ["abc", None, None]),
    ("coalesce", ibis.coalesce(T.text, ibis.literal("?")), ["abc", "?", ""]),
    ("number to text", T.n.cast("string"), ["1", "2", str(2**62)]),
    (
        "rank, best first, from 0, nulls last",
        ibis.row_number().over(order_by=[T.day.desc(), T.n.asc()]),
        [1, 2, 0],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expression", "expected"), PROBES, ids=[p[0] for p in PROBES])
def test_an_expression_gives_the_value_that_every_engine_must_give(name, expression, expected):
    found = rows_of(T.select("n", value=expression).order_by("n"))

    assert [row["value"] for row in found] == expected, name


def test_a_sum_beyond_half_the_range_stays_whole():
    assert total(T.n).to_pyarrow().as_py() == 2**62 + 3


def test_a_sum_of_nothing_is_zero():
    assert total(T.n, T.n < 0).to_pyarrow().as_py() == 0


def test_text_splits_into_rows_of_numbers():
    lines = ibis.literal("1,20;3,40").split(";").unnest().name("line").as_table()
    parts = lines.select(part=lines.line.split(","))

    found = rows_of(parts.select(a=parts.part[0].cast("int64"), b=parts.part[1].cast("int64")))

    assert sorted(tuple(row.values()) for row in found) == [(1, 20), (3, 40)]


def test_a_range_unfolds_into_rows():
    counts = T.filter(T.n < 3).select("n")

    found = rows_of(counts.mutate(nth=ibis.range(0, counts.n).unnest()))

    assert sorted((row["n"], row["nth"]) for row in found) == [(1, 0), (2, 0), (2, 1)]
