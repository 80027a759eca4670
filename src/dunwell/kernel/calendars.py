"""Public holidays by country, from the ``holidays`` library."""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=64)
def holidays_of(country: str) -> Container[date]:
    """Return the public holidays of an ISO 3166 country; empty where they are not known."""
    try:
        found: Container[date] = holidays.country_holidays(country)
    except NotImplementedError:
        return ()
    return found
