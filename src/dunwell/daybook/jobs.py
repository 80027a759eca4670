"""The daily run: which steps, in which order, each once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from dunwell.accounts.queries import EVERY_PAYMENT, hold_book, last_payment
from dunwell.daybook.engine import BusinessDay, Engine, Ran
from dunwell.daybook.models import StepRun
from dunwell.daybook.queries import days_due, snapshot_for
from dunwell.daybook.rules import STEPS, TABLE
from dunwell.daybook.steps.ageing import run_ageing
from dunwell.daybook.steps.cases import run_cases
from dunwell.daybook.steps.figures import run_figures
from dunwell.daybook.steps.payments import run_payments
from dunwell.daybook.steps.promises import run_promises
from dunwell.parties.models import Portfolio
from dunwell.strategy.queries import in_force
from dunwell.strategy.scorecard.model import card_sha256

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
    (portfolio_id, day, step, inputs_sha256, snapshot_id, payments_to, produced, started_at,
     finished_at)
VALUES (%s, %s, %s, %s, %s, %s, '{}', %s, %s)
ON CONFLICT DO NOTHING RETURNING id
"""
PEOPLE = """
SELECT md5(string_agg(concat_ws(' ', a.username, t.code, a.queues, a.languages, a.capacity,
                                a.available), ',' ORDER BY a.username COLLATE "C"))
FROM staff_agent a JOIN staff_team t ON t.id = a.team_id WHERE a.role = 'collector' AND a.is_active
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
    done = 0
    while left := STEPS[done:]:
        day = standing(portfolio, on)
        with Engine(day) as engine:
            for step in left:
                progress(on, step, None)
                produced = run_step(day, engine, step, clock=clock)
                if produced is None:
                    break
                progress(on, step, produced)
                done += 1


def standing(portfolio: Portfolio, on: date) -> BusinessDay:
    """Return the day with what it stands on.

    That is what its first step stood on, however long ago it ran; before that, what is
    there now.
    """
    firsts = StepRun.objects.filter(portfolio=portfolio, step=STEPS[0]).select_related("snapshot")
    begun = firsts.filter(day=on).first()
    ran = firsts.filter(day__lt=on).order_by("-day").first()
    kept = begun.payments_to if begun else None
    before = None
    if ran is not None:
        # What ran before this was kept knew them all.
        upto = EVERY_PAYMENT if ran.payments_to is None else ran.payments_to
        before = Ran(ran.day, ran.snapshot or snapshot_for(portfolio, ran.day), upto)
    return BusinessDay(
        portfolio=portfolio,
        on=on,
        at=datetime.combine(on, time(3), tzinfo=ZoneInfo(portfolio.time_zone)),
        snapshot=(begun and begun.snapshot) or snapshot_for(portfolio, on),
        payments_to=last_payment() if kept is None else kept,
        before=before,
    )


@transaction.atomic(durable=True)
def run_step(day: BusinessDay, engine: Engine, step: str, *, clock: Clock) -> dict[str, int] | None:
    """Do one step and put it on record, both or neither; nothing if it is on record.

    While it works no delivery is applied to the portfolio. Returns None, and has done
    nothing, if one was between the making of ``day`` and now: it stands on something else.
    """
    started = clock()
    hold_book(day.portfolio.pk, to_write=False)
    if standing(day.portfolio, day.on) != day:
        return None
    with connection.cursor() as cursor:
        stands_on = (_inputs(day), day.snapshot.pk, day.payments_to)
        cursor.execute(CLAIM, (day.portfolio.pk, day.on, step, *stands_on, started, started))
        claimed = cursor.fetchone()
        if claimed is None:
            return {}
        produced = RUNS[step](day, engine)
        cursor.execute(DONE, [json.dumps(produced, sort_keys=True), clock(), claimed[0]])
    return produced


def _inputs(day: BusinessDay) -> str:
    """Name what decides the day: its date and snapshots, rules, table, card and people.

    Natural keys only, as in the exports. What it reads of cases, holds and promises
    follows from these and from what people did before it.
    """
    rules = day.portfolio
    table = in_force(TABLE, day.on)
    named: list[object] = [
        day.on, day.snapshot.business_date, day.before and day.before.on,
        rules.grace_days, rules.tolerance_minor, rules.ladder, rules.currency, rules.country,
        rules.language, rules.time_zone, json.dumps(rules.experiment_shares, sort_keys=True),
        table.code, table.version, table.sha256, card_sha256(), _people(),
    ]  # fmt: skip
    return hashlib.sha256("|".join(map(str, named)).encode()).hexdigest()


def _people() -> str:
    """Return one hash over everybody who may be given a case, and what he may be given."""
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE)
        return str(cursor.fetchone()[0])
