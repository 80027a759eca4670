"""The cells of a decision table: what an analyst writes, and which values it meets.

| cell                   | meets                                           |
|------------------------|-------------------------------------------------|
| empty or ``-``         | everything, NULL too                            |
| ``3``  ``desk``        | that value                                      |
| ``1..3``               | 1, 2 and 3 (numbers only)                       |
| ``>=5``  ``<100``      | numbers from 5; under 100; also ``>`` ``<=``    |
| ``1,4..6``  ``a,b``    | any of these                                    |
| ``not(a,b)``           | anything known that is none of these            |
| ``true``  ``false``    | in a bool column                                |
| ``null``               | NULL; ``null,3`` meets both; ``not(null)`` what is known |

NULL meets only "everything" and ``null``. Full-width signs of a Chinese keyboard are
read like their narrow twins.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Value = int | str | bool | None
# From and to, both included; None is no limit.
Span = tuple[int | None, int | None]

TYPES = ("int", "text", "bool")
BOOLS = {"true": True, "false": False}
ANYTHING = ("", "-")
LARGEST = 2**63 - 1
# What people can still read in a cell; more would make the check of a table slow.
MOST_PARTS = 50

_NUMBER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_RANGE = re.compile(r"(-?[0-9]{1,19})\s*\.\.\s*(-?[0-9]{1,19})", re.ASCII)
_LIMIT = re.compile(r"(<=|>=|<|>)\s*(-?[0-9]{1,19})", re.ASCII)
_NOT = re.compile(r"not\s*\((.*)\)", re.IGNORECASE)
_SIGNS = str.maketrans({"≤": "<=", "≥": ">=", "–": "-", "—": "-", "−": "-", "、": ","})


class BadCell(ValueError):
    """The cell does not follow the grammar; ``code`` says how, for machines."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Meets the whole numbers of its spans, which rise and neither touch nor overlap."""

    spans: tuple[Span, ...]
    null: bool

    @property
    def parts(self) -> int:
        """How many spans there are to look at."""
        return len(self.spans)

    def meets(self, value: Value) -> bool:
        if value is None:
            return self.null
        number = int(value)
        return any(
            (low is None or low <= number) and (high is None or number <= high)
            for low, high in self.spans
        )

    def covers(self, other: Numbers) -> bool:
        """Say whether everything that ``other`` meets is met here."""
        if other.null and not self.null:
            return False
        # Both rise, so each span is looked at once; only the first that ends late enough
        # can hold the other's.
        at = 0
        for span in other.spans:
            while at < len(self.spans) and _ends_before(self.spans[at], span):
                at += 1
            if at == len(self.spans) or not _inside(span, self.spans[at]):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Names:
    """Meets the values it lists or, turned round, every known value that it does not."""

    values: tuple[str | bool, ...]
    turned: bool
    null: bool

    @property
    def parts(self) -> int:
        """How many values there are to look at."""
        return max(1, len(self.values))

    def meets(self, value: Value) -> bool:
        if value is None:
            return self.null
        return (value in self.values) != self.turned

    def covers(self, other: Names) -> bool:
        """Say whether everything that ``other`` meets is met here."""
        mine, others = set(self.values), set(other.values)
        if self.turned:
            inside = mine <= others if other.turned else not mine & others
        else:
            inside = not other.turned and others <= mine
        return inside and (self.null or not other.null)


Condition = Numbers | Names


def is_anything(condition: Condition) -> bool:
    """Say whether the condition meets every value and NULL."""
    if isinstance(condition, Numbers):
        return condition.null and condition.spans == ((None, None),)
    everything = (True, ()) if condition.turned else (False, (False, True))
    return condition.null and (condition.turned, condition.values) == everything


def parse(text: str, kind: str) -> Condition:
    """Return the condition that a cell of a column of type ``kind`` says.

    :raises BadCell: if it breaks the grammar or can never be met
    """
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS).strip()
    if plain in ANYTHING:
        return _condition(kind, [], turned=True, null=True)
    inner = _NOT.fullmatch(plain)
    parts = [part.strip() for part in (inner.group(1) if inner else plain).split(",")]
    if "" in parts:
        raise BadCell("empty_part")
    if len(parts) > MOST_PARTS:
        raise BadCell("too_many_parts")
    known = [part for part in parts if part.lower() != "null"]
    null = len(known) < len(parts)
    return _condition(kind, known, turned=inner is not None, null=null and inner is None)


def output(text: str, kind: str) -> Value:
    """Return the value that an output cell says; empty or ``null`` is None.

    :raises BadCell: if it is not a value of its type
    """
    plain = text.strip()
    if plain.lower() in ("", "null"):
        return None
    if kind == "text":
        return plain
    plain = unicodedata.normalize("NFKC", plain)
    return _truth(plain) if kind == "bool" else _number(plain)


def _condition(kind: str, parts: Sequence[str], *, turned: bool, null: bool) -> Condition:
    if kind == "int":
        spans = _joined(_span(part) for part in parts)
        return Numbers(_between(spans) if turned else spans, null)
    if kind == "text":
        return Names(tuple(sorted({_name(part) for part in parts})), turned, null)
    truths = {_truth(part) for part in parts}
    if turned:
        truths = {True, False} - truths
    if not truths and not null:
        raise BadCell("never_met")
    return Names(tuple(sorted(truths)), False, null)


def _truth(part: str) -> bool:
    if part.lower() not in BOOLS:
        raise BadCell("not_a_bool")
    return BOOLS[part.lower()]


def _name(part: str) -> str:
    if part.startswith(("<", ">", "=")) or ".." in part or "(" in part or ")" in part:
        raise BadCell("not_a_text")
    return part


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or abs(int(text)) >= LARGEST:
        raise BadCell("not_a_number")
    return int(text)


def _span(part: str) -> Span:
    if between := _RANGE.fullmatch(part):
        low, high = _number(between.group(1)), _number(between.group(2))
        if low > high:
            raise BadCell("range_backwards")
        return low, high
    if limit := _LIMIT.fullmatch(part):
        sign, number = limit.group(1), _number(limit.group(2))
        limits = {
            "<=": (None, number),
            "<": (None, number - 1),
            ">=": (number, None),
            ">": (number + 1, None),
        }
        return limits[sign]
    return _number(part), _number(part)


def _ends_before(wide: Span, span: Span) -> bool:
    return wide[1] is not None and (span[1] is None or wide[1] < span[1])


def _inside(span: Span, wide: Span) -> bool:
    (low, high), (first, last) = span, wide
    starts = first is None or (low is not None and first <= low)
    ends = last is None or (high is not None and high <= last)
    return starts and ends


def _joined(spans: Iterator[Span]) -> tuple[Span, ...]:
    """Return the spans rising, those that touch or overlap made one."""
    joined: list[Span] = []
    rising = sorted(spans, key=lambda span: -LARGEST - 1 if span[0] is None else span[0])
    for low, high in rising:
        if not joined:
            joined.append((low, high))
            continue
        first, last = joined[-1]
        if last is None or low is None or low <= last + 1:
            end = None if last is None or high is None else max(last, high)
            joined[-1] = (first, end)
        else:
            joined.append((low, high))
    return tuple(joined)


def _between(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return what joined spans leave out."""
    gaps: list[Span] = []
    start: int | None = None
    for low, high in spans:
        if low is not None:
            gaps.append((start, low - 1))
        if high is None:
            if not gaps:
                raise BadCell("never_met")
            return tuple(gaps)
        start = high + 1
    return (*gaps, (start, None))
