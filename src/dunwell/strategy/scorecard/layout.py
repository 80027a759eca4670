"""What the card asks about, before any points are known."""

from __future__ import annotations

from collections.abc import Sequence

from dunwell.portfolio.score import Attribute, Characteristic

STATEMENTS = 6
CLEAN = ("N", "P", "R")
LATE = ("1", "2", "345678")
# At the newest statement one cycle past due is common; at the older ones the training
# data hold it 34 times in 150,000. There it counts half as R and half as two cycles,
# by rule: the places of 1, R and 2 among the attributes.
HALFWAY = (3, 2, 4)

# Thousandths of the credit limit owed at the statement; the first is "nothing owed".
UTILISATION = (None, 1, 100, 300, 500, 700, 900, 1000)
# New Taiwan dollars, minor units.
LIMITS = (None, 3_000_000, 5_000_100, 8_000_000, 12_000_000, 18_000_000, 24_000_000, 36_000_000)
# Thousandths of the statement that the last payment covered.
REPAID = (None, 1, 20, 40, 60, 100, 300, 900)
# Thousandths of the credit limit that the last payment was.
PAID = (None, 1, 5, 10, 20, 40, 80, 150, 300)


def blank() -> tuple[Characteristic, ...]:
    """Return the characteristics with no points yet."""
    statements = tuple(_statement(number) for number in range(1, STATEMENTS + 1))
    return (
        *statements,
        _numbers("UTIL", "utilisation", UTILISATION, reasons=range(5, 8)),
        _numbers("LIMIT", "limit", LIMITS, reasons=range(7)),
        _numbers("PAYR", "repaid", REPAID, reasons=range(7)),
        _numbers("PAYL", "paid", PAID, reasons=range(8)),
    )


def best_to_worst(one: Characteristic) -> range:
    """Return the places of the attributes that have an order, best first.

    Statements without use or paid in full have none, nor has owing nothing: there the
    data speak alone.
    """
    count = len(one.attributes)
    if one.measure == "mark":
        return range(len(CLEAN) - 1, count)
    if one.measure == "utilisation":
        return range(1, count)
    return range(count - 1, -1, -1)


def _statement(number: int) -> Characteristic:
    code = f"PS{number}"
    worse = "PS1X" if number == 1 else code
    clean = tuple(Attribute(0, marks=mark) for mark in CLEAN)
    late = tuple(
        Attribute(0, marks=marks, reason=code if marks == "1" else worse) for marks in LATE
    )
    return Characteristic(code, "mark", clean + late, 0, number)


def _numbers(
    code: str, measure: str, bounds: Sequence[int | None], reasons: Sequence[int]
) -> Characteristic:
    attributes = tuple(
        Attribute(0, since=bound, reason=code if place in reasons else None)
        for place, bound in enumerate(bounds)
    )
    return Characteristic(code, measure, attributes, 0)
