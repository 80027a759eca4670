"""A workbook as a delivered file: its sheet is checked and written as the clean CSV is.

Excel shows one thing and keeps another: numbers of fifteen digits, days as counts, texts
made numbers. What it may have changed without a word is refused or faulted here, so that
everything after may treat the sheet like any other file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dunwell.intake import cell_values
from dunwell.intake.broken import MOST, Broken
from dunwell.intake.cell_parts import Formats, Strings, unescaped
from dunwell.intake.faults import Finding, Stop
from dunwell.intake.layout import Column
from dunwell.intake.manifest import refuse
from dunwell.intake.mapping import Layout
from dunwell.intake.ooxml import Sheet, Workbook, workbook
from dunwell.intake.sheet_rows import LAST_ROW, Cell, Row, SheetRows, letters
from dunwell.intake.text import COLUMN_LIMIT, FIELD_LIMIT, ROW, tidy_names

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
# Characters of all cells together: shared texts may be named any number of times.
WRITTEN = 2 << 30
_TOLD_EVERY = 10_000


@dataclass(slots=True)
class Clean:
    """The sheet as CSV, its first column the row's number, and what was found on the way.

    ``faults`` are (row, column of the file, code) of cells, ``broken`` rows that have not
    the header's columns.
    """

    path: Path
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    broken: Broken = field(default_factory=Broken)


class Table:
    """The one sheet of a workbook that holds the file's rows."""

    def __init__(self, book: Workbook, target: Path, *, sheet: str) -> None:
        self._book, self._file, self._target = book, book.file, target
        self._strings = Strings(book, target.with_suffix(".strings"))
        self._formats = Formats(book)
        self._source = SheetRows(book, _only(book, sheet).part)
        self._rows = iter(self._source)
        self._seen = 0
        self._blank = self._trailing = 0
        self.header: list[str] = []

    def close(self) -> None:
        """Let go of what is open."""
        self._strings.close()

    def read_header(self) -> tuple[list[str], list[Finding]]:
        """Return the tidied names of the columns.

        :raises Stop: if the first row that is not empty is no header
        """
        first = next(self._filled(), None)
        if first is None:
            refuse("A01_empty_file", self._file)
        _, texts = first
        names = [texts.get(place, "") for place in range(max(texts) + 1)]
        if len(names) > COLUMN_LIMIT:
            refuse("C13_too_many_columns", self._file)
        if len(names) < 3:
            refuse("C15_preamble", self._file)
        for low, high in self._source.hidden_columns:
            if low < len(names):
                self._stop("D10_hidden", None, letters(max(low, 0)), high - low + 1)
        self._blank = 0
        self.header, findings = tidy_names(names, self._file)
        return self.header, findings

    def rewrite(
        self, wanted: list[Column | None], layout: Layout, progress: Callable[[int], None]
    ) -> Clean:
        """Write the rows as CSV; ``wanted`` is the canonical column of each place.

        :raises Stop: if a cell cannot be trusted to hold what was meant
        """
        done = Clean(self._target)
        reads = cell_values.Reads(self._formats.shown, layout, self._book.since_1904)
        written = 0
        with done.path.open("w", encoding="utf-8", newline="") as out:
            # Ended so, a field is quoted for either mark that it holds.
            writer = csv.writer(out, lineterminator="\r\n")
            writer.writerow([ROW, *(f"c{place}" for place in range(len(wanted)))])
            for row, texts in self._filled():
                done.rows += 1
                fields = self._fields(row, texts, wanted, reads, done)
                written += sum(map(len, fields))
                if written > WRITTEN:
                    refuse("I04_too_large", self._file)
                if max(texts) >= len(wanted):
                    done.broken.add(row.number, "intake.C06_ragged", fields, self._file)
                else:
                    writer.writerow([row.number, *fields])
                if done.rows % _TOLD_EVERY == 0:
                    progress(done.rows)
        self._tell(done, reads)
        return done

    def _filled(self) -> Iterator[tuple[Row, dict[int, str]]]:
        """Yield the rows that hold something, each with its cells' texts by place."""
        for row in self._rows:
            texts = {cell.place: text for cell in row.cells if (text := self._text(cell))}
            if not texts:
                continue
            if row.hidden:
                self._stop("D10_hidden", row.number, "")
            if row.number == LAST_ROW:
                self._stop("D12_last_row", row.number, "")
            self._blank += row.number - self._seen - 1
            self._seen = row.number
            yield row, texts
        self._trailing = self._source.last - self._seen

    def _text(self, cell: Cell) -> str:
        if cell.type == "s":
            place = int(cell.text) if cell.text.isascii() and cell.text.isdigit() else -1
            if not 0 <= place < len(self._strings):
                refuse("A05_broken_archive", self._file)
            return self._strings[place]
        if cell.type in ("inlineStr", "str"):
            return unescaped(cell.text)
        return cell.text.strip()

    def _fields(
        self,
        row: Row,
        texts: dict[int, str],
        wanted: list[Column | None],
        reads: cell_values.Reads,
        done: Clean,
    ) -> list[str]:
        """Return the row's texts as a CSV would have them, noting what is wrong."""
        fields = [""] * max(len(wanted), max(texts) + 1)
        for cell in row.cells:
            value = texts.get(cell.place, "")
            column = wanted[cell.place] if cell.place < len(wanted) else None
            if not value or (column is None and cell.place < len(wanted)):
                continue
            code = ""
            if column is not None:
                value, code = reads.read(cell, value, column)
            if code == "D01_number_for_text":
                self._stop(code, row.number, column.name if column else "")
            if code:
                self._fault(row.number, column, code, done)
            fields[cell.place] = value[: FIELD_LIMIT + 1].replace("\0", "\ufffd")
        return fields

    def _fault(self, row: int, column: Column | None, code: str, done: Clean) -> None:
        done.faults.append((row, column.name if column else "", f"intake.{code}"))
        if len(done.faults) > MOST:
            refuse("L02_too_many_waiting", self._file)

    def _tell(self, done: Clean, reads: cell_values.Reads) -> None:
        notes = {
            "C14_blank_lines": self._blank,
            "D13_empty_rows": self._trailing,
            "D04_day_numbers": reads.plain_days,
            "D06_since_1904": reads.days if self._book.since_1904 else 0,
        }
        done.findings += [
            Finding(f"intake.{code}", file=self._file, count=count)
            for code, count in notes.items()
            if count > 0
        ]

    def _stop(self, code: str, row: int | None, column: str, count: int = 1) -> None:
        raise Stop(Finding(f"intake.{code}", self._file, row, column, count=count))


@contextmanager
def table(path: Path, *, file: str, sheet: str, work: Path) -> Iterator[Table]:
    """Open the sheet called ``sheet``, or the only one, of the workbook at ``path``.

    :raises Stop: if it is no workbook of cells alone, or not clear which sheet is meant
    """
    with workbook(path, file) as book:
        found = Table(book, work / f"{path.name}.clean.csv", sheet=sheet)
        try:
            yield found
        finally:
            found.close()


def _only(book: Workbook, name: str) -> Sheet:
    """Return the sheet that the manifest names, or the only one there is."""
    if name:
        found = next((sheet for sheet in book.sheets if sheet.name == name), None)
        if found is None:
            refuse("D10_sheets", book.file, name[:60])
    elif len(book.sheets) != 1:
        refuse("D10_sheets", book.file, ", ".join(sheet.name for sheet in book.sheets)[:60])
    else:
        found = book.sheets[0]
    if found.hidden:
        refuse("D10_hidden", book.file, found.name[:60])
    return found
