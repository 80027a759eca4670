"""The one door to a case's timeline."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dunwell.cases.models import Case, Entry
from dunwell.parties.models import ContactPoint
from dunwell.staff.models import Agent


def today_of(case: Case, now: datetime) -> date:
    """Return the date where the case's portfolio is."""
    return now.astimezone(ZoneInfo(case.portfolio.time_zone)).date()


def write_entry(
    case: Case,
    kind: str,
    *,
    actor: Agent | None,
    now: datetime,
    note: str = "",
    outcome: str = "",
    channel: str = "",
    contact_point: ContactPoint | None = None,
    data: dict[str, Any] | None = None,
) -> Entry:
    """Add a line to the case's timeline. Call it inside the action's transaction."""
    return Entry.objects.create(
        case=case,
        kind=kind,
        business_date=today_of(case, now),
        happened_at=now,
        actor=actor,
        channel=channel,
        contact_point=contact_point,
        outcome=outcome,
        note=note,
        data=data or {},
    )
