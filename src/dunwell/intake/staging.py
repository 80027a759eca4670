"""Bring a file into DuckDB: text as it came, checked and typed in one scan.

For each kind there are: ``canon_<kind>``, a view of its canonical columns as text;
``t_<kind>``, the typed rows, ``bad`` where a row needs a second look; ``b_<kind>``,
those rows as text with what is harmless tidied; ``fault``, what is wrong with whom;
and ``v_<kind>``, the rows that may be applied, each with its ``row`` in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from dunwell.intake import cards, checks, text
from dunwell.intake.checks import Setting, fine, tidied, typed
from dunwell.intake.diagnosis import diagnosis
from dunwell.intake.faults import Finding
from dunwell.intake.layout import Kind, Type
from dunwell.intake.rowrules import row_rules
from dunwell.intake.text import ROW

SHOWN_OF_A_VALUE = 4_000
FAULT = """
CREATE TABLE IF NOT EXISTS fault ("kind" varchar, "row" bigint, "column" varchar, code varchar)
"""


@dataclass(slots=True)
class Staged:
    """One file in DuckDB. ``broken`` rows could not be read into columns."""

    kind: Kind
    file: str
    rows: int
    findings: list[Finding] = field(default_factory=list)
    broken: dict[int, tuple[str, list[str]]] = field(default_factory=dict)
    totals: dict[str, dict[str, str]] = field(default_factory=dict)  # declared and counted


def make_faults(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table of faults."""
    con.execute(FAULT)


def read_csv(path: Path, width: int, *, numbered: bool) -> str:
    """Return the SQL that reads a UTF-8 CSV as text columns c0, c1, ..."""
    names = ([ROW] if numbered else []) + [f"c{place}" for place in range(width)]
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    return (
        f"read_csv({checks.text(str(path))}, auto_detect=false, header=true, delim=',',"
        " quote='\"', escape='\"', strict_mode=true, null_padding=false, nullstr='',"
        " compression='none', hive_partitioning=false,"
        f" max_line_size={text.LINE_LIMIT}, buffer_size={text.LINE_LIMIT * 4},"
        f" columns={{{columns}}})"
    )


def make_canonical(
    con: duckdb.DuckDBPyConnection,
    kind: Kind,
    source: str,
    columns: Mapping[str, str],
    *,
    numbered: bool,
) -> None:
    """Make ``canon_<kind>``; ``columns`` is SQL by canonical column, missing ones are null."""
    body = ", ".join(
        f"{columns.get(c.name, 'NULL::varchar')} AS {_q(c.name)}" for c in kind.columns
    )
    number = f"{ROW}::bigint AS {ROW}, " if numbered else ""
    con.execute(f"CREATE OR REPLACE VIEW canon_{kind.name} AS SELECT {number}{body} FROM {source}")


def check(
    con: duckdb.DuckDBPyConnection, staged: Staged, setting: Setting, *, numbered: bool
) -> None:
    """Type every row and judge it; see the module for the tables this makes."""
    kind = staged.kind
    looks = [
        f"({_q(c.name)} IS NULL OR NOT coalesce({fine(c, setting)}, true))"
        if c.required
        else f"NOT coalesce({fine(c, setting)}, true)"
        for c in kind.columns
    ]
    rules = [f"coalesce({rule.fault}, false)" for rule in row_rules(kind, setting)]
    number = f"{ROW}, " if numbered else ""
    con.execute(
        f"""CREATE OR REPLACE TABLE t_{kind.name} AS
        SELECT {number}{_pairs(kind)},
               {" OR ".join([*looks, *rules])} AS bad
        FROM (SELECT *, {_typed_list(kind, setting)} FROM canon_{kind.name})"""
    )
    row = ROW if numbered else "rowid + 2"
    counted = con.execute(f"SELECT count(*), count(*) FILTER (bad) FROM t_{kind.name}").fetchone()
    staged.rows, bad = (counted or (0, 0))[0] + len(staged.broken), (counted or (0, 0))[1]
    names = ", ".join(_q(c.name) for c in kind.columns)
    good = f"SELECT {row} AS row, {names} FROM t_{kind.name} WHERE NOT bad"
    if bad:
        _look_again(con, staged, setting, numbered=numbered)
        good += f" UNION ALL BY NAME SELECT row, {names} FROM tidy_{kind.name}"
    con.execute(f"CREATE OR REPLACE VIEW checked_{kind.name} AS {good}")
    con.execute(
        f"""CREATE OR REPLACE VIEW v_{kind.name} AS SELECT * FROM checked_{kind.name}
        WHERE row NOT IN (SELECT row FROM fault WHERE kind = '{kind.name}')"""
    )


