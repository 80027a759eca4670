"""Money: whole minor units and a currency. No floats, no NaN, no silent rounding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

# ISO 4217 minor-unit digits of the currencies this system takes in; an unlisted
# currency is refused at the door rather than guessed to have two.
DIGITS = MappingProxyType(
    {
        **dict.fromkeys(
            [
                "AED",
                "AUD",
                "BRL",
                "CAD",
                "CHF",
                "CNY",
                "CZK",
                "DKK",
                "EUR",
                "GBP",
                "HKD",
                "IDR",
                "ILS",
                "INR",
                "MOP",
                "MXN",
                "MYR",
                "NOK",
                "NZD",
                "PHP",
                "PLN",
                "RUB",
                "SAR",
                "SEK",
                "SGD",
                "THB",
                "TRY",
                "TWD",
                "USD",
                "ZAR",
            ],
            2,
        ),
        **dict.fromkeys(["JPY", "KRW", "VND", "CLP"], 0),
        **dict.fromkeys(["KWD", "BHD", "OMR", "JOD", "TND"], 3),
    }
)

# Eighteen digits of minor units fit a bigint with room to add up a portfolio.
LARGEST_MINOR = 10**15 - 1
_AMOUNT = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,3}))?", re.ASCII)


class UnknownCurrency(ValueError):
    """The currency is not in the table of minor units."""


class BadAmount(ValueError):
    """The text is not an amount of its currency."""


def digits(currency: str) -> int:
    """Return how many decimals the currency has.

    :raises UnknownCurrency: if it is not listed
    """
    try:
        return DIGITS[currency]
    except KeyError:
        raise UnknownCurrency(f"Unknown currency {currency!r}.") from None


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in whole minor units (cents, fen) of one currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"Minor units are whole numbers, not {type(self.minor).__name__}.")
        digits(self.currency)

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> Money:
        """Return the money that a decimal text such as ``"1234.50"`` says.

        :raises BadAmount: on anything but plain digits with at most the currency's
            decimals (no separators, exponents, signs other than ``-``, NaN)
        """
        places = digits(currency)
        match = _AMOUNT.fullmatch(str(amount))
        if match is None:
            raise BadAmount(f"{amount!r} is not an amount.")
        sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
        if len(fraction) > places and fraction[places:].strip("0"):
            raise BadAmount(f"{amount!r} has more than {places} decimals of {currency}.")
        minor = int(whole + fraction[:places].ljust(places, "0"))
        if minor > LARGEST_MINOR:
            raise BadAmount(f"{amount!r} is larger than any amount this system keeps.")
        return cls(-minor if sign else minor, currency)

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-digits(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal:,.{digits(self.currency)}f}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix.")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor
