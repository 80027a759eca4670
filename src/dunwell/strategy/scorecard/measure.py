"""How good a card is: ranking, separation and whether its chances come true."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import StratifiedKFold

from dunwell.portfolio.score import Scorecard, score
from dunwell.strategy.scorecard.data import Book
from dunwell.strategy.scorecard.train import MILLION, train

FOLDS, SEED = 5, 0
TENTHS = 10
# So many digits do not depend on the order in which a machine adds up.
_DIGITS = 4

Chances = NDArray[np.float64]


@dataclass(frozen=True)
class Tenth:
    """A tenth of the accounts, lowest propensity first: what was foretold, what came."""

    accounts: int
    foretold: float
    paid: float


@dataclass(frozen=True)
class Figures:
    """``auc`` and ``ks`` judge the ranking, ``brier`` and ``tenths`` the chances."""

    accounts: int
    auc: float
    ks: float
    brier: float
    foretold: float
    paid: float
    tenths: tuple[Tenth, ...]


@dataclass(frozen=True)
class Report:
    """``fold_auc`` and ``unseen`` are of cards that had not seen the accounts they score.

    ``shipped`` is the card of the release on the accounts it was trained on; the
    ``overdue`` ones are past due at the newest statement: those collections score.
    """

    card: str
    fold_auc: tuple[float, ...]
    unseen: Figures
    unseen_overdue: Figures
    shipped: Figures
    shipped_overdue: Figures
    bands: dict[str, int]
    bands_overdue: dict[str, int]

    @property
    def auc(self) -> float:
        """The mean of the folds."""
        return round(sum(self.fold_auc) / len(self.fold_auc), _DIGITS)

    def plain(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {"card": self.card, "auc": self.auc, **asdict(self)}


def report(book: Book, card: Scorecard) -> Report:
    """Cross-validate the training on ``book`` and judge ``card`` on all of it."""
    frame = book.frame()
    unseen = np.zeros(len(book.paid))
    folds = []
    split = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for seen, kept in split.split(frame, book.paid):
        scored = _scored(frame.iloc[kept], train(book, seen))
        unseen[kept] = scored["propensity_ppm"] / MILLION
        folds.append(round(float(roc_auc_score(book.paid[kept], unseen[kept])), _DIGITS))
    own = _scored(frame, card)
    chances = own["propensity_ppm"].to_numpy() / MILLION
    overdue = book.overdue
    return Report(
        card=card.name,
        fold_auc=tuple(folds),
        unseen=figures(unseen, book.paid),
        unseen_overdue=figures(unseen[overdue], book.paid[overdue]),
        shipped=figures(chances, book.paid),
        shipped_overdue=figures(chances[overdue], book.paid[overdue]),
        bands=_bands(own, card),
        bands_overdue=_bands(own[overdue], card),
    )


def figures(chances: Chances, paid: NDArray[np.int64]) -> Figures:
    """Judge ``chances`` by what came of them."""
    false, true, _ = roc_curve(paid, chances)
    # Equal chances stay in the order of the book.
    order = np.argsort(chances, kind="stable")
    return Figures(
        accounts=len(paid),
        auc=_round(roc_auc_score(paid, chances)),
        ks=_round(np.max(true - false)),
        brier=_round(np.mean((chances - paid) ** 2)),
        foretold=_round(np.mean(chances)),
        paid=_round(np.mean(paid)),
        tenths=tuple(
            Tenth(len(part), _round(np.mean(chances[part])), _round(np.mean(paid[part])))
            for part in np.array_split(order, TENTHS)
        ),
    )


def _scored(frame: pd.DataFrame, card: Scorecard) -> pd.DataFrame:
    """Score with the engine itself; rows keep their order."""
    table = ibis.memtable(frame.assign(place=range(len(frame))))
    return score(table, card).order_by("place").to_pandas()


def _bands(scored: pd.DataFrame, card: Scorecard) -> dict[str, int]:
    counts = scored["score_band"].value_counts()
    return {letter: int(counts.get(letter, 0)) for letter, _ in card.bands}


def _round(value: Any) -> float:
    return round(float(value), _DIGITS)