def _look_again(
    con: duckdb.DuckDBPyConnection, staged: Staged, setting: Setting, *, numbered: bool
) -> None:
    """Tidy the rows that need it and write down what is still wrong with them."""
    kind = staged.kind
    row = ROW if numbered else "rowid + 2"
    _pick(con, kind, f"raw_{kind.name}", f"SELECT {row} FROM t_{kind.name} WHERE bad")
    tidy = ", ".join(f"{tidied(c)} AS {_q(c.name)}" for c in kind.columns)
    con.execute(f"CREATE OR REPLACE TABLE b_{kind.name} AS SELECT row, {tidy} FROM raw_{kind.name}")
    staged.findings += _tidied(con, staged)
    staged.findings += cards.redact(con, kind, staged.file)
    _write_faults(con, kind, setting)
    _keep_tidy(con, kind, setting)


def add_faults(
    con: duckdb.DuckDBPyConnection, kind: Kind, faults: list[tuple[int, str, str]]
) -> None:
    """Note (row, column, code) found before the file was a table; they say more than the
    checks that saw the text alone."""
    if not faults:
        return
    rows, columns, codes = zip(*faults, strict=True)
    con.register("told", pa.table({"row": rows, "column": columns, "code": codes}))
    con.execute(
        f"""DELETE FROM fault WHERE kind = '{kind.name}'
        AND (row, "column") IN (SELECT (row, "column") FROM told)"""
    )
    con.execute(f"INSERT INTO fault SELECT '{kind.name}', row, \"column\", code FROM told")
    con.unregister("told")


def admit(con: duckdb.DuckDBPyConnection, kind: Kind, setting: Setting) -> None:
    """Take the faults off the rows of a kind: somebody has looked at them."""
    con.execute("DELETE FROM fault WHERE kind = ?", [kind.name])
    if _exists(con, f"b_{kind.name}"):
        _keep_tidy(con, kind, setting)


def _keep_tidy(con: duckdb.DuckDBPyConnection, kind: Kind, setting: Setting) -> None:
    con.execute(
        f"""CREATE OR REPLACE TABLE tidy_{kind.name} AS
        SELECT row, {_pairs(kind)}
        FROM (SELECT *, {_typed_list(kind, setting)} FROM b_{kind.name})
        WHERE row NOT IN (SELECT row FROM fault WHERE kind = '{kind.name}')"""
    )


def _pick(con: duckdb.DuckDBPyConnection, kind: Kind, into: str, rows: str) -> None:
    """Read the file again for the text of some rows: sound files are not kept as text."""
    numbered = con.execute(
        "SELECT count(*) FROM duckdb_columns() WHERE table_name = ? AND column_name = ?",
        [f"canon_{kind.name}", ROW],
    ).fetchone()
    if numbered and numbered[0]:
        con.execute(
            f"""CREATE OR REPLACE TABLE {into} AS SELECT {ROW} AS row, * EXCLUDE ({ROW})
            FROM canon_{kind.name} WHERE {ROW} IN ({rows})"""
        )
        return
    con.execute(f"CREATE OR REPLACE TABLE all_{kind.name} AS FROM canon_{kind.name}")
    con.execute(
        f"""CREATE OR REPLACE TABLE {into} AS SELECT rowid + 2 AS row, *
        FROM all_{kind.name} WHERE rowid + 2 IN ({rows})"""
    )
    con.execute(f"DROP TABLE all_{kind.name}")


