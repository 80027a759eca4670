"""A day that somebody starts from a screen: who asked for it, and how its process ended.

The process has no screen. What it said last is kept in the audit trail, where the page
that waits for the day finds it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import OperationalError, connection, transaction

from dunwell.audit.actions import record
from dunwell.audit.models import Event
from dunwell.daybook.jobs import Clock
from dunwell.daybook.models import StepRun
from dunwell.daybook.queries import business_date, days_due
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.parties.models import Portfolio
from dunwell.staff.access import Can, require
from dunwell.staff.models import Agent

STARTED, FAILED = "daybook.run_started", "daybook.run_failed"
# No step of a day takes so long: whoever ran it is gone.
SILENT = timedelta(minutes=30)
LONGEST = 500
# ``psycopg.errors.UndefinedTable: ...``, but not what a database adds to it.
_ERROR = re.compile(r"(?!DETAIL|CONTEXT|HINT)[A-Za-z_][\w.]*(:|$)")
_TRIES, _PAUSE_S = 10, 6


@dataclass(frozen=True, slots=True)
class Ended:
    """How the last run of a day ended; ``signal`` is 0 unless it was ended from outside.

    ``said`` is the last line it wrote, in English; ``silent`` means that nobody saw the end.
    ``skip_quiet`` is how it was asked for.
    """

    said: str = ""
    signal: int = 0
    silent: bool = False
    skip_quiet: bool = False


@transaction.atomic
def start_day(
    portfolio: Portfolio, on: date, *, actor: Agent, skip_quiet: bool, now: datetime
) -> None:
    """Put on record that ``actor`` starts the day ``on``; the caller starts its process.

    :raises Refused: if the day has run or cannot be run
    """
    require(actor, Can.RUN_DAY)
    last = business_date(portfolio)
    if last and on <= last:
        raise Refused(Refusal("day.ran", "That day has run. Choose a later one."))
    days_due(portfolio, on, now=now, skip_quiet=skip_quiet)
    record(STARTED, subject=_subject(portfolio, on), actor=actor, at=now, skip_quiet=skip_quiet)


def watch(portfolio: Portfolio, on: date, words: Sequence[str], *, clock: Clock) -> int:
    """Run ``words`` as a process, wait for it and return its exit code.

    An end that is none (an error, a refusal, a signal) is put on record.

    :raises OperationalError: if the database does not come back within a minute
    """
    # It may take an hour; a connection that idles so long is cut by many networks.
    connection.close()
    done = subprocess.run(
        list(words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    said = done.stderr.decode(errors="replace")
    sys.stderr.write(said)
    if done.returncode:
        _keep(portfolio, on, last_line(said), done.returncode, clock)
    return done.returncode


def _keep(portfolio: Portfolio, on: date, said: str, code: int, clock: Clock) -> None:
    for tried in range(1, _TRIES + 1):
        try:
            record(
                FAILED,
                subject=_subject(portfolio, on),
                actor=None,
                at=clock(),
                said=said,
                code=code,
            )
        except OperationalError:
            # What ended the run may have been the database's own end.
            connection.close()
            if tried == _TRIES:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def last_line(said: str) -> str:
    """Return the line that names the error: rows that a database quotes are left out."""
    lines = [line for line in said.splitlines() if line.strip()]
    named = [line for line in lines if _ERROR.match(line)]
    last = [*lines[-1:], *named][-1:]
    return "".join(last).removeprefix("CommandError: ")[:LONGEST]


def ended(portfolio: Portfolio, on: date, *, now: datetime) -> Ended | None:
    """Return how the last run of an unfinished day ended; none while it may still run."""
    events = list(
        Event.objects.filter(subject=_subject(portfolio, on), kind__in=(STARTED, FAILED)).order_by(
            "-id"
        )[:10]
    )
    started: dict[str, bool] = next((event.data for event in events if event.kind == STARTED), {})
    skip_quiet = started.get("skip_quiet", False)
    if events and events[0].kind == FAILED:
        told = events[0].data
        return Ended(told["said"], max(0, -told["code"]), skip_quiet=skip_quiet)
    step = StepRun.objects.filter(portfolio=portfolio, day__lte=on).order_by("-finished_at")[:1]
    signs = [event.at for event in events[:1]] + [run.finished_at for run in step]
    if signs and now - max(signs) < SILENT:
        return None
    return Ended(silent=True, skip_quiet=skip_quiet)


def _subject(portfolio: Portfolio, on: date) -> str:
    return f"day:{portfolio.pk}:{on}"
