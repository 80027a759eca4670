"""Where the desk is: its day begins at its own midnight."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings


def desk_zone() -> ZoneInfo:
    """Return the zone of the office, ``DUNWELL_TIME_ZONE``."""
    return ZoneInfo(settings.TIME_ZONE)
