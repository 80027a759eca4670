"""Rows to tables and back, for tests of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ibis
import pyarrow as pa

Row = Mapping[str, Any]


def table(schema: Mapping[str, str], rows: Iterable[Row]) -> ibis.Table:
    """Return a table with the columns of ``schema`` and these rows."""
    arrow = pa.Table.from_pylist([dict(row) for row in rows], ibis.schema(schema).to_pyarrow())
    return ibis.memtable(arrow)


def rows_of(expression: ibis.Table) -> list[dict[str, Any]]:
    return expression.to_pyarrow().to_pylist()


def by(key: str, rows: Sequence[Row]) -> dict[Any, Row]:
    """Return the rows by a key that must be unique."""
    found = {row[key]: row for row in rows}
    assert len(found) == len(rows)
    return found
