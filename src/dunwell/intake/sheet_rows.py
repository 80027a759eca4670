"""The rows of a sheet as a stream of cells, and what a sheet may not have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dunwell.intake.faults import Finding, Stop
from dunwell.intake.manifest import refuse
from dunwell.intake.ooxml import Workbook, pieces
from dunwell.intake.text import FIELD_LIMIT

# The last row and column that the format knows.
LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
_HIDDEN_RANGES = 1_000
_TRUE = ("1", "true", "on")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is written: its place in the row, its type, its text and its style."""

    place: int
    type: str
    text: str
    style: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sheet; ``number`` is the one that people see."""

    number: int
    cells: list[Cell]
    hidden: bool


def letters(place: int) -> str:
    """Return the name of a column: 0 is A, 26 is AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


class SheetRows:
    """Reads one sheet; iterate over it once.

    :raises Stop: on iterating, if the sheet is damaged or holds formulas, merged cells
        or a filter
    """

    def __init__(self, book: Workbook, part: str) -> None:
        self._book, self._part, self._file = book, part, book.file
        self._ready: list[Row] = []
        self._columns: dict[str, int] = {}
        self._row: list[Cell] | None = None
        self.last, self._place = 0, -1
        self._hidden = False
        self._cell: dict[str, str] | None = None
        self._parts: list[str] = []
        self._length = 0
        self._reads = self._sounds = self._in_data = False
        self.hidden_columns: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[Row]:
        for _ in pieces(self._book.archive, self._part, self, self._file):
            ready, self._ready = self._ready, []
            yield from ready

    def start(self, name: str, given: dict[str, str]) -> None:
        if self._cell is not None:
            self._inside_cell(name)
        elif self._row is not None:
            if name == "c":
                self._cell, self._parts, self._length = given, [], 0
        elif name == "row" and self._in_data:
            self._start_row(given)
        else:
            self._around(name, given)

    def _inside_cell(self, name: str) -> None:
        if name in ("v", "t"):
            self._reads = not self._sounds
        elif name == "rPh":
            self._sounds = True
        elif name == "f":
            self._stop("D08_formula", letters(self._next_place()))

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._reads = False
        elif name == "rPh":
            self._sounds = False
        elif name == "c" and self._cell is not None and self._row is not None:
            self._end_cell(self._row)
        elif name == "row" and self._row is not None:
            self._ready.append(Row(self.last, self._row, self._hidden))
            self._row = None
        elif name == "sheetData":
            self._in_data = False

    def text(self, data: str) -> None:
        # Beyond what a field may hold nothing is kept: it is too long as it is.
        if self._reads and self._length <= FIELD_LIMIT:
            self._parts.append(data)
            self._length += len(data)

    def _start_row(self, given: dict[str, str]) -> None:
        number = _whole(given.get("r", str(self.last + 1)))
        if not self.last < number <= LAST_ROW:
            refuse("A05_broken_archive", self._file)
        self.last = number
        self._row, self._place = [], -1
        self._hidden = given.get("hidden") in _TRUE or given.get("ht") == "0"

    def _end_cell(self, row: list[Cell]) -> None:
        given = self._cell or {}
        self._place = self._next_place()
        self._cell = None
        if self._parts:
            style = _whole(given.get("s", "0"))
            text = "".join(self._parts)
            row.append(Cell(self._place, given.get("t", "n"), text, style))

    def _next_place(self) -> int:
        """Return the column of the cell being read: named by itself or next to the last."""
        given = (self._cell or {}).get("r")
        if given is None:
            place = self._place + 1
        else:
            name = given.rstrip("0123456789")
            place = self._columns.get(name, -1)
            if place < 0:
                place = self._columns[name] = self._placed(name)
            if given[len(name) :] != str(self.last):
                refuse("A05_broken_archive", self._file)
        if not self._place < place < LAST_COLUMN:
            refuse("A05_broken_archive", self._file)
        return place

    def _placed(self, name: str) -> int:
        if not 1 <= len(name) <= 3 or not all("A" <= mark <= "Z" for mark in name):
            refuse("A05_broken_archive", self._file)
        place = 0
        for mark in name:
            place = place * 26 + ord(mark) - 64
        return place - 1

    def _around(self, name: str, given: dict[str, str]) -> None:
        """Look at what stands before and after the rows."""
        if name == "sheetData":
            self._in_data = True
        elif name == "mergeCell":
            self._stop("D10_merged", given.get("ref", "")[:20])
        elif name == "filterColumn":
            self._stop("D10_hidden", "")
        elif name == "col" and (given.get("hidden") in _TRUE or given.get("width") == "0"):
            first, last = _whole(given.get("min", "")), _whole(given.get("max", ""))
            self.hidden_columns.append((first - 1, last - 1))
            if len(self.hidden_columns) > _HIDDEN_RANGES:
                refuse("A05_broken_archive", self._file)

    def _stop(self, code: str, column: str) -> None:
        row = self.last if self._row is not None else None
        raise Stop(Finding(f"intake.{code}", file=self._file, row=row, column=column))


def _whole(given: str) -> int:
    """Return a small whole number, -1 where there is none."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else -1
