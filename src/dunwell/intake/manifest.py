"""The manifest: what the sender says the delivery holds. Typed, every error named."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn, TypeGuard

from dunwell.intake.faults import Finding, Stop
from dunwell.intake.layout import KINDS, Type

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "gbk")
NAME = "manifest.json"
LARGEST = 1 << 20
_SHA = re.compile(r"[0-9a-f]{64}")
_TOTAL = re.compile(r"-?[0-9]{1,24}(\.[0-9]{1,3})?", re.ASCII)
_UNFIT = re.compile(r"[\0\ud800-\udfff]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the delivery; ``totals`` are sums by amount column, hash totals by key.

    ``sheet`` names the sheet of a workbook that has several.
    """

    name: str
    kind: str
    rows: int
    sha256: str
    totals: dict[str, Decimal]
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the sender promises. ``previous`` is the business date delivered before.

    ``all_movements`` says that the payments hold all that lowered a balance since then;
    ``correction`` that the delivery is to replace one that was applied.
    """

    portfolio: str
    business_date: date
    encoding: str
    files: tuple[Entry, ...]
    mapping: str = ""
    previous: date | None = None
    all_movements: bool = False
    correction: bool = False


def parse(raw: bytes) -> Manifest:
    """Return the manifest that ``raw`` holds.

    :raises Stop: with one finding for each thing that is wrong with it
    """
    document = _document(raw)
    if document.get("test") or document.get("environment") in ("test", "uat", "sit"):
        raise Stop(Finding("intake.A11_test_data", file=NAME))
    wrong: list[str] = []
    files = tuple(_entries(document.get("files"), wrong))
    portfolio = document.get("portfolio")
    if not is_text(portfolio) or not portfolio:
        wrong.append("portfolio")
    encoding = document.get("encoding", "utf-8")
    if not isinstance(encoding, str) or encoding.lower() not in ENCODINGS:
        wrong.append("encoding")
    mapping = document.get("mapping", "")
    if not is_text(mapping):
        wrong.append("mapping")
    day, before = _days(document, wrong)
    all_movements = _switch(document, "all_movements", wrong)
    correction = _switch(document, "correction", wrong)
    if wrong or day is None:
        raise Stop(*(_wrong(column) for column in wrong))
    return Manifest(
        str(portfolio),
        day,
        str(encoding).lower(),
        files,
        mapping,
        before,
        all_movements,
        correction,
    )


def is_text(value: object) -> TypeGuard[str]:
    """Say whether it is text that a database can hold: no NUL, no half characters."""
    return isinstance(value, str) and not _UNFIT.search(value)


def _switch(document: dict[str, Any], name: str, wrong: list[str]) -> bool:
    given = document.get(name, False)
    if not isinstance(given, bool):
        wrong.append(name)
    return given is True


def _document(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in ``raw``, in which no name stands twice."""
    try:
        document = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_no_twice)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, ValueError):
        raise Stop(_wrong("")) from None
    if not isinstance(document, dict):
        raise Stop(_wrong(""))
    return document


def _days(document: dict[str, Any], wrong: list[str]) -> tuple[date | None, date | None]:
    """Return the business date and the one before it, noting what is wrong with them."""
    day, previous = _day(document.get("business_date")), document.get("previous")
    if day is None:
        wrong.append("business_date")
    before = _day(previous)
    if previous is not None and (before is None or (day is not None and before >= day)):
        wrong.append("previous")
    return day, before


def _wrong(column: str) -> Finding:
    return Finding("intake.H05_manifest", file=NAME, column=column)


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _day(value: object) -> date | None:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _entries(value: object, wrong: list[str]) -> list[Entry]:
    if not isinstance(value, list) or not value or len(value) > 100:
        wrong.append("files")
        return []
    found = [
        entry
        for place, given in enumerate(value)
        if (entry := _entry(given, f"files[{place}]", wrong)) is not None
    ]
    names = [entry.name for entry in found]
    kinds = [entry.kind for entry in found]
    if len(set(names)) != len(names):
        wrong.append("files.name")
    if len(set(kinds)) != len(kinds):
        wrong.append("files.kind")
    return found


def _entry(given: object, where: str, wrong: list[str]) -> Entry | None:
    if not isinstance(given, dict):
        wrong.append(where)
        return None
    before = len(wrong)
    name, kind, rows = given.get("name"), given.get("kind"), given.get("rows")
    sha, sheet = given.get("sha256"), given.get("sheet", "")
    if not is_text(sheet) or len(sheet) > 100:
        wrong.append(f"{where}.sheet")
    if not isinstance(name, str) or not name or len(name) > 500:
        wrong.append(f"{where}.name")
    if not isinstance(kind, str) or kind not in KINDS:
        wrong.append(f"{where}.kind")
    if type(rows) is not int or not 0 <= rows <= 10**9:
        wrong.append(f"{where}.rows")
    if not isinstance(sha, str) or not _SHA.fullmatch(sha.lower()):
        wrong.append(f"{where}.sha256")
    totals = _totals(given.get("totals") or {}, str(kind), where, wrong)
    if len(wrong) > before:
        return None
    return Entry(str(name), str(kind), int(str(rows)), str(sha).lower(), totals, str(sheet))


def _totals(given: object, kind: str, where: str, wrong: list[str]) -> dict[str, Decimal]:
    if not isinstance(given, dict):
        wrong.append(f"{where}.totals")
        return {}
    summed = {
        column.name
        for column in (KINDS[kind].columns if kind in KINDS else ())
        if column.type in (Type.AMOUNT, Type.SIGNED, Type.KEY)
    }
    bad = [
        f"{where}.totals.{name}"[:100]
        for name, value in given.items()
        if name not in summed or not isinstance(value, str) or not _TOTAL.fullmatch(value)
    ]
    wrong += bad
    if bad:
        return {}
    return {name: Decimal(value) for name, value in given.items()}


def refuse(code: str, file: str = "", column: str = "") -> NoReturn:
    """Stop reading for one reason."""
    raise Stop(Finding(f"intake.{code}", file=file, column=column))
