"""What a business day consists of, and which days were missed. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from dunwell.kernel.refusal import Refusal, Refused

# In this order, each in a transaction of its own (architecture, "The way of a datum").
STEPS = ("payments", "ageing", "promises", "cases", "figures")
# The decision table that the step of cases asks.
TABLE = "treatment"

# A longer pause is history being loaded or a mistyped date, not a missed night.
MOST_MISSED_DAYS = 31


class DayRefused(Refused):
    """The asked day cannot be run."""


def refuse_to_come(asked: date, *, today: date, zone: str) -> None:
    """:raises DayRefused: if ``asked`` is after ``today`` in the portfolio's ``zone``

    A day that ran is never taken back: after a mistyped year no real day would run again.
    """
    if asked > today:
        raise DayRefused(
            Refusal(
                "day.to_come",
                "%(day)s has not come yet: today is %(today)s (%(zone)s). "
                "Choose today or an earlier day.",
                named={"day": asked, "today": today, "zone": zone},
            )
        )


def days_to_run(
    asked: date, *, last_run: date | None, snapshots: Collection[date], skip_quiet: bool
) -> list[date]:
    """Return the days to run, in order, so that ``asked`` is the last.

    Every calendar day after ``last_run`` is due; on the first run ever, the days of
    the deliveries. ``skip_quiet`` leaves out days without a delivery (for loading
    history). ``last_run`` is the last day of which every step ran.

    :raises DayRefused: if nothing was delivered by then, or too many days are missing
    """
    delivered = sorted(day for day in snapshots if day <= asked)
    if not delivered:
        raise DayRefused(
            Refusal(
                "day.no_delivery",
                "No delivery on or before %(day)s: load one first (dunwell intake load).",
                named={"day": asked},
            )
        )
    if last_run is None:
        return [*[day for day in delivered if day < asked], asked]
    if asked <= last_run:
        return []
    missed = [last_run + timedelta(days=n) for n in range(1, (asked - last_run).days)]
    if skip_quiet:
        missed = [day for day in missed if day in set(delivered)]
    elif len(missed) > MOST_MISSED_DAYS:
        raise DayRefused(
            Refusal(
                "day.too_many_missed",
                "%(days)s days lie between %(last)s and %(day)s. Check the date; to load "
                "history, skip the days without a delivery (--skip-quiet).",
                named={"days": len(missed), "last": last_run, "day": asked},
            )
        )
    return [*missed, asked]
