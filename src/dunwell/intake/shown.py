"""What a report, a screen or a log may show of what was delivered.

A value is judged by what it is, never by the column it stands in: in a spoiled file an
identity number may stand anywhere, in the header too.
"""

from __future__ import annotations

import re

from dunwell.intake.layout import KINDS, Column, Kind, Type
from dunwell.kernel.cards import masked

LONGEST = 60
_CARD = re.compile(r"\[card \*{4}[0-9]{4}\]")
_UNFIT = re.compile(r"[\0\ud800-\udfff]")
# At most six digits before the point: nine would hold a telephone number or a birthday.
_AMOUNT = re.compile(
    r"(?i)[-+(￥¥$€]{0,2}([0-9]{0,6}|[0-9]{1,3}([,.' ][0-9]{3}){1,2})([.,][0-9]{0,4})?"
    r"(e[-+]?[0-9]{1,3}|[)%元万-]|cr|dr)?|[-+]?(nan|inf|infinity)|null|none|n/?a|-|/|\\n"
)
# A year from 2000 on, or a stand-in for no date: an older one may be a birthday.
_DAY = re.compile(r"(20[0-9]{2}|0000|1900|9999)([-/.]?)[0-9]{1,2}\2[0-9]{1,2}")
_CODE = re.compile(r"[A-Za-z]{2,3}")
_FLAGS = {"true", "false", "yes", "no", "1", "0", "y", "n", "t", "f"}
_PART = re.compile(r"files\[[0-9]{1,3}\]|[^., ][^.,]*")
# What a finding's place is made of, beside the names of columns.
_WORDS = {
    "portfolio", "business_date", "encoding", "files", "mapping", "previous", "all_movements",
    "correction", "name", "kind", "rows", "sha256", "totals", "sheet", "columns", "constants",
    "dates", "decimal", "thousands", "sign", "shown_as", "widths",
}  # fmt: skip
_COLUMNS = {column.name for kind in KINDS.values() for column in kind.columns}
_KNOWN = _WORDS | _COLUMNS | set(KINDS)


def fit(text: str) -> str:
    """Return text that a database and a log can hold: no NUL, no half characters."""
    return _UNFIT.sub("\ufffd", text)


def reduced(value: str) -> str:
    """Return a value's ends, at most 60 characters; nothing of one shorter than five."""
    safe = fit(masked(value))[:LONGEST]
    if _CARD.fullmatch(safe):
        return safe
    return "*" * len(safe) if len(safe) < 5 else f"{safe[0]}{'*' * (len(safe) - 2)}{safe[-1]}"


def hidden(kind: Kind, column: str, value: str | None) -> str:
    """Return a value as a report may show it: open only if it is short and tells of nobody."""
    if value is None:
        return ""
    known = next((c for c in kind.columns if c.name == column), None)
    if known is not None and len(value) <= 10 and _is_open(known, value):
        return fit(value)
    return reduced(value)


def _is_open(column: Column, value: str) -> bool:
    match column.type:
        case Type.AMOUNT | Type.SIGNED | Type.COUNT:
            return _AMOUNT.fullmatch(value) is not None
        case Type.DATE:
            return column.name != "birth_date" and _DAY.fullmatch(value) is not None
        case Type.FLAG:
            return value.lower() in _FLAGS
        case Type.CHOICE:
            return value.lower() in {choice.lower() for choice in column.choices}
    return column.name in ("currency", "country") and _CODE.fullmatch(value) is not None


def place(code: str, where: str) -> str:
    """Return the column that a finding names: a word of ours stays, any other is reduced.

    Of groups A and I it is the name of a file within an archive.
    """
    if code.startswith(("intake.A", "intake.I")):
        return fit(masked(where))[:200]
    return _PART.sub(lambda part: part[0] if _is_ours(part[0]) else reduced(part[0]), where)


def _is_ours(part: str) -> bool:
    return part in _KNOWN or part.startswith("files[")
