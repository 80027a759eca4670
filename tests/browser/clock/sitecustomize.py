"""Python loads this by itself in the served processes: they live on the tests' day.

The clock of the screens is ``timezone.now``; it is moved, and goes on ticking.
"""

import os
from datetime import UTC, datetime, timedelta

from django.utils import timezone

AHEAD = timedelta(seconds=float(os.environ["DUNWELL_TESTS_AHEAD"]))


def moved() -> datetime:
    return datetime.now(UTC) + AHEAD


timezone.now = moved
