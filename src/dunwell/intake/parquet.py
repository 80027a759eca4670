"""Parquet files: the types say what a value is, so few of them will do."""

from __future__ import annotations

from pathlib import Path

import duckdb

from dunwell.intake.checks import text
from dunwell.intake.faults import Finding
from dunwell.intake.layout import Kind, Type
from dunwell.intake.manifest import refuse
from dunwell.intake.text import COLUMN_LIMIT, FIELD_LIMIT, tidy_names

# The counts that a file states of itself cost nothing; reading what they promise does.
ROWS = 50_000_000
SIZE = 8 << 30
_WHOLE = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
}
_EXACT = {
    Type.AMOUNT: _WHOLE,
    Type.SIGNED: _WHOLE,
    Type.COUNT: _WHOLE,
    Type.DATE: {"DATE"},
    Type.FLAG: {"BOOLEAN"},
}
BROKEN = (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException)


def source(path: Path) -> str:
    """Return the SQL that reads the file."""
    return f"read_parquet({text(str(path))}, hive_partitioning=false)"


def names(con: duckdb.DuckDBPyConnection, path: Path, file: str, rows: int) -> dict[str, str]:
    """Return the types of its columns by their own names, in order.

    :raises Stop: if the file is damaged, too large, or holds not ``rows`` rows
    """
    with path.open("rb") as raw:
        if raw.read(4) != b"PAR1":
            refuse("I09_disguised", file)
    try:
        shape = con.execute(f"DESCRIBE FROM {source(path)}").fetchall()
        counted = con.execute(
            f"SELECT num_rows FROM parquet_file_metadata({text(str(path))})"
        ).fetchone()
        size = con.execute(
            f"SELECT sum(total_uncompressed_size) FROM parquet_metadata({text(str(path))})"
        ).fetchone()
    except BROKEN:
        refuse("A05_broken_archive", file)
    if len(shape) > COLUMN_LIMIT:
        refuse("C13_too_many_columns", file)
    if not counted or counted[0] != rows:
        refuse("H01_rows", file)
    if rows > ROWS or (size and (size[0] or 0) > SIZE):
        refuse("I04_too_large", file)
    return {line[0]: line[1] for line in shape}


def header(found: dict[str, str], file: str) -> tuple[list[str], list[Finding]]:
    """Return the tidied names of the columns, in order.

    :raises Stop: if two are the same
    """
    return tidy_names(list(found), file)


def spelled(found: dict[str, str]) -> list[str]:
    """Return SQL by place: the value as the text that a CSV would have.

    Cut just beyond what is allowed, so that one huge value cannot fill the memory.
    """
    return [
        f"""nullif(left("{name.replace('"', '""')}"::varchar, {FIELD_LIMIT + 1}), '')"""
        for name in found
    ]


def refuse_inexact(kind: Kind, columns: dict[str, str], found: dict[str, str], file: str) -> None:
    """Refuse a column whose type has lost something: floats for money, numbers for codes.

    ``columns`` is SQL by canonical column, of ``spelled`` and what a mapping made of it.

    :raises Stop: naming the first such column
    """
    sql = dict(zip(spelled(found), found.values(), strict=True))
    for name, how in columns.items():
        given = next((type_ for text_, type_ in sql.items() if text_ in how), "VARCHAR")
        expected = kind.column(name).type
        plain = given.split("(")[0]
        fits = given == "VARCHAR" or plain in _EXACT.get(expected, ())
        if expected in (Type.AMOUNT, Type.SIGNED):
            fits = fits or plain == "DECIMAL"
        if not fits:
            refuse("C19_inexact_type", file, name)
