"""What the reason codes of a score say to a person."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# A code never changes its meaning: cases keep codes, not words.
SAYS: Mapping[str, Promise] = MappingProxyType(
    {
        "PS1": _("One cycle past due at the last statement"),
        "PS1X": _("Two or more cycles past due at the last statement"),
        "PS2": _("Past due at the statement before the last"),
        "PS3": _("Past due three statements back"),
        "PS4": _("Past due four statements back"),
        "PS5": _("Past due five statements back"),
        "PS6": _("Past due six statements back"),
        "UTIL": _("High balance for the credit limit"),
        "LIMIT": _("Low credit limit"),
        "PAYR": _("Last payment small for what was owed"),
        "PAYL": _("Last payment small for the credit limit"),
    }
)


def says(codes: str) -> list[Promise | str]:
    """Return the sentences of a case's ``score_reasons``: codes with commas between.

    A code that is no longer in use stands for itself: old cases keep old codes.
    """
    return [SAYS.get(code, code) for code in codes.split(",") if code]
