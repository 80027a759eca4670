"""The daily run: which steps, in which order, each once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from dunwell.daybook.engine import BusinessDay, Engine
from dunwell.daybook.queries import days_due, snapshot_for
from dunwell.daybook.rules import STEPS
from dunwell.daybook.steps.ageing import run_ageing
from dunwell.daybook.steps.cases import run_cases
from dunwell.daybook.steps.figures import run_figures
from dunwell.daybook.steps.payments import run_payments
from dunwell.daybook.steps.promises import run_promises
from dunwell.parties.models import Portfolio

Clock = Callable[[], datetime]
Progress = Callable[[date, str, dict[str, int] | None], None]
Step = Callable[[BusinessDay, Engine], dict[str, int]]

RUNS: dict[str, Step] = {
    "payments": run_payments,
    "ageing": run_ageing,
    "promises": run_promises,
    "cases": run_cases,
    "figures": run_figures,
}

# The second runner waits here until the first commits or falls, and then finds the row.
CLAIM = """
INSERT INTO daybook_steprun
    (portfolio_id, day, step, inputs_sha256, produced, started_at, finished_at)
VALUES (%s, %s, %s, %s, '{}', %s, %s)
ON CONFLICT DO NOTHING RETURNING id
"""
DONE = "UPDATE daybook_steprun SET produced = %s, finished_at = %s WHERE id = %s"


def run_days(
    portfolio: Portfolio,
    asked: date,
    *,
    clock: Clock,
    skip_quiet: bool = False,
    progress: Progress = lambda day, step, produced: None,
) -> list[date]:
    """Run the business day ``asked`` and every missed day before it, in order.

    Safe to stop anywhere and to run again: a step is on record if and only if its
    work is, and a day that ran is left as it is. Two runners share the work.

    :raises Refused: if the day cannot be run; nothing was changed
    """
    days = days_due(portfolio, asked, now=clock(), skip_quiet=skip_quiet)
    for day in days:
        run_day(portfolio, day, clock=clock, progress=progress)
    return days


def run_day(portfolio: Portfolio, on: date, *, clock: Clock, progress: Progress) -> None:
    """Run the steps of one day that have not run yet."""
    day = BusinessDay(
        portfolio=portfolio,
        on=on,
        at=datetime.combine(on, time(3), tzinfo=ZoneInfo(portfolio.time_zone)),
        snapshot=snapshot_for(portfolio, on),
    )
    with Engine(day) as engine:
        for step in STEPS:
            progress(on, step, None)
            produced = run_step(day, engine, step, clock=clock)
            progress(on, step, produced)


@transaction.atomic(durable=True)
def run_step(day: BusinessDay, engine: Engine, step: str, *, clock: Clock) -> dict[str, int]:
    """Do one step and put it on record, both or neither; nothing if it is on record."""
    started = clock()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [day.portfolio.pk, day.on, step, _inputs(day), started, started])
        claimed = cursor.fetchone()
        if claimed is None:
            return {}
        produced = RUNS[step](day, engine)
        cursor.execute(DONE, [json.dumps(produced, sort_keys=True), clock(), claimed[0]])
    return produced


def _inputs(day: BusinessDay) -> str:
    """Name what the day was made from: its date, its snapshot, its portfolio's rules."""
    rules = day.portfolio
    named = [
        str(day.on),
        str(day.snapshot.business_date),
        str(rules.grace_days),
        str(rules.tolerance_minor),
        rules.ladder,
    ]
    return hashlib.sha256("|".join(named).encode()).hexdigest()
