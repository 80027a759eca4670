"""A decision table's workbook, read by the bounded reader of deliveries.

What a workbook says of its size is checked before anything is unpacked, and rows come as a
stream, so that a small file cannot ask for much memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from dunwell.intake import archive
from dunwell.intake.cell_parts import Formats, Strings, unescaped
from dunwell.intake.faults import Stop, said
from dunwell.intake.ooxml import BROKEN, Workbook, workbook
from dunwell.intake.sheet_rows import Cell, SheetRows, letters
from dunwell.kernel.refusal import Refusal, Refused

# Bytes that all parts of the workbook may have when they are unpacked.
UNPACKED = 32 << 20
# From here on a float no longer holds every whole number.
_EXACT = 2**53


def sheet_rows(name: str, data: bytes) -> Iterator[tuple[int, list[object]]]:
    """Yield the rows of a workbook's first sheet that hold something, each with its number.

    :raises Refused: on iterating, if it is no workbook, or one that holds more than cells
    """
    with TemporaryDirectory(prefix="dunwell-table-") as folder:
        path = Path(folder) / "table.xlsx"
        path.write_bytes(data)
        try:
            with archive.zip_file(path, name) as opened:
                archive.judge(opened, name, UNPACKED, deepest=6)
            with workbook(path, name) as book:
                yield from _rows(book, path.with_suffix(".strings"))
        except BROKEN:
            raise _refused() from None
        except Stop as stop:
            raise _refused(*(said(one.code, one.column) for one in stop.findings)) from None


def _rows(book: Workbook, kept: Path) -> Iterator[tuple[int, list[object]]]:
    strings, shown = Strings(book, kept), Formats(book).shown
    try:
        for row in SheetRows(book, book.sheets[0].part) if book.sheets else ():
            values: list[object] = []
            for cell in row.cells:
                values += [None] * (cell.place - len(values))
                if cell.type == "n" and shown[cell.style : cell.style + 1] == ["date"]:
                    raise Refused(_changed(row.number, cell))
                values.append(_value(cell, strings))
            if any(value not in (None, "") for value in values):
                yield row.number, values
    finally:
        strings.close()


def _value(cell: Cell, strings: Strings) -> object:
    if cell.type == "s":
        place = int(cell.text) if cell.text.isascii() and cell.text.isdigit() else -1
        return strings[place] if 0 <= place < len(strings) else ""
    if cell.type in ("inlineStr", "str"):
        return unescaped(cell.text)
    if cell.type == "b":
        return cell.text.strip() == "1"
    return _number(cell.text) if cell.type == "n" else cell.text


def _number(text: str) -> object:
    """Return 3 for ``3``, ``3.0`` and ``3E0``; what is no whole number stays as it stands."""
    try:
        number = float(text)
    except ValueError:
        return text
    whole = math.isfinite(number) and number.is_integer() and abs(number) < _EXACT
    return int(number) if whole else text


def _changed(row: int, cell: Cell) -> Refusal:
    return Refusal(
        "strategy.day_for_text",
        "Row %(row)s, column %(column)s holds a day: Excel has changed what was typed. "
        "Make the column a text and type it again.",
        named={"row": row, "column": letters(cell.place)},
    )


def _refused(*why: Refusal) -> Refused:
    return Refused(
        Refusal(
            "strategy.not_xlsx",
            "The workbook cannot be read. Save the table as XLSX or “CSV UTF-8” again.",
        ),
        *why,
    )
