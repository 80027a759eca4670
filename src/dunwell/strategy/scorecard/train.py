"""Training: from accounts whose next bill is known to whole points."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from dunwell.portfolio.score import Attribute, Characteristic, Scorecard
from dunwell.strategy.scorecard import layout
from dunwell.strategy.scorecard.data import Book

NAME, CURRENCY = "uci-2005", "TWD"
DOUBLING = 20  # points that double the odds of payment, before the curve is bent
# So cut that the past due of the training data fill all five.
BANDS = (("A", 700_000), ("B", 550_000), ("C", 400_000), ("D", 280_000), ("E", 0))
MILLION = 1_000_000
# Per attribute, the shares of each row that are counted to it.
Shares = NDArray[np.float64]


@dataclass(frozen=True)
class _Part:
    """A characteristic in training: attributes that were merged share a group."""

    one: Characteristic
    places: NDArray[np.int64]
    groups: tuple[tuple[int, ...], ...]

    def shares(self) -> Shares:
        """Return one column a group."""
        hot = _counted(self.one)[self.places]
        # Where no attribute fits, an account counts as the usual one does.
        hot[self.places < 0] = hot[self.places >= 0].mean(axis=0)
        return np.stack([hot[:, list(group)].sum(axis=1) for group in self.groups], axis=1)


def _counted(one: Characteristic) -> Shares:
    """Return how an account with each attribute counts: to itself, but for ``halfway``."""
    table = np.eye(len(one.attributes))
    if one.measure == "mark" and one.statement > 1:
        at, milder, worse = layout.HALFWAY
        table[at] = (table[milder] + table[worse]) / 2
    return table


def train(book: Book, rows: NDArray[Any] | None = None) -> Scorecard:
    """Fit a card to ``book``, or to the rows of it that are named.

    Logistic regression on the attributes; neighbours that would reward the worse of
    two are merged and all is fitted again, so no reason ever contradicts its points.
    """
    parts = [_part(one, book, rows) for one in layout.blank()]
    paid = book.paid if rows is None else book.paid[rows]
    while True:
        weights = _fit(parts, paid)
        merged = [_merge(part, own) for part, own in zip(parts, weights, strict=True)]
        if all(new is old for new, old in zip(merged, parts, strict=True)):
            return _card(parts, weights, paid)
        parts = merged


def places(one: Characteristic, book: Book) -> NDArray[np.int64]:
    """Return the place of the attribute that fits each account; -1 where none does."""
    if one.measure == "mark":
        at = {m: place for place, a in enumerate(one.attributes) for m in a.marks}
        return np.array([at[profile[one.statement - 1]] for profile in book.payment_profile])
    number, whole = {
        "limit": (book.credit_limit_minor, np.full_like(book.credit_limit_minor, 1000)),
        "utilisation": (book.statement_balance_minor, book.credit_limit_minor),
        "paid": (book.last_payment_minor, book.credit_limit_minor),
        "repaid": (book.last_payment_minor, book.statement_balance_minor),
    }[one.measure]
    bounds = [a.since for a in one.attributes if a.since is not None]
    found = sum((number * 1000 >= whole * bound).astype(np.int64) for bound in bounds)
    # What is a part of nothing is unknown.
    return np.where(whole > 0, found, -1)


def _part(one: Characteristic, book: Book, rows: NDArray[Any] | None) -> _Part:
    found = places(one, book)
    groups = tuple((place,) for place in range(len(one.attributes)))
    return _Part(one, found if rows is None else found[rows], groups)


def _fit(parts: list[_Part], paid: NDArray[np.int64]) -> list[Shares]:
    columns = [part.shares() for part in parts]
    model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-8, max_iter=100)
    model.fit(np.hstack(columns), paid)
    ends = np.cumsum([one.shape[1] for one in columns])[:-1]
    return np.split(model.coef_[0], ends)


def _merge(part: _Part, weights: Shares) -> _Part:
    """Return ``part`` with neighbours merged where the worse weighs more, or itself."""
    home = {place: at for at, group in enumerate(part.groups) for place in group}
    ranked = list(dict.fromkeys(home[place] for place in layout.best_to_worst(part.one)))
    runs: list[list[int]] = [[ranked[0]]]
    for at in ranked[1:]:
        if weights[at] > weights[runs[-1][-1]]:
            runs[-1].append(at)
        else:
            runs.append([at])
    if len(runs) == len(ranked):
        return part
    free = [group for at, group in enumerate(part.groups) if at not in ranked]
    united = [tuple(sorted(place for at in run for place in part.groups[at])) for run in runs]
    return replace(part, groups=tuple(sorted([*free, *united])))


def _card(parts: list[_Part], weights: list[Shares], paid: NDArray[np.int64]) -> Scorecard:
    scale = DOUBLING / math.log(2)
    # What was merged into one attribute tells accounts apart no more.
    kept = [pair for pair in zip(parts, weights, strict=True) if len(pair[0].groups) > 1]
    characteristics = tuple(_rounded(part, own, scale) for part, own in kept)
    totals = np.zeros(len(paid), dtype=np.int64)
    for (part, _), one in zip(kept, characteristics, strict=True):
        totals += _points(part, one)
    # Every characteristic has an attribute of no points, so totals begin at nought.
    most = sum(max(one.best, one.unknown) for one in characteristics)
    return Scorecard(NAME, CURRENCY, characteristics, 0, _table(totals, paid, most), BANDS)


def _points(part: _Part, one: Characteristic) -> NDArray[np.int64]:
    """Return the points of each account in training, merged attributes and all."""
    group_of = {place: at for at, group in enumerate(part.groups) for place in group}
    given = [one.attributes[group_of[place]].points for place in range(len(group_of))]
    return np.array([*given, one.unknown])[part.places]


def _table(totals: NDArray[np.int64], paid: NDArray[np.int64], most: int) -> tuple[int, ...]:
    """Return the propensity of each total from nought to ``most``.

    Points add up as odds do, but at the lowest totals fewer are lost than the odds say:
    a square bends the curve. Its figures are rounded, lest machines differ in the last.
    """
    hundreds = totals / 100
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8)
    model.fit(np.stack([hundreds, hundreds**2], axis=1), paid)
    base, rise, bend = (round(float(one), 4) for one in (*model.intercept_, *model.coef_[0]))
    chances = [
        round(MILLION / (1 + math.exp(-(base + rise * total / 100 + bend * (total / 100) ** 2))))
        for total in range(most + 1)
    ]
    return tuple(accumulate(chances, max))


def _rounded(part: _Part, weights: Shares, scale: float) -> Characteristic:
    points = [round(float(weight - weights.min()) * scale) for weight in weights]
    # A merged attribute has the reason of its mildest.
    rank = {place: at for at, place in enumerate(layout.best_to_worst(part.one))}
    attributes = tuple(
        _united([part.one.attributes[p] for p in sorted(group, key=lambda p: rank.get(p, p))], own)
        for group, own in zip(part.groups, points, strict=True)
    )
    usual = round(float(np.average(points, weights=part.shares().sum(axis=0))))
    return replace(part.one, attributes=attributes, unknown=usual)


def _united(attributes: list[Attribute], points: int) -> Attribute:
    """Return one attribute for several, the mildest first, with its reason."""
    bounds = [attribute.since for attribute in attributes]
    since = None if None in bounds else min(bound for bound in bounds if bound is not None)
    marks = "".join(sorted(mark for attribute in attributes for mark in attribute.marks))
    return Attribute(points, marks, since, attributes[0].reason)
