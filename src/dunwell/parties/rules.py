"""What a portfolio may be: its code, its money, its clock, its experiment."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from zoneinfo import available_timezones

from dunwell.kernel.money import DIGITS
from dunwell.kernel.refusal import Refusal

WHOLE_BP = 10_000
# Codes stand in the names of files, in addresses and in commands.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
# An arm is what a decision table asks for: one plain word.
_ARM = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


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
    if terms.ladder not in ladders:
        refusals.append(
            Refusal(
                "parties.unknown_ladder",
                "There is no ladder of asset classes “%(ladder)s”. Known are %(known)s.",
                named={"ladder": terms.ladder, "known": ", ".join(ladders)},
            )
        )
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
