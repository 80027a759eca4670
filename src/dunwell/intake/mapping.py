"""Other layouts: how a source's own columns become the canonical ones. YAML, strict."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml

from dunwell.intake.checks import text
from dunwell.intake.faults import Finding, Stop
from dunwell.intake.layout import KINDS, Column, Kind, Type
from dunwell.intake.manifest import is_text
from dunwell.intake.text import tidy_name

LONGEST = 64_000  # characters

_DATES = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYYMMDD": "%Y%m%d",
    "YYYY/MM/DD": "%Y/%m/%d",
    "DD/MM/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD.MM.YYYY": "%d.%m.%Y",
}
_SIGNS = ("minus", "trailing", "parentheses")
_SHOWN_AS = ("plain", "money")
_KNOWN = {
    "columns", "constants", "dates", "decimal", "thousands", "sign", "shown_as", "widths",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind's layout: ``columns`` is canonical name to the source's own name.

    ``shown_as`` says how a workbook's amounts are formatted; ``widths`` how many characters
    every value of a column has.
    """

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    dates: str = "YYYY-MM-DD"
    decimal: str = "."
    thousands: str = ""
    sign: str = "minus"
    shown_as: str = "plain"
    widths: dict[str, int] = field(default_factory=dict)

    def wanted(self, kind: Kind, header: list[str]) -> list[Column | None]:
        """Return the canonical column that each place of a header feeds."""
        found: dict[str, Column] = {}
        for column in kind.columns:
            source = tidy_name(self.columns.get(column.name, column.name))
            # Where one feeds two, the one that asks for text asks for more.
            if column.name not in self.constants and (
                source not in found or column.type in (Type.KEY, Type.CODE, Type.TEXT)
            ):
                found[source] = column
        return [found.get(name) for name in header]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A source's layouts by kind of file."""

    layouts: dict[str, Layout]

    def covers(self, kind: str) -> bool:
        """Say whether the mapping says anything about ``kind``."""
        return kind in self.layouts

    def layout(self, kind: str) -> Layout:
        """Return the layout of ``kind``, the canonical one if nothing is said of it."""
        return self.layouts.get(kind, Layout())

    def columns(self, kind: Kind, places: dict[str, str]) -> tuple[dict[str, str], set[str]]:
        """Return SQL by canonical column, and the source columns that were used."""
        layout = self.layouts[kind.name]
        given: dict[str, str] = {}
        used: set[str] = set()
        for column in kind.columns:
            source = tidy_name(layout.columns.get(column.name, column.name))
            if column.name in layout.constants:
                given[column.name] = text(layout.constants[column.name])
            elif source in places:
                given[column.name] = _converted(places[source], column.type, layout)
                used.add(source)
        return given, used


def spelled_day(day: date, layout: Layout) -> str:
    """Return a day as the layout's source would write it."""
    return day.isoformat() if layout.dates == "YYYY-MM-DD" else day.strftime(_DATES[layout.dates])


def _converted(place: str, kind: Type, layout: Layout) -> str:
    """Return SQL that writes a source's date or number as the canonical files do.

    What does not fit the declared format stays as it is, and the checks name it.
    """
    if kind is Type.DATE and layout.dates != "YYYY-MM-DD":
        day = f"try_strptime({place}, {text(_DATES[layout.dates])})"
        return f"coalesce(strftime({day}, '%Y-%m-%d'), {place})"
    if kind not in (Type.AMOUNT, Type.SIGNED):
        return place
    value = place
    if layout.thousands:
        mark, point = re.escape(layout.thousands), re.escape(layout.decimal)
        grouped = rf"[(]?-?[0-9]{{1,3}}({mark}[0-9]{{3}})+({point}[0-9]+)?[)-]?"
        value = (
            f"CASE WHEN regexp_full_match({place}, {text(grouped)})"
            f" THEN replace({place}, {text(layout.thousands)}, '') ELSE {place} END"
        )
    if layout.decimal != ".":
        value = f"replace({value}, {text(layout.decimal)}, '.')"
    if layout.sign == "trailing":
        value = f"regexp_replace({value}, '^([0-9.]+)-$', '-\\1')"
    if layout.sign == "parentheses":
        value = f"regexp_replace({value}, '^\\(([0-9.]+)\\)$', '-\\1')"
    return value


def parse(source: str) -> Mapping:
    """Return the mapping that the YAML text holds.

    :raises Stop: with one finding for each thing that is wrong with it
    """
    if len(source) > LONGEST:
        raise Stop(Finding("intake.M01_mapping"))
    try:
        # What refers to itself or names its own types is no plain description.
        odd = any(_is_odd(event) for event in yaml.parse(source))
        document = None if odd else yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Stop(Finding("intake.M01_mapping")) from None
    if not isinstance(document, dict) or not document:
        raise Stop(Finding("intake.M01_mapping"))
    wrong: list[str] = []
    layouts = {str(kind): _layout(str(kind), given, wrong) for kind, given in document.items()}
    if wrong:
        raise Stop(*(Finding("intake.M01_mapping", column=where[:120]) for where in wrong))
    return Mapping(layouts)


def _is_odd(event: yaml.Event) -> bool:
    return any(getattr(event, mark, None) for mark in ("anchor", "tag"))


def _layout(kind: str, given: Any, wrong: list[str]) -> Layout:
    if kind not in KINDS or not isinstance(given, dict):
        wrong.append(kind)
        return Layout()
    known = {column.name for column in KINDS[kind].columns}
    wrong += [f"{kind}.{name}" for name in given if name not in _KNOWN]
    columns = _texts(given.get("columns"), f"{kind}.columns", known, wrong)
    constants = _texts(given.get("constants"), f"{kind}.constants", known, wrong)
    wrong += [f"{kind}.constants.{name}" for name in constants if name in columns]
    layout = Layout(
        columns,
        constants,
        str(given.get("dates", "YYYY-MM-DD")),
        str(given.get("decimal", ".")),
        str(given.get("thousands", "")),
        str(given.get("sign", "minus")),
        str(given.get("shown_as", "plain")),
        _widths(given.get("widths"), f"{kind}.widths", known, wrong),
    )
    bad = {
        "dates": layout.dates not in _DATES,
        "decimal": layout.decimal not in (".", ","),
        "thousands": layout.thousands not in ("", ",", ".", " ", "'"),
        "sign": layout.sign not in _SIGNS,
        "shown_as": layout.shown_as not in _SHOWN_AS,
    }
    wrong += [f"{kind}.{name}" for name, is_bad in bad.items() if is_bad]
    if layout.thousands == layout.decimal:
        wrong.append(f"{kind}.thousands")
    return layout


def _texts(given: Any, where: str, known: set[str], wrong: list[str]) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        wrong.append(where)
        return {}
    wrong += [f"{where}.{name}" for name in given if name not in known]
    wrong += [f"{where}.{n}" for n, v in given.items() if not (is_text(v) or isinstance(v, int))]
    return {str(name): str(value) for name, value in given.items()}


def _widths(given: Any, where: str, known: set[str], wrong: list[str]) -> dict[str, int]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        wrong.append(where)
        return {}
    good = {n: w for n, w in given.items() if n in known and type(w) is int and 1 <= w <= 64}
    wrong += [f"{where}.{name}" for name in given if name not in good]
    return good
