"""What cells refer to: the texts they share and the formats that they are shown in."""

from __future__ import annotations

import mmap
import re
from array import array
from pathlib import Path

from dunwell.intake.manifest import refuse
from dunwell.intake.ooxml import Workbook, consume
from dunwell.intake.text import FIELD_LIMIT

STRINGS = 10_000_000
_FORMATS = 70_000
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(value: str) -> str:
    """Return a text with its ``_x000D_`` written out, as the format spells what XML cannot."""
    if "_x" not in value:
        return value
    return _ESCAPED.sub(_character, value)


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    # Half of a pair is no character; as written it can at least be read.
    return found[0] if 0xD800 <= code <= 0xDFFF else chr(code)


class Strings:
    """The texts that cells share, kept in a file: there may be more than memory holds."""

    def __init__(self, book: Workbook, path: Path) -> None:
        self._path = path
        self._ends = array("Q", [0])
        self._parts: list[str] = []
        self._length = 0
        self._reads = self._sounds = False
        self._file = book.file
        with self._path.open("wb") as self._out:
            if book.strings_part:
                consume(book.archive, book.strings_part, self, book.file)
        self._raw = self._path.open("rb")
        whole = self._ends[-1]
        self._map = mmap.mmap(self._raw.fileno(), 0, access=mmap.ACCESS_READ) if whole else b""

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: int) -> str:
        return self._map[self._ends[place] : self._ends[place + 1]].decode()

    def close(self) -> None:
        """Let go of the file."""
        if isinstance(self._map, mmap.mmap):
            self._map.close()
        self._raw.close()

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "si":
            self._parts, self._length = [], 0
        elif name == "rPh":
            self._sounds = True
        elif name == "t":
            self._reads = not self._sounds

    def end(self, name: str) -> None:
        if name == "t":
            self._reads = False
        elif name == "rPh":
            self._sounds = False
        elif name == "si":
            body = unescaped("".join(self._parts)).encode()
            self._out.write(body)
            self._ends.append(self._ends[-1] + len(body))
            if len(self._ends) > STRINGS:
                refuse("I04_too_large", self._file)

    def text(self, data: str) -> None:
        if self._reads and self._length <= FIELD_LIMIT:
            self._parts.append(data)
            self._length += len(data)


class Formats:
    """How each style shows a number: ``date``, ``percent``, ``money`` or plainly."""

    def __init__(self, book: Workbook) -> None:
        self._codes: dict[str, str] = {}
        self._cells = False
        self.shown: list[str] = []
        if book.styles_part:
            consume(book.archive, book.styles_part, self, book.file)

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "numFmt" and len(self._codes) < _FORMATS:
            self._codes[given.get("numFmtId", "")] = given.get("formatCode", "")[:300]
        elif name == "cellXfs":
            self._cells = True
        elif name == "xf" and self._cells and len(self.shown) < _FORMATS:
            number = given.get("numFmtId", "0")
            self.shown.append(shown_as(number, self._codes.get(number, "")))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._cells = False

    def text(self, data: str) -> None:
        """There is no text in styles."""


_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_MONEY = {5, 6, 7, 8, 42, 44}
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.')
_ELAPSED = re.compile(r"(?i)\[(h+|m+|s+)\]")
_CURRENCY = re.compile(r"\[\$[^\]-]+|[$￥¥€£₩₹元]")


def shown_as(number: str, code: str) -> str:
    """Return what a number format makes of a number."""
    if not code:
        known = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0
        builtin = {"date": _DATES, "percent": {9, 10}, "money": _MONEY}
        return next((kind for kind, numbers in builtin.items() if known in numbers), "")
    bare = _QUOTED.sub("", code)
    if "%" in bare:
        return "percent"
    if _CURRENCY.search(re.sub(r"\[\$-[0-9A-Fa-f,]+\]", "", code)):
        return "money"
    # Colours, conditions and languages stand in brackets; hours that run on do, too.
    plain = re.sub(r"\[[^\]]*\]", "", _ELAPSED.sub(r"\1", bare))
    if re.search(r"(?i)general", plain):
        return ""
    return "date" if re.search(r"(?i)[ymdhs]", plain) else ""
