"""Business days: which days a bank works, and how a day is moved to one."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, timedelta


def is_working_day(day: date, holidays: Container[date] = ()) -> bool:
    """Say whether ``day`` is neither a Saturday or Sunday nor a holiday."""
    return day.weekday() < 5 and day not in holidays


def add_working_days(day: date, days: int, holidays: Container[date] = ()) -> date:
    """Return the working day that comes ``days`` working days after ``day``.

    ``days`` is zero or more. Zero moves a day off to the next working day.
    """
    if days < 0:
        raise ValueError("Working days are counted forward only.")
    while not is_working_day(day, holidays):
        day += timedelta(days=1)
    for _ in range(days):
        day += timedelta(days=1)
        while not is_working_day(day, holidays):
            day += timedelta(days=1)
    return day
