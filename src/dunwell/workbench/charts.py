"""A day's key figures as the charts take them: labels and numbers, no markup."""

from __future__ import annotations

from datetime import date
from typing import Any

from dunwell.daybook.models import Figure
from dunwell.kernel.money import digits
from dunwell.parties.models import Portfolio
from dunwell.workbench.words import say

DAYS = 31
BUCKETS = range(8)


def figures_of(portfolio: Portfolio, day: date) -> dict[str, Any]:
    """Return the charts of a day: buckets over time, rolls, queues and treatments; one query."""
    rows = Figure.objects.filter(portfolio=portfolio, day__lte=day).order_by("-day")
    known = rows.filter(name__in=["bucket", "roll", "queue", "treatment"])
    days = sorted(set(rows.filter(name="bucket").values_list("day", flat=True)[: DAYS * 8]))[-DAYS:]
    found = list(
        known.filter(day__in=days).values_list("day", "name", "key", "count", "amount_minor")
    )
    unit = 10 ** digits(portfolio.currency)
    amounts = {
        (d, key): (amount or 0) // unit for d, name, key, _, amount in found if name == "bucket"
    }
    today = {(name, key): count for d, name, key, count, _ in found if d == day}
    return {
        "currency": portfolio.currency,
        "buckets": {
            "days": [str(d) for d in days],
            "series": [
                {
                    "name": _bucket(b),
                    "bucket": b,
                    "data": [amounts.get((d, str(b)), 0) for d in days],
                }
                for b in BUCKETS
                if b
            ],
        },
        "rolls": _rolls(today),
        "queues": _ranked(today, "queue"),
        "treatments": _ranked(today, "treatment"),
    }


def _rolls(today: dict[tuple[str, str], int]) -> dict[str, Any]:
    """Return who came from which bucket into which; ``heat`` is the share of those that moved."""
    sources = ["new", *map(str, BUCKETS)]
    moved = {(frm, to): today.get(("roll", f"{frm}>{to}"), 0) for frm in sources for to in BUCKETS}
    most = max([n for (frm, to), n in moved.items() if frm not in ("new", str(to))] + [1])
    rows: list[dict[str, Any]] = []
    for frm in sources:
        cells = [_cell(moved[frm, to], frm, to, most) for to in BUCKETS]
        if frm != "new" or any(cell["count"] for cell in cells):
            rows.append(
                {"name": say("value", frm) if frm == "new" else _bucket(int(frm)), "cells": cells}
            )
    names = [_bucket(b) for b in BUCKETS]
    return {"names": names, "rows": rows, "new": len(rows) > len(names)}


def _cell(count: int, frm: str, to: int, most: int) -> dict[str, Any]:
    stays = frm in ("new", str(to))
    heat = "0" if stays or not count else str(min(4, 1 + 4 * count // (most + 1)))
    better = not stays and to < int(frm)
    return {"count": count, "stays": stays, "heat": f"{'g' if better else 'r'}{heat}"}


def _bucket(number: int) -> str:
    return "M7+" if number == 7 else f"M{number}"


def _ranked(today: dict[tuple[str, str], int], name: str) -> dict[str, list[Any]]:
    rows = sorted(((count, key) for (n, key), count in today.items() if n == name), reverse=True)[
        :12
    ]
    return {"names": [say(name, key) for _, key in rows], "counts": [count for count, _ in rows]}
