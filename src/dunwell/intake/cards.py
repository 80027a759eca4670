"""Full card numbers: found wherever they stand, never kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pyarrow as pa

from dunwell.intake.checks import LONG_DIGITS, national_id_is_right, text
from dunwell.intake.faults import Finding
from dunwell.intake.layout import Column, Kind, Type
from dunwell.kernel.cards import masked

# A reference of a bank is often as long as a card number and fits the check by chance.
_KEY = re.compile(r"(?:^|[^0-9-])(?:4|5[1-5]|6[0245]|3[0-9]|2[2-7])[0-9-]{11,}[0-9]")
AT_ONCE = 20_000
LONGEST_TEXT = 1_000


def redact(con: duckdb.DuckDBPyConnection, kind: Kind, file: str) -> list[Finding]:
    """Mask card numbers in the rows of ``b_<kind>`` and, in keys, fault them.

    Both the tidied text and the text as delivered are rewritten, so neither table nor
    log ever sees one.
    """
    findings = []
    for column in kind.columns:
        if column.type not in (Type.TEXT, Type.CODE, Type.KEY):
            continue
        count = 0
        for changed in _changes(con, kind, column):
            count += len(changed)
            _write(con, kind, f'"{column.name}"', changed)
            if column.type is Type.KEY:
                _fault(con, kind, column, changed)
        if count:
            findings.append(
                Finding("intake.G11_card_number", file=file, column=column.name, count=count)
            )
    return findings


def _changes(
    con: duckdb.DuckDBPyConnection, kind: Kind, column: Column
) -> Iterator[list[tuple[int, str]]]:
    """Yield rows and what becomes of their value, some at a time: all of them may have one.

    A value that is far too long waits for that, and is masked when it is kept.
    """
    name, after = f'"{column.name}"', 0
    exempt = f"AND NOT (length({name}) = 18 AND {national_id_is_right(name)})"
    con.execute(
        f"CREATE OR REPLACE TABLE suspect AS SELECT row, {name} FROM b_{kind.name}"
        f" WHERE length({name}) <= {LONGEST_TEXT} AND regexp_matches({name}, {text(LONG_DIGITS)})"
        f" {exempt if column.name == 'id_number' else ''}"
    )
    while hits := con.execute(
        f"FROM suspect WHERE rowid >= {after} AND rowid < {after + AT_ONCE}"
    ).fetchall():
        after += AT_ONCE
        if column.type is Type.KEY:
            hits = [(row, value) for row, value in hits if _KEY.search(value)]
        if changed := [(row, kept) for row, value in hits if (kept := masked(value)) != value]:
            yield changed


def _fault(
    con: duckdb.DuckDBPyConnection, kind: Kind, column: Column, changed: list[tuple[int, str]]
) -> None:
    con.executemany(
        f"INSERT INTO fault VALUES ('{kind.name}', ?, '{column.name}',"
        " 'intake.G11_card_number_as_key')",
        [(row,) for row, _ in changed],
    )


def _write(
    con: duckdb.DuckDBPyConnection, kind: Kind, name: str, changed: list[tuple[int, str]]
) -> None:
    rows, values = zip(*changed, strict=True)
    con.register("masked_now", pa.table({"row": rows, "kept": values}))
    for table in (f"b_{kind.name}", f"raw_{kind.name}"):
        con.execute(
            f"UPDATE {table} SET {name} = m.kept FROM masked_now m WHERE {table}.row = m.row"
        )
    con.unregister("masked_now")
