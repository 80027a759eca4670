"""How large a balance is, in the reader's terms: five bands a currency."""

from __future__ import annotations

import ibis

from dunwell.kernel.money import digits

BANDS = ("tiny", "small", "medium", "large", "huge")
# Whole units at which the next band begins. They follow what card debts look like at
# home in each currency, not an exchange rate.
_FROM = {
    "CNY": (1_000, 10_000, 50_000, 200_000),
    "TWD": (5_000, 30_000, 100_000, 300_000),
    "HKD": (1_000, 10_000, 50_000, 200_000),
    "INR": (5_000, 30_000, 150_000, 500_000),
    "JPY": (20_000, 100_000, 500_000, 2_000_000),
}
_ELSE = (200, 1_500, 7_500, 30_000)


def limits_minor(currency: str) -> tuple[int, ...]:
    """Return where ``small``, ``medium``, ``large`` and ``huge`` begin, in minor units.

    :raises UnknownCurrency: if its decimals are not known
    """
    unit = int(10 ** digits(currency))
    return tuple(whole * unit for whole in _FROM.get(currency, _ELSE))


def balance_band(balance_minor: ibis.Value, currency: str) -> ibis.Value:
    """Return the band of each balance; a credit balance is ``tiny``."""
    limits = limits_minor(currency)
    branches = [
        (balance_minor >= limit, band)
        for limit, band in zip(reversed(limits), reversed(BANDS), strict=False)
    ]
    return ibis.cases(*branches, else_=BANDS[0])
