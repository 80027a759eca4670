"""What a cell's value is as text, for a column of a known type."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from dunwell.intake.layout import Column, Type
from dunwell.intake.mapping import Layout, spelled_day
from dunwell.intake.sheet_rows import Cell

_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([Ee][+-]?[0-9]{1,3})?", re.ASCII)
_PLAIN = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,2})?", re.ASCII)
_DAY_AS_TEXT = re.compile(r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}", re.ASCII)
_ISO_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T00:00:00(\.0+)?Z?)?", re.ASCII)
_TEXTUAL = (Type.KEY, Type.CODE, Type.TEXT)
_AMOUNTS = (Type.AMOUNT, Type.SIGNED, Type.COUNT)
# Excel counts a 29 February 1900 that never was: before 1 March its days are in doubt.
_FIRST_SURE = 61


class Reads:
    """Reads cells; ``shown`` is how each style shows numbers, ``layout`` the mapping's."""

    def __init__(self, shown: list[str], layout: Layout, since_1904: bool) -> None:
        self._shown, self._layout = shown, layout
        self._zero = date(1904, 1, 1) if since_1904 else date(1899, 12, 30)
        self._first = 0 if since_1904 else _FIRST_SURE
        self.days = 0
        self.plain_days = 0

    def read(self, cell: Cell, value: str, column: Column) -> tuple[str, str]:
        """Return the cell's text for ``column`` and the code of what is wrong, if anything."""
        match cell.type:
            case "n":
                return self._number(cell, value, column)
            case "b":
                return self._flag(value, column)
            case "e":
                return value, "D14_error_cell"
            case "d" if column.type is Type.DATE:
                return self._iso_day(value), ""
            case _:
                return value, self._text_fault(value, column)

    def _text_fault(self, value: str, column: Column) -> str:
        """Say what is wrong with a text: a day that Excel could not read as one, say."""
        if column.type is not Type.DATE or self._layout.dates != "YYYY-MM-DD":
            return ""
        day = _DAY_AS_TEXT.fullmatch(value.strip())
        return "D07_day_as_text" if day and not _ISO_DAY.fullmatch(value.strip()) else ""

    def _iso_day(self, value: str) -> str:
        found = _ISO_DAY.fullmatch(value)
        try:
            day = date.fromisoformat(found[1]) if found else None
        except ValueError:
            day = None
        return spelled_day(day, self._layout) if day else value

    def _flag(self, value: str, column: Column) -> tuple[str, str]:
        if column.type in _TEXTUAL:
            return value, "D01_number_for_text"
        return {"1": "true", "0": "false"}.get(value, value), ""

    def _number(self, cell: Cell, value: str, column: Column) -> tuple[str, str]:
        if column.type in _TEXTUAL:
            return value, "D01_number_for_text"
        if not _NUMBER.fullmatch(value):
            return value, "E08_number_style"
        shown = self._shown[cell.style] if 0 <= cell.style < len(self._shown) else ""
        if column.type is Type.DATE:
            return self._day(value, shown)
        money = shown == "money" and self._layout.shown_as != "money"
        if column.type in _AMOUNTS and (money or shown in ("date", "percent")):
            return plain(value), "D15_shown_otherwise"
        return plain(value).replace(".", self._layout.decimal), ""

    def _day(self, value: str, shown: str) -> tuple[str, str]:
        number = float(value)
        if not self._first <= number < (date.max - self._zero).days:
            return value, "D05_day_number"
        at = datetime.combine(self._zero, time.min) + timedelta(seconds=round(number * 86_400))
        if at.time() != time.min:
            return at.isoformat(" "), "F11_time_in_date"
        self.days += 1
        self.plain_days += shown != "date"
        return spelled_day(at.date(), self._layout), ""


def plain(value: str) -> str:
    """Return a cell's number as Excel shows it: of what is kept, fifteen digits.

    The file holds the nearest binary fraction: 1.1 may stand there as 1.1000000000000001.
    """
    if _PLAIN.fullmatch(value):
        return value
    return f"{Decimal(f'{float(value):.15g}'):f}"
