"""What the tests of the daily run say in one word: a position stands, a day is run."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dunwell.accounts.models import Position
from dunwell.cases.models import Entry
from dunwell.daybook.jobs import run_days
from dunwell.parties.models import Party, Portfolio
from dunwell.testing import make

DAY = make.DAY
NEXT = DAY + timedelta(days=1)
AFTER = DAY + timedelta(days=2)


def stands(person: Party, day: date, days: int | None = 12, **fields: Any) -> Position:
    """Deliver the position of a day: ``days`` past due, or none."""
    due = None if days is None else day - timedelta(days=days)
    given = {"oldest_unpaid_due_on": due, "past_due_minor": 0 if days is None else 100_000}
    return make.position(person.accounts.get(), day, **{**given, **fields})


def run(portfolio: Portfolio, day: date, **more: Any) -> list[date]:
    """Run the day, on its noon."""
    noon = datetime.combine(day, time(12), tzinfo=ZoneInfo(portfolio.time_zone))
    return run_days(portfolio, day, clock=lambda: noon, **more)


def kinds(person: Party, day: date) -> list[str]:
    found = Entry.objects.filter(case__party=person, business_date=day)
    return list(found.order_by("kind").values_list("kind", flat=True))
