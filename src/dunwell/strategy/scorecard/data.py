"""The training data: 30,000 Taiwanese card accounts of 2005, as the scorecard sees them."""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dunwell.kernel.refusal import Refusal, Refused

ROWS = 30_000
MINOR = 100  # New Taiwan dollars to minor units

# The repository's own names and those of the widespread edition with plain headings.
STATUS = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
PLAIN = {
    "X1": "LIMIT_BAL",
    **{f"X{6 + place}": name for place, name in enumerate(STATUS)},
    "X12": "BILL_AMT1",
    "X18": "PAY_AMT1",
    "Y": "default",
    "default.payment.next.month": "default",
}
# Read by name, so that sex, education, marriage and age never enter the program.
WANTED = ("LIMIT_BAL", *STATUS, "BILL_AMT1", "PAY_AMT1", "default")
MARKS = {-2: "N", -1: "P", 0: "R", **{cycles: str(cycles) for cycles in range(1, 9)}}

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Book:
    """Accounts in the columns that the engine scores, and whether the next bill was paid."""

    payment_profile: NDArray[np.str_]
    credit_limit_minor: Numbers
    statement_balance_minor: Numbers
    last_payment_minor: Numbers
    paid: Numbers

    @property
    def overdue(self) -> NDArray[np.bool_]:
        """Past due at the newest statement: whom collections will score."""
        newest = self.payment_profile.astype("U1")
        return (newest >= "1") & (newest <= "8")

    def frame(self) -> pd.DataFrame:
        """Return the columns by their names; the balance is that of the statement."""
        columns = {name: value for name, value in vars(self).items() if name != "paid"}
        return pd.DataFrame({**columns, "balance_minor": self.statement_balance_minor})


def load(path: Path | None = None) -> Book:
    """Read the file at ``path``, a CSV or one in xz, else the copy that ships with the demo.

    The copy is looked up by name and only here: scoring needs no demo.

    :raises Refused: if there is no such file or it is not the data set
    """
    raw = pd.read_csv(BytesIO(_bytes(path))).rename(columns=PLAIN)
    missing = [name for name in WANTED if name not in raw.columns]
    if missing or len(raw) != ROWS:
        raise Refused(
            Refusal(
                "scorecard.not_the_data",
                "Not the UCI credit-card data: %(rows)s rows, %(missing)s columns missing.",
                named={"rows": f"{len(raw):,}", "missing": len(missing)},
            )
        )
    marks = raw[list(STATUS)].apply(lambda column: column.map(MARKS))
    return Book(
        payment_profile=marks.agg("".join, axis=1).to_numpy(dtype="U6"),
        credit_limit_minor=_minor(raw["LIMIT_BAL"]),
        statement_balance_minor=_minor(raw["BILL_AMT1"]),
        last_payment_minor=_minor(raw["PAY_AMT1"]),
        paid=1 - raw["default"].to_numpy(dtype=np.int64),
    )


def _minor(column: pd.Series) -> Numbers:
    # Whole dollars, written with a decimal point in some editions.
    minor: Numbers = (column.to_numpy(dtype=np.float64) * MINOR).round().astype(np.int64)
    return minor


def _bytes(path: Path | None) -> bytes:
    source = path or files("dunwell.demo").joinpath("data", "uci_credit_card.csv.xz")
    if not source.is_file():
        raise Refused(
            Refusal("scorecard.no_data", "There is no file %(file)s.", named={"file": source})
        )
    found = source.read_bytes()
    return lzma.decompress(found) if source.name.endswith(".xz") else found
