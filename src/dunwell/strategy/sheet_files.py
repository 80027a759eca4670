"""Decision tables as the files that analysts edit: CSV and XLSX."""

from __future__ import annotations

import csv
import io
from zipfile import BadZipFile

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from dunwell.kernel.refusal import Refusal, Refused
from dunwell.portfolio.sheets import to_rows
from dunwell.portfolio.tables import DecisionTable

LARGEST_BYTES = 2 * 1024 * 1024
LARGEST_ROWS = 2_000


def read_sheet(name: str, data: bytes) -> list[list[object]]:
    """Return the rows of a CSV (UTF-8, with or without its mark) or of an XLSX's first sheet.

    :raises Refused: if it is neither, or too large for a table that people keep
    """
    if len(data) > LARGEST_BYTES:
        raise Refused(
            Refusal("strategy.too_large", "The file is larger than 2 MB; no decision table is.")
        )
    rows = _xlsx(data) if name.lower().endswith(".xlsx") else _csv(data)
    if len(rows) > LARGEST_ROWS:
        raise Refused(
            Refusal(
                "strategy.too_long",
                "The sheet has more than %(most)s rows. Take out what decides nothing.",
                named={"most": LARGEST_ROWS},
            )
        )
    return rows


def to_csv(table: DecisionTable) -> bytes:
    """Return the table as CSV that spreadsheets open in UTF-8."""
    header, rows = to_rows(table)
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([header, *rows])
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


def _csv(data: bytes) -> list[list[object]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(
            Refusal("strategy.not_csv", "The file is not CSV in UTF-8. Save it as “CSV UTF-8”.")
        ) from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [list(row) for row in rows]
    except csv.Error:
        raise Refused(
            Refusal(
                "strategy.not_csv",
                "Up to line %(line)s the file is not CSV: a quote is not closed, text follows "
                "one, or a cell is too long. Save it as “CSV UTF-8” from the spreadsheet.",
                named={"line": rows.line_num},
            )
        ) from None


def _xlsx(data: bytes) -> list[list[object]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [list(row) for row in book.get_sheet_by_index(0).to_python()]
    except (CalamineError, BadZipFile, IndexError):
        raise Refused(
            Refusal(
                "strategy.not_xlsx", "The file is not a workbook that can be read. Save it as XLSX."
            )
        ) from None
