"""What a portfolio may be: its code, its money, its clock, its experiment."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from zoneinfo import available_timezones

from dunwell.kernel.money import DIGITS, digits
from dunwell.kernel.refusal import Refusal

WHOLE_BP = 10_000
# Codes stand in the names of files, in addresses and in commands.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
# An arm is what a decision table asks for: one plain word.
_ARM = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


MOST_GRACE_DAYS = 60
# A tenth of all rows: above it a delivery has no faults, it is one.
MOST_ERRORS_PPM = 100_000
# What one may fall short and not be overdue, in whole units of the currency: 10 yuan, after
# 中国银行卡行业自律公约 art. 14.
TOLERANCE_MAJOR = 10


def default_tolerance_minor(currency: str) -> int:
    """Return ten of the currency's units in its minor ones: 1000 fen, 10 yen, 10000 fils.

    :raises UnknownCurrency: if its decimals are not known
    """
    return TOLERANCE_MAJOR * 10 ** digits(currency)


def limits_refused(*, grace_days: int, tolerance_minor: int, error_limit_ppm: int) -> list[Refusal]:
    """Return why days of grace, tolerance and share of faulty rows cannot hold."""
    refusals = []
    if not 0 <= grace_days <= MOST_GRACE_DAYS:
        refusals.append(
            Refusal(
                "parties.bad_grace",
                "Grace is 0 to %(most)s days. Give another number.",
                named={"most": MOST_GRACE_DAYS},
            )
        )
    if tolerance_minor < 0:
        refusals.append(Refusal("parties.bad_tolerance", "The tolerance is 0 or more."))
    if not 0 <= error_limit_ppm <= MOST_ERRORS_PPM:
        refusals.append(
            Refusal(
                "parties.bad_error_limit",
                "The share of faulty rows that a delivery may have is 0 to %(most)s parts per"
                " million. Give another number.",
                named={"most": MOST_ERRORS_PPM},
            )
        )
    return refusals


def ladder_refused(ladder: str, *, ladders: Collection[str]) -> list[Refusal]:
    """Return why assets cannot be classed by it."""
    if ladder in ladders:
        return []
    return [
        Refusal(
            "parties.unknown_ladder",
            "There is no ladder of asset classes “%(ladder)s”. Known are %(known)s.",
            named={"ladder": ladder, "known": ", ".join(ladders)},
        )
    ]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a portfolio is opened with. ``shares``: arm -> basis points; empty, no experiment."""

    code: str
    name: str
    currency: str
    country: str
    time_zone: str
    ladder: str
    shares: Mapping[str, int] = field(default_factory=dict)


def portfolio_refused(terms: Terms, *, ladders: Collection[str], code_taken: bool) -> list[Refusal]:
    """Return every reason why the portfolio cannot be opened."""
    refusals = []
    if not _CODE.fullmatch(terms.code):
        refusals.append(
            Refusal(
                "parties.bad_code",
                "A code has 1 to 32 letters, digits, - or _ and begins with a letter or digit.",
            )
        )
    if code_taken:
        refusals.append(
            Refusal(
                "parties.code_taken",
                "There is a portfolio %(code)s. Choose another code.",
                named={"code": terms.code},
            )
        )
    if not 0 < len(terms.name.strip()) <= 120:
        refusals.append(
            Refusal("parties.no_name", "Give the portfolio a name of 1 to 120 letters.")
        )
    refusals += _place_refused(terms)
    refusals += ladder_refused(terms.ladder, ladders=ladders)
    return refusals + shares_refused(terms.shares)


def _place_refused(terms: Terms) -> list[Refusal]:
    refusals = []
    if terms.currency not in DIGITS:
        refusals.append(
            Refusal(
                "parties.unknown_currency",
                "The decimals of the currency “%(currency)s” are not known. "
                "Give an ISO 4217 code in capitals.",
                named={"currency": terms.currency},
            )
        )
    if not _COUNTRY.fullmatch(terms.country):
        refusals.append(
            Refusal(
                "parties.bad_country",
                "“%(country)s” is no country. Give the two capital letters of ISO 3166.",
                named={"country": terms.country},
            )
        )
    if terms.time_zone not in available_timezones():
        refusals.append(
            Refusal(
                "parties.unknown_zone",
                "There is no time zone “%(zone)s”. Give a name such as Asia/Shanghai.",
                named={"zone": terms.time_zone},
            )
        )
    return refusals


def shares_refused(shares: Mapping[str, int]) -> list[Refusal]:
    """Return why the arms' shares divide nothing."""
    refusals = [
        Refusal(
            "parties.bad_arm",
            "The arm “%(arm)s” needs a plain name of small letters and a share of 0 or more.",
            named={"arm": arm},
        )
        for arm, share in shares.items()
        if not _ARM.fullmatch(arm) or type(share) is not int or share < 0
    ]
    if not refusals and shares and sum(shares.values()) != WHOLE_BP:
        refusals.append(
            Refusal(
                "parties.shares_not_whole",
                "The shares of the arms add up to %(sum)s basis points; they must make %(whole)s.",
                named={"sum": sum(shares.values()), "whole": WHOLE_BP},
            )
        )
    return refusals
