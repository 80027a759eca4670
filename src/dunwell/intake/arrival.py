"""Whose delivery it is and whether its turn has come; asked before any file is read."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from django.db.models import QuerySet

from dunwell.intake.faults import Finding, Stop
from dunwell.intake.manifest import NAME, Manifest
from dunwell.intake.models import Delivery
from dunwell.intake.shown import reduced
from dunwell.kernel.calendars import holidays_of
from dunwell.kernel.days import is_working_day
from dunwell.parties.models import Portfolio

# Deliveries at least so many days apart are statement cycles, not days.
CYCLE_DAYS = 21
EARLIEST_YEAR = 1990
_DAY_IN_NAME = re.compile(r"(?<![0-9])(20[0-9]{2})-?([01][0-9])-?([0-3][0-9])(?![0-9])")


def applied(portfolio: Portfolio) -> QuerySet[Delivery]:
    """Return what was applied to a portfolio, the latest business date first."""
    return Delivery.objects.filter(portfolio=portfolio, state=Delivery.State.APPLIED).order_by(
        "-business_date"
    )


def portfolio_of(manifest: Manifest, asked: str | None) -> Portfolio:
    """Return the portfolio that the manifest names.

    :raises Stop: if it is unknown or not the one asked for
    """
    found = Portfolio.objects.filter(code=manifest.portfolio).first()
    if found is None or (asked is not None and asked != manifest.portfolio):
        raise Stop(
            Finding(
                "intake.A10_wrong_portfolio",
                file=NAME,
                column="portfolio",
                masked=manifest.portfolio if found else reduced(manifest.portfolio),
            )
        )
    return found


def refuse_other_day(name: str, manifest: Manifest) -> None:
    """Compare the date in the delivery's name, if there is one, with the manifest's.

    :raises Stop: if they differ
    """
    named = _DAY_IN_NAME.search(name)
    if named and "-".join(named.groups()) != manifest.business_date.isoformat():
        raise Stop(Finding("intake.F13_business_date", file=name, masked="-".join(named.groups())))


def in_turn(portfolio: Portfolio, manifest: Manifest, today: date) -> list[Finding]:
    """Return what is to be said of the delivery's place in the row of days.

    ``today`` is the portfolio's, by its own zone.
    """
    day = manifest.business_date
    last = applied(portfolio).first()
    if day.year < EARLIEST_YEAR:
        return [Finding("intake.A14_too_early", file=NAME, masked=day.isoformat())]
    findings = _ahead(day, today)
    if last is None or last.business_date is None:
        return findings
    if manifest.correction and day <= last.business_date:
        return [*findings, Finding("intake.H14_correction", file=NAME, masked=day.isoformat())]
    if applied(portfolio).filter(business_date=day).exists():
        return [*findings, Finding("intake.A08_other_content", file=NAME, masked=day.isoformat())]
    if day < last.business_date:
        return [*findings, Finding("intake.A14_older_day", file=NAME, masked=day.isoformat())]
    if manifest.previous is not None:
        if manifest.previous != last.business_date:
            findings.append(_missing(manifest.previous))
        return findings
    return findings + _gap(portfolio, last.business_date, day)


def _ahead(day: date, today: date) -> list[Finding]:
    """Tomorrow may have begun where the sender is; a mistyped year would stay for good."""
    if day <= today:
        return []
    code = "A14_future_day" if day == today + timedelta(days=1) else "A14_far_day"
    return [Finding(f"intake.{code}", file=NAME, masked=day.isoformat())]


def _missing(day: date) -> Finding:
    return Finding("intake.A13_day_missing", file=NAME, masked=day.isoformat())


def _gap(portfolio: Portfolio, last: date, day: date) -> list[Finding]:
    """Judge a gap by the rhythm of the deliveries so far: daily or by statement cycle."""
    days = [d for d in applied(portfolio).values_list("business_date", flat=True)[:8] if d]
    gaps = [(later - earlier).days for later, earlier in pairwise(days)]
    gap = (day - last).days
    by_cycle = median(gaps) >= CYCLE_DAYS if gaps else gap >= CYCLE_DAYS
    if by_cycle:
        code = "A13_day_missing" if gaps and gap > 1.5 * median(gaps) else "A13_new_cycle"
        return (
            []
            if gaps and code == "A13_new_cycle"
            else [Finding(f"intake.{code}", file=NAME, masked=day.isoformat())]
        )
    free = holidays_of(portfolio.country)
    between = (last + timedelta(days=after) for after in range(1, min(gap, 400)))
    missing = next((d for d in between if is_working_day(d, free)), None)
    return [_missing(missing)] if missing else []
