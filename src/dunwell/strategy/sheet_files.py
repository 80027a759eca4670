"""Decision tables as the files that analysts edit: CSV and XLSX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

import xlsxwriter

from dunwell.kernel.refusal import Refusal, Refused
from dunwell.portfolio.sheets import to_rows
from dunwell.portfolio.tables import DecisionTable
from dunwell.strategy.workbooks import sheet_rows

LARGEST_BYTES = 2 * 1024 * 1024
LARGEST_ROWS = 2_000
LARGEST_COLUMNS = 100
# What a spreadsheet that opens a CSV would run; the signs of a Chinese keyboard, too.
_RUN = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"-[0-9]*", re.ASCII)


def check_size(size: int) -> None:
    """Ask before the file is read whether it may be.

    :raises Refused: if a file of ``size`` bytes is too large for a table that people keep
    """
    if size > LARGEST_BYTES:
        raise Refused(
            Refusal("strategy.too_large", "The file is larger than 2 MB; no decision table is.")
        )


def read_sheet(name: str, data: bytes) -> list[list[object]]:
    """Return the rows of a CSV (UTF-8, with or without its mark) or of an XLSX's first sheet.

    :raises Refused: if it is neither, or too large for a table that people keep
    """
    check_size(len(data))
    if not name.lower().endswith(".xlsx"):
        return _bounded(enumerate(_csv(data), start=1))
    return _bounded(sheet_rows(name, data))


def _bounded(numbered: Iterable[tuple[int, Sequence[object]]]) -> list[list[object]]:
    """Return the rows, empty ones between them too; above the header they are left out."""
    rows: list[list[object]] = []
    above = 0
    for number, cells in numbered:
        if number > LARGEST_ROWS:
            raise Refused(
                Refusal(
                    "strategy.too_long",
                    "The sheet has more than %(most)s rows. Take out what decides nothing.",
                    named={"most": LARGEST_ROWS},
                )
            )
        row = list(cells)
        while row and row[-1] in (None, ""):
            row.pop()
        if len(row) > LARGEST_COLUMNS:
            raise Refused(
                Refusal(
                    "strategy.too_wide",
                    "Row %(row)s has more than %(most)s columns. Take out what is not asked.",
                    named={"row": number, "most": LARGEST_COLUMNS},
                )
            )
        if not rows:
            above = number - 1
        if rows or row:
            rows += [[] for _ in range(number - 1 - above - len(rows))]
            rows.append(row)
    return rows


def to_csv(table: DecisionTable) -> bytes:
    """Return the table as CSV that spreadsheets open in UTF-8.

    A cell that they would run as a formula begins with ``'``; ``read_sheet`` takes it off.
    """
    header, rows = to_rows(table)
    text = io.StringIO()
    guarded = ([_guarded(cell) for cell in row] for row in [header, *rows])
    csv.writer(text, lineterminator="\r\n").writerows(guarded)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def to_xlsx(table: DecisionTable) -> bytes:
    """Return the table as a workbook: header frozen, every cell as text."""
    header, rows = to_rows(table)
    buffer = io.BytesIO()
    # A cell that begins with = is an analyst's text, never a formula.
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(table.code[:31])
        bold = book.add_format({"bold": True, "bottom": 1})
        for row, cells in enumerate([header, *rows]):
            for column, cell in enumerate(cells):
                sheet.write_string(row, column, cell, bold if row == 0 else None)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return buffer.getvalue()


def _guarded(cell: str) -> str:
    return f"'{cell}" if _RUN.match(cell) and not _NUMBER.fullmatch(cell) else cell


def _bare(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _RUN.match(cell) else cell


def _csv(data: bytes) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(
            Refusal("strategy.not_csv", "The file is not CSV in UTF-8. Save it as “CSV UTF-8”.")
        ) from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in rows:
            yield [_bare(cell) for cell in row]
    except csv.Error:
        raise Refused(
            Refusal(
                "strategy.not_csv",
                "Up to line %(line)s the file is not CSV: a quote is not closed, text follows "
                "one, or a cell is too long. Save it as “CSV UTF-8” from the spreadsheet.",
                named={"line": rows.line_num},
            )
        ) from None