def values(
    con: duckdb.DuckDBPyConnection, staged: Staged, rows: list[int]
) -> dict[int, dict[str, str | None]]:
    """Return the text of some rows as delivered, card numbers masked, by row and column."""
    if not rows:
        return {}
    kind, names = staged.kind, [column.name for column in staged.kind.columns]
    listed = ", ".join(str(row) for row in rows)
    # Far more than any column takes, so that a few huge values cannot fill the memory.
    select = "SELECT row, " + ", ".join(f"left({_q(name)}, {SHOWN_OF_A_VALUE})" for name in names)
    found = {}
    if _exists(con, f"raw_{kind.name}"):
        found = {
            line[0]: dict(zip(names, line[1:], strict=True))
            for line in con.execute(
                f"{select} FROM raw_{kind.name} WHERE row IN ({listed})"
            ).fetchall()
        }
    if missing := [row for row in rows if row not in found]:
        _pick(con, kind, f"more_{kind.name}", ", ".join(str(row) for row in missing))
        for line in con.execute(f"{select} FROM more_{kind.name}").fetchall():
            found[line[0]] = dict(zip(names, line[1:], strict=True))
    return found


def _exists(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [table]
    ).fetchone()
    return bool(found and found[0])


def _write_faults(con: duckdb.DuckDBPyConnection, kind: Kind, setting: Setting) -> None:
    looks = [(column.name, diagnosis(column, setting)) for column in kind.columns] + [
        (rule.column, f"CASE WHEN {rule.fault} THEN 'intake.{rule.code}' END")
        for rule in row_rules(kind, setting)
    ]
    pairs = ", ".join(f"{{'column': '{name}', 'code': {code}}}" for name, code in looks)
    con.execute(
        f"""INSERT INTO fault
        SELECT DISTINCT '{kind.name}', row, f.column, f.code FROM (
            SELECT row, unnest([{pairs}]) AS f
            FROM (SELECT *, {_typed_list(kind, setting)} FROM b_{kind.name})
        ) WHERE f.code IS NOT NULL"""
    )


def _tidied(con: duckdb.DuckDBPyConnection, staged: Staged) -> list[Finding]:
    """Return what was made good, counted by column."""
    kind = staged.kind
    found = []
    for column in kind.columns:
        name = _q(column.name)
        counts = con.execute(
            f"""SELECT count(*) FILTER (regexp_matches(r.{name}, {checks.text(checks.INVISIBLE)})),
                       count(*) FILTER (r.{name} <> nfc_normalize(r.{name})),
                       count(*) FILTER (regexp_matches(r.{name}, '[\\x{{ff01}}-\\x{{ff5e}}]')
                                        AND b.{name} <> r.{name})
            FROM raw_{kind.name} r JOIN b_{kind.name} b USING (row)
            WHERE r.{name} IS DISTINCT FROM b.{name}"""
        ).fetchone() or (0, 0, 0)
        codes = ("B12_invisible", "B15_composed", "B16_full_width")
        found += [
            Finding(f"intake.{code}", file=staged.file, column=column.name, count=count)
            for code, count in zip(codes, counts, strict=True)
            if count
        ]
        if column.type is Type.TEXT:
            con.execute(
                f"""INSERT INTO fault SELECT '{kind.name}', row, '{column.name}',
                'intake.B12_only_invisible' FROM raw_{kind.name} r JOIN b_{kind.name} b USING (row)
                WHERE b.{name} IS NULL AND regexp_matches(r.{name}, {checks.text(checks.INVISIBLE)})"""
            )
    return found


def _typed_list(kind: Kind, setting: Setting) -> str:
    return ", ".join(f"{typed(c, setting)} AS {_q(c.name + '__t')}" for c in kind.columns)


def _q(name: str) -> str:
    return f'"{name}"'


def _pairs(kind: Kind) -> str:
    return ", ".join(f'"{c.name}__t" AS "{c.name}"' for c in kind.columns)
