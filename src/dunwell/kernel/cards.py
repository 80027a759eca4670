"""Full card numbers: found wherever they stand in a text, never kept."""

from __future__ import annotations

import re

from stdnum import luhn

SHORTEST, LONGEST = 13, 19
# What may stand between the groups of a number, the unseen kinds of space included.
_BETWEEN = r"[\s./_\u2010-\u2015\u200b-\u200d\u2060\ufeff-]{0,2}"
_RUN = re.compile(rf"[0-9](?:{_BETWEEN}[0-9]){{{SHORTEST - 1},}}")
_PHONE = re.compile(r"\+[0-9]{7,15}")
# What is asked for beside the number, and may be kept by nobody once it was used.
_CODE = re.compile(
    r"((?<![a-z])(?:cvv2?|cvc2?|csc|安全码|校验码|后三位)(?:\s|:|：|=|-|is|code|number|是|为|码){0,4})"
    r"[0-9]{3,4}(?![0-9])",
    re.IGNORECASE,
)


def without_card_data(typed: str) -> str:
    """Return what somebody typed without full card numbers and without their security codes.

    For every text before it is written where it cannot be taken back.
    """
    kept = masked(typed)
    plain = _plain(kept)
    for found in reversed(list(_CODE.finditer(plain))):
        kept = f"{kept[: found.end(1)]}***{kept[found.end() :]}"
    return kept


def _plain(value: str) -> str:
    """Return the text with every decimal digit, of any script, as 0 to 9; place by place."""
    if value.isascii():
        return value
    return "".join(str(int(mark)) if mark.isdecimal() else mark for mark in value)


def masked(value: str) -> str:
    """Return ``value`` with every full card number cut down to its last four digits.

    A run of digits, in groups or not, full-width or not, is searched from each place
    where a group begins; the longest number whose check digit is right is masked.
    """
    plain = _plain(value)
    if _PHONE.fullmatch(plain):
        return value
    found = [span for run in _RUN.finditer(plain) for span in _spans(run)]
    for begin, end in reversed(found):
        last = re.sub(r"[^0-9]", "", plain[begin:end])[-4:]
        value = f"{value[:begin]}[card ****{last}]{value[end:]}"
    return value


def _spans(run: re.Match[str]) -> list[tuple[int, int]]:
    """Return where card numbers stand within one run of digits, none overlapping."""
    places = [run.start() + i for i, mark in enumerate(run.group()) if mark.isdigit()]
    digits = "".join(mark for mark in run.group() if mark.isdigit())
    spans, at = [], 0
    while at + SHORTEST <= len(digits):
        size = next(
            (
                size
                for size in range(min(LONGEST, len(digits) - at), SHORTEST - 1, -1)
                if is_card(digits[at : at + size], whole=len(digits) <= LONGEST)
                and (_whole_group(places, at, size) or len(digits) > LONGEST)
            ),
            0,
        )
        if size:
            spans.append((places[at], places[at + size - 1] + 1))
        at += size or 1
    return spans


def _whole_group(places: list[int], at: int, size: int) -> bool:
    """Say whether digits ``at`` to ``at + size`` begin and end where groups do."""
    begins = at == 0 or places[at] - places[at - 1] > 1
    end = at + size
    ends = end == len(places) or places[end] - places[end - 1] > 1
    return begins and ends


def is_card(digits: str, *, whole: bool) -> bool:
    """Say whether digits can be a card number, alone (``whole``) or within a longer run."""
    # Within a longer run any number would fit by chance: there an issuer's digit leads.
    return luhn.is_valid(digits) and len(set(digits)) > 1 and (whole or digits[0] in "23456")
