"""Rows that wait for a person: their faults and their text, card numbers masked."""

from __future__ import annotations

from typing import Any

import duckdb

from dunwell.intake import staging
from dunwell.intake.broken import MOST
from dunwell.intake.checks import words
from dunwell.intake.faults import CODES, Finding, Verdict
from dunwell.intake.layout import KINDS
from dunwell.intake.models import Delivery, QuarantinedRow
from dunwell.intake.reading import Reading
from dunwell.intake.shown import fit, hidden
from dunwell.intake.staging import Staged
from dunwell.kernel.cards import masked

WAITS = (Verdict.ROW, Verdict.LOOK)
# A payment in suspense is no fault of the file.
NOT_COUNTED = ("intake.H08_unknown_account", "intake.G01_repeated")
WAITING = tuple(code for code, (verdict, _) in CODES.items() if verdict in WAITS)
AT_ONCE = 5_000
_PARTS = ("principal", "interest", "fees", "penalty")
_COMPARED = {
    "intake.E15_nothing_owed": _PARTS,
    "intake.E16_fees": ("principal",),
    "intake.E20_balance": _PARTS,
    "intake.F09_order": ("opened_on",),
    "intake.G05_id_check_digit": ("id_type",),
    "intake.G06_phone": ("kind",),
    "intake.G07_email": ("kind",),
    "intake.H09_reversal": ("reverses_ref",),
}


def may_change(row: QuarantinedRow) -> set[str]:
    """Return the columns of a waiting row that a person may change: those at fault, and what
    a rule compares them with. A row that had no columns needs all of them."""
    columns = {column.name for column in KINDS[row.kind].columns}
    if not columns & set(row.values):
        return columns
    found: set[str] = set()
    for fault in row.faults:
        found |= {fault.get("column", ""), *_COMPARED.get(fault["code"], ())}
    return found & columns


def judge(reading: Reading) -> int:
    """Add what rows say to the findings; return how many count against the limit.

    A row whose verdict is to refuse or to hold speaks for the whole delivery. Rows are
    counted where they are: a file may be at fault in more of them than memory holds.
    """
    counted = 0
    for staged in reading.staged.values():
        _note_broken(reading.con, staged)
        at_fault = _count_rows(reading.con, staged, f"code NOT IN {words(NOT_COUNTED)}")
        if _count_rows(reading.con, staged, f"code IN {words(WAITING)}") > MOST:
            reading.findings.append(
                Finding("intake.L02_too_many_waiting", staged.file, count=at_fault)
            )
        counted += at_fault
        for code, column, count, first in reading.con.execute(
            """SELECT code, "column", count(DISTINCT row), min(row) AS first FROM fault
            WHERE kind = ? GROUP BY ALL ORDER BY first, code, "column\"""",
            [staged.kind.name],
        ).fetchall():
            if CODES[code][0] is not Verdict.NOTE:
                reading.findings.append(_finding(reading.con, staged, code, column, count, first))
    return counted


def _note_broken(con: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Set the rows that no table can hold beside the other faults."""
    staging.add_faults(
        con, staged.kind, [(row, "", code) for row, (code, _) in staged.broken.items()]
    )


def _count_rows(con: duckdb.DuckDBPyConnection, staged: Staged, which: str) -> int:
    found = con.execute(
        f"SELECT count(DISTINCT row) FROM fault WHERE kind = ? AND {which}", [staged.kind.name]
    ).fetchone()
    return int(found[0]) if found else 0


def _finding(
    con: duckdb.DuckDBPyConnection, staged: Staged, code: str, column: str, count: int, first: int
) -> Finding:
    value = None
    if column and first not in staged.broken:
        value = staging.values(con, staged, [first])[first].get(column)
    shown = hidden(staged.kind, column, value)
    return Finding(code, staged.file, first, column, shown, count)


def keep(reading: Reading, delivery: Delivery) -> int:
    """Write the waiting rows of every file; return how many."""
    kept = 0
    for staged in reading.staged.values():
        by_row = _waiting(reading.con, staged)
        rows = sorted(by_row)
        for place in range(0, len(rows), AT_ONCE):
            some = rows[place : place + AT_ONCE]
            texts = staging.values(
                reading.con, staged, [row for row in some if row not in staged.broken]
            )
            QuarantinedRow.objects.bulk_create(
                (
                    _row(delivery, staged, row, by_row[row], texts.get(row) or _loose(staged, row))
                    for row in some
                ),
                batch_size=2000,
            )
        kept += len(rows)
    return kept


def _waiting(con: duckdb.DuckDBPyConnection, staged: Staged) -> dict[int, list[tuple[str, str]]]:
    """Return (column, code) of what makes each row wait; ``judge`` saw that they are few."""
    found: dict[int, list[tuple[str, str]]] = {}
    for row, column, code in con.execute(
        f"""SELECT row, "column", code FROM fault WHERE kind = ? AND code IN {words(WAITING)}
        ORDER BY row, code, "column\"""",
        [staged.kind.name],
    ).fetchall():
        found.setdefault(row, []).append((column, code))
    return found


def account_for(con: duckdb.DuckDBPyConnection, staged: Staged) -> dict[str, object]:
    """Return where the rows of a file are: what comes in is applied, waits or stands twice."""
    kind = staged.kind.name
    applied = con.execute(f"SELECT count(*) FROM v_{kind}").fetchone()
    repeated = con.execute(
        """SELECT count(*) FROM (SELECT row FROM fault WHERE kind = ? GROUP BY row
        HAVING min(code) = max(code) AND min(code) = 'intake.G01_repeated')""",
        [kind],
    ).fetchone()
    return {
        "name": staged.file,
        "kind": kind,
        "rows": staged.rows,
        "applied": applied[0] if applied else 0,
        "quarantined": _count_rows(con, staged, f"code IN {words(WAITING)}"),
        # Counted by itself, not as the rest: so a row that went nowhere would show.
        "repeated": repeated[0] if repeated else 0,
        "totals": staged.totals,
    }


def _loose(staged: Staged, row: int) -> dict[str, str | None]:
    """Return the fields of a broken row by place; they have no columns."""
    fields = staged.broken[row][1][:60]
    return {f"field {place}": masked(value[:400]) for place, value in enumerate(fields, start=1)}


def _row(
    delivery: Delivery,
    staged: Staged,
    row: int,
    faults: list[tuple[str, str]],
    given: dict[str, str | None],
) -> QuarantinedRow:
    told: list[dict[str, Any]] = [
        {
            "column": column,
            "code": code,
            "says": CODES[code][1],
            "masked": hidden(staged.kind, column, given.get(column)),
        }
        for column, code in faults
    ]
    clean = {name: fit(masked(value)) if value is not None else "" for name, value in given.items()}
    return QuarantinedRow(
        delivery=delivery,
        file=staged.file,
        kind=staged.kind.name,
        row=row,
        faults=told,
        values=clean,
    )
