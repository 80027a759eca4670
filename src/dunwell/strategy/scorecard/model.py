"""The shipped card: read from, and written to, a file that a person can check."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from dunwell.portfolio.score import Attribute, Characteristic, Scorecard

FILE = "card.json"
_WIDTH = 12  # propensities in a line


@cache
def shipped(currency: str | None = None) -> Scorecard:
    """Return the card of this release.

    Name the portfolio's ``currency`` and a card whose limits are in another one leaves
    them out: every account then gets the usual points for its limit, and no reason.
    """
    card = loads(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
    if currency in (None, card.currency):
        return card
    return replace(card, characteristics=tuple(map(_without_amounts, card.characteristics)))


@cache
def card_sha256() -> str:
    """Return the SHA-256 of the card of this release, as shipped."""
    return sha256(files(__package__).joinpath(FILE).read_bytes()).hexdigest()


def loads(text: str) -> Scorecard:
    """Read a card.

    :raises BadCard: if it contradicts itself
    """
    raw = json.loads(text)
    return Scorecard(
        name=raw["name"],
        currency=raw["currency"],
        characteristics=tuple(map(_characteristic, raw["characteristics"])),
        lowest=raw["lowest_total"],
        propensity_ppm=tuple(raw["propensity_ppm"]),
        bands=tuple((letter, least) for letter, least in raw["bands_from_ppm"].items()),
    )


def dumps(card: Scorecard) -> str:
    """Write a card, one attribute a line; the same card gives the same bytes."""
    raw: dict[str, Any] = {
        "name": card.name,
        "currency": card.currency,
        "bands_from_ppm": dict(card.bands),
    }
    head = json.dumps(raw, indent=1).removesuffix("\n}")
    characteristics = ",\n".join(map(_lines, card.characteristics))
    ppm = card.propensity_ppm
    table = ",\n".join(
        "  " + ", ".join(map(str, ppm[at : at + _WIDTH])) for at in range(0, len(ppm), _WIDTH)
    )
    return (
        f'{head},\n "characteristics": [\n{characteristics}\n ],\n'
        f' "lowest_total": {card.lowest},\n "propensity_ppm": [\n{table}\n ]\n}}\n'
    )


def _lines(one: Characteristic) -> str:
    facts: dict[str, Any] = {"code": one.code, "measure": one.measure}
    if one.statement:
        facts["statement"] = one.statement
    facts["unknown"] = one.unknown
    head = json.dumps(facts).removesuffix("}")
    rows = ",\n".join(f"   {json.dumps(_row(one, a))}" for a in one.attributes)
    return f'  {head}, "attributes": [\n{rows}\n  ]}}'


def _row(one: Characteristic, attribute: Attribute) -> dict[str, Any]:
    fits = {"marks": attribute.marks} if one.measure == "mark" else {"since": attribute.since}
    return {**fits, "points": attribute.points, "reason": attribute.reason}


def _characteristic(raw: dict[str, Any]) -> Characteristic:
    attributes = tuple(Attribute(**row) for row in raw["attributes"])
    return Characteristic(
        code=raw["code"],
        measure=raw["measure"],
        attributes=attributes,
        unknown=raw["unknown"],
        statement=raw.get("statement", 0),
    )


def _without_amounts(one: Characteristic) -> Characteristic:
    if one.measure != "limit":
        return one
    return replace(one, attributes=(Attribute(one.unknown),))
