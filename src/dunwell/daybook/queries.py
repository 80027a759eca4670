"""Which days ran, and what a portfolio's business date is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Max

from dunwell.accounts.models import Snapshot
from dunwell.daybook.models import StepRun
from dunwell.daybook.rules import STEPS, TABLE, days_to_run, refuse_to_come
from dunwell.parties.models import Portfolio
from dunwell.strategy.queries import in_force


def business_date(portfolio: Portfolio) -> date | None:
    """Return the last day of which every step ran; none before the first."""
    found: date | None = StepRun.objects.filter(portfolio=portfolio, step=STEPS[-1]).aggregate(
        last=Max("day")
    )["last"]
    return found


def business_dates(portfolio_ids: Collection[int]) -> dict[int, date]:
    """Return the business date of each portfolio that has one, by its key; one query."""
    runs = StepRun.objects.filter(portfolio__in=portfolio_ids, step=STEPS[-1])
    return dict(runs.values_list("portfolio").annotate(last=Max("day")).order_by())


def days_due(
    portfolio: Portfolio, asked: date, *, now: datetime, skip_quiet: bool = False
) -> list[date]:
    """Return the days that have to run so that ``asked`` is the last, in order.

    ``now`` is aware; the portfolio's zone says which day it is.

    :raises Refused: if the day cannot be run: it has not come, nothing was delivered, or
        on one of the days no table would be in force
    """
    today = now.astimezone(ZoneInfo(portfolio.time_zone)).date()
    refuse_to_come(asked, today=today, zone=portfolio.time_zone)
    delivered = Snapshot.objects.filter(portfolio=portfolio).values_list("business_date", flat=True)
    days = days_to_run(
        asked,
        last_run=business_date(portfolio),
        snapshots=list(delivered),
        skip_quiet=skip_quiet,
    )
    for day in days:
        in_force(TABLE, day)
    return days


def snapshot_for(portfolio: Portfolio, day: date) -> Snapshot:
    """Return the latest snapshot on or before ``day``.

    :raises Snapshot.DoesNotExist: if nothing was delivered by then
    """
    return Snapshot.objects.filter(portfolio=portfolio, business_date__lte=day).latest(
        "business_date"
    )


def steps_of(portfolio: Portfolio, day: date) -> list[StepRun]:
    """Return the steps that ran on ``day``, in the order of the day."""
    runs = StepRun.objects.filter(portfolio=portfolio, day=day)
    return sorted(runs, key=lambda run: STEPS.index(run.step))
