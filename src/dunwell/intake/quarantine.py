"""Rows that wait for a person: their faults and their text, card numbers masked."""

from __future__ import annotations

from typing import Any

import duckdb

from dunwell.intake import staging
from dunwell.intake.cards import masked
from dunwell.intake.faults import CODES, Finding, Verdict
from dunwell.intake.layout import Kind, Type
from dunwell.intake.models import Delivery, QuarantinedRow
from dunwell.intake.reading import Reading
from dunwell.intake.shape import at_fault
from dunwell.intake.staging import Staged

WAITS = (Verdict.ROW, Verdict.LOOK)
# A payment in suspense is no fault of the file.
NOT_COUNTED = {"intake.H08_unknown_account", "intake.G01_repeated"}
SHOWN = 200
_OPEN = (Type.AMOUNT, Type.SIGNED, Type.DATE, Type.COUNT, Type.FLAG, Type.CHOICE)


def hidden(kind: Kind, column: str, value: str | None) -> str:
    """Return a value as a report may show it: personal text is reduced to its ends."""
    if value is None:
        return ""
    known = {c.name: c for c in kind.columns}
    safe = masked(value)[:60]
    if safe != value[:60]:
        return safe
    if column in known and known[column].type in _OPEN:
        return safe
    if column in ("currency", "country", "time_zone", "account_ref", "payment_ref", "reverses_ref"):
        return safe
    return "*" * len(safe) if len(safe) < 5 else f"{safe[0]}{'*' * (len(safe) - 2)}{safe[-1]}"


def faulty(staged: Staged) -> dict[int, str]:
    """Return the broken rows of a file: those that no table could hold."""
    return {row: code for row, (code, _) in staged.broken.items()}


def judge(reading: Reading) -> int:
    """Add what rows say to the findings; return how many count against the limit.

    A row whose verdict is to refuse or to hold speaks for the whole delivery.
    """
    counted = 0
    for staged in reading.staged.values():
        by_row = _by_row(reading.con, staged)
        counted += sum(
            any(code not in NOT_COUNTED for _, code in given) for given in by_row.values()
        )
        for (code, column), rows in _grouped(by_row).items():
            if CODES[code][0] is not Verdict.NOTE:
                reading.findings.append(_finding(reading.con, staged, code, column, rows))
    return counted


def _finding(
    con: duckdb.DuckDBPyConnection, staged: Staged, code: str, column: str, rows: list[int]
) -> Finding:
    first = min(rows)
    value = None
    if column and first not in staged.broken:
        value = staging.values(con, staged, [first])[first].get(column)
    shown = hidden(staged.kind, column, value)
    return Finding(code, staged.file, first, column, shown, len(rows))


def _by_row(con: duckdb.DuckDBPyConnection, staged: Staged) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {
        row: [("", code)] for row, code in faulty(staged).items()
    }
    for row, column, code in at_fault(con, staged.kind):
        found.setdefault(row, []).append((column, code))
    return found


def _grouped(by_row: dict[int, list[tuple[str, str]]]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for row, given in by_row.items():
        for column, code in given:
            found.setdefault((code, column), []).append(row)
    return found


def keep(reading: Reading, delivery: Delivery) -> int:
    """Write the waiting rows of every file; return how many."""
    kept: list[QuarantinedRow] = []
    for staged in reading.staged.values():
        by_row = {
            row: [(column, code) for column, code in given if CODES[code][0] in WAITS]
            for row, given in _by_row(reading.con, staged).items()
        }
        rows = sorted(row for row, given in by_row.items() if given)
        texts = staging.values(
            reading.con, staged, [row for row in rows if row not in staged.broken]
        )
        for row in rows:
            given = texts.get(row) or _loose(staged, row)
            kept.append(_row(delivery, staged, row, by_row[row], given))
    QuarantinedRow.objects.bulk_create(kept, batch_size=2000)
    return len(kept)


def account_for(con: duckdb.DuckDBPyConnection, staged: Staged) -> dict[str, object]:
    """Return where the rows of a file are: what comes in is applied, waits or stands twice."""
    kind = staged.kind.name
    applied = con.execute(f"SELECT count(*) FROM v_{kind}").fetchone()
    given = [{code for _, code in found} for found in _by_row(con, staged).values()]
    waits = [codes for codes in given if any(CODES[code][0] in WAITS for code in codes)]
    return {
        "name": staged.file,
        "kind": kind,
        "rows": staged.rows,
        "applied": applied[0] if applied else 0,
        "quarantined": len(waits),
        # Counted by itself, not as the rest: so a row that went nowhere would show.
        "repeated": sum(codes == {"intake.G01_repeated"} for codes in given),
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
    clean = {
        name: masked(value).replace("\0", "\ufffd") if value is not None else ""
        for name, value in given.items()
    }
    return QuarantinedRow(
        delivery=delivery,
        file=staged.file,
        kind=staged.kind.name,
        row=row,
        faults=told,
        values=clean,
    )
