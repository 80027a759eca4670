"""Scoring: points for facts, added up to a propensity, with the reasons for what is lost.

Everything is whole numbers, bounds included: a score is the same on every machine, and
a person can check one with pencil and paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import ibis

from dunwell.portfolio import schema

# What a card may ask about. Any value may be NULL: then a characteristic is unknown.
FACTS: Mapping[str, str] = MappingProxyType(
    {
        "payment_profile": "string",
        "credit_limit_minor": "int64",
        "balance_minor": "int64",
        "statement_balance_minor": "int64",
        "last_payment_minor": "int64",
    }
)
REASONS = 3
# Bounds are thousandths: finer ones would overflow with the largest amounts.
_PARTS = 1000
# Room for the serial number of an attribute below its loss.
_SERIALS = 256


class BadCard(ValueError):
    """A scorecard contradicts itself."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value or range of values and its points.

    ``marks`` are the characters of the payment profile that fit. For a number,
    ``since`` is the least that fits, up to the next attribute's; None on the first.
    ``reason`` names what the points lost tell a person; None where that would tell
    him nothing, as for a statement paid in full.
    """

    points: int
    marks: str = ""
    since: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A fact that gives points.

    ``measure`` is ``mark`` (of the statement ``statement``, 1 the newest), ``limit`` in
    minor units, or a thousandth part: ``utilisation`` (owed at the statement, of the limit),
    ``repaid`` (last payment, of the statement) or ``paid`` (last payment, of the limit).
    ``unknown`` are the points where the fact is missing; that is never a reason.
    """

    code: str
    measure: str
    attributes: tuple[Attribute, ...]
    unknown: int
    statement: int = 0

    @property
    def best(self) -> int:
        return max(attribute.points for attribute in self.attributes)


@dataclass(frozen=True)
class Scorecard:
    """A card: ``propensity_ppm[total - lowest]`` is the chance that goes with a total.

    ``bands`` are letters, best first, each with the least propensity in ppm; the last
    takes the rest. ``currency`` is that of the bounds of ``limit``.

    :raises BadCard: if totals fall outside the table, or it does not rise
    """

    name: str
    currency: str
    characteristics: tuple[Characteristic, ...]
    lowest: int
    propensity_ppm: tuple[int, ...]
    bands: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        table = self.propensity_ppm
        given = [
            {attribute.points for attribute in one.attributes} | {one.unknown}
            for one in self.characteristics
        ]
        least, most = sum(map(min, given)), sum(map(max, given))
        if least < self.lowest or most >= self.lowest + len(table):
            raise BadCard(f"Totals run from {least} to {most}: beyond the table.")
        if any(after < before for before, after in pairwise(table)):
            raise BadCard("The propensity falls as points rise.")
        if len(self.attributes) >= _SERIALS:
            raise BadCard(f"More than {_SERIALS - 1} attributes.")

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """All attributes in the card's order: the place of one is its serial number."""
        return tuple(a for one in self.characteristics for a in one.attributes)


def score(accounts: ibis.Table, card: Scorecard) -> ibis.Table:
    """Add ``propensity_ppm``, ``score_band`` and ``reason_1`` to ``reason_3`` to each account.

    ``accounts`` brings ``FACTS``; all its columns pass through. The reasons are those of
    the attributes that lost most points against the best of their characteristic, the
    worst first, ties in the card's order; NULL where fewer lost any.

    :raises schema.WrongColumns: if a column is missing or of another type
    """
    schema.check(accounts, FACTS)
    total: Any = ibis.literal(0, type="int64")
    keys = []
    for first, one in _numbered(card):
        rated = [_Rated(a, first + place, one.best) for place, a in enumerate(one.attributes)]
        total = total + _case(accounts, one, rated, lambda r: r.attribute.points, one.unknown)
        keys.append(_case(accounts, one, rated, lambda r: r.key, 0))
    ppm = _at(card.propensity_ppm, total - card.lowest)
    ranked = accounts.mutate(propensity_ppm=ppm.cast("int32"), _keys=ibis.array(keys).sort())
    return ranked.mutate(
        score_band=_band(ranked.propensity_ppm, card),
        **{
            f"reason_{place + 1}": _reason(ranked._keys[len(keys) - 1 - place], card)
            for place in range(REASONS)
        },
    ).drop("_keys")


@dataclass(frozen=True, slots=True)
class _Rated:
    attribute: Attribute
    serial: int
    best: int

    @property
    def key(self) -> int:
        """Order by points lost, then by place in the card; 0 is no reason."""
        lost = self.best - self.attribute.points
        if not lost or self.attribute.reason is None:
            return 0
        return lost * _SERIALS + (_SERIALS - 1 - self.serial)


def _numbered(card: Scorecard) -> list[tuple[int, Characteristic]]:
    """Return each characteristic with the serial number of its first attribute."""
    found, first = [], 0
    for one in card.characteristics:
        found.append((first, one))
        first += len(one.attributes)
    return found


def _case(
    accounts: ibis.Table,
    one: Characteristic,
    rated: list[_Rated],
    value: Callable[[_Rated], int],
    unknown: int,
) -> Any:
    """Return ``value`` of the attribute that fits each account, as a 64-bit number.

    Engines give small literals small types, whose sums and products overflow.
    """
    return _chosen(accounts, one, rated, value, unknown).cast("int64")


def _chosen(
    accounts: ibis.Table,
    one: Characteristic,
    rated: list[_Rated],
    value: Callable[[_Rated], int],
    unknown: int,
) -> Any:
    if one.measure == "mark":
        mark = accounts.payment_profile.substr(one.statement - 1, 1)
        pairs = [(m, value(r)) for r in rated for m in r.attribute.marks]
        return mark.cases(*pairs, else_=unknown)
    number, whole = _measure(accounts, one.measure)
    known = number.notnull() & (whole > 0)
    # From the highest bound down, so that the first that is reached fits.
    steps = [
        (known & _reaches(number, whole, one.measure, r.attribute.since), value(r))
        for r in reversed(rated)
        if r.attribute.since is not None
    ]
    return ibis.cases(*steps, (known, value(rated[0])), else_=unknown)


def _measure(accounts: ibis.Table, measure: str) -> tuple[Any, Any]:
    """Return a number and what it is a part of; a limit is a part of itself."""
    limit = accounts.credit_limit_minor.cast("int64")
    paid = accounts.last_payment_minor.cast("int64")
    owed = accounts.statement_balance_minor.cast("int64")
    if measure == "limit":
        return limit, limit
    if measure == "paid":
        return paid, limit
    if measure == "repaid":
        return paid, owed
    return owed.coalesce(accounts.balance_minor.cast("int64")), limit


def _reaches(number: Any, whole: Any, measure: str, since: int) -> Any:
    if measure == "limit":
        return number >= since
    # Multiplied, not divided: nothing is rounded.
    return number * _PARTS >= whole * since


def _band(ppm: Any, card: Scorecard) -> Any:
    *upper, (last, _) = card.bands
    return ibis.cases(*((ppm >= least, letter) for letter, least in upper), else_=last)


def _reason(key: Any, card: Scorecard) -> Any:
    names = tuple(attribute.reason or "" for attribute in card.attributes)
    return ibis.cases((key > 0, _at(names, _SERIALS - 1 - key % _SERIALS)))


def _at(values: tuple[Any, ...], place: Any) -> Any:
    return ibis.array(list(values))[place]
