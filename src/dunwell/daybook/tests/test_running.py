"""A day that was started from a screen, and what is known of a process that died."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest

from dunwell.audit.models import Event
from dunwell.daybook.jobs import run_days
from dunwell.daybook.models import StepRun
from dunwell.daybook.queries import business_date
from dunwell.daybook.running import SILENT, Ended, ended, last_line, start_day, watch
from dunwell.kernel.refusal import Refused
from dunwell.staff.access import Forbidden
from dunwell.staff.models import Role
from dunwell.strategy.actions import install_default_tables
from dunwell.testing import make

DAY, NOW = make.DAY, make.NOW
REFUSES = "import sys; sys.stderr.write('P 2026\\nCommandError: no table.\\n'); sys.exit(1)"
KILLED = "import os; os.kill(os.getpid(), 9)"


@pytest.fixture
def portfolio(committed_db):
    of = make.portfolio()
    make.snapshot(of, DAY)
    install_default_tables(now=NOW, in_force_from=DAY)
    return of


def test_a_day_to_come_is_not_run_and_the_real_days_stay_open(portfolio):
    with pytest.raises(Refused, match="has not come yet"):
        run_days(portfolio, DAY.replace(year=2062), clock=lambda: NOW)

    assert not StepRun.objects.exists()
    assert run_days(portfolio, DAY, clock=lambda: NOW) == [DAY]
    assert business_date(portfolio) == DAY


def test_today_is_the_portfolio_s_own(portfolio):
    evening = NOW.replace(hour=16, minute=30)  # 00:30 of the next day in Shanghai

    assert run_days(portfolio, DAY + timedelta(days=1), clock=lambda: evening)[-1] > DAY


@pytest.mark.parametrize(
    ("script", "known"),
    [(REFUSES, Ended("no table.")), (KILLED, Ended("", signal=9))],
)
def test_how_a_process_died_is_known_until_the_day_is_started_again(script, known, portfolio):
    boss = make.agent(Role.OPERATIONS)
    start_day(portfolio, DAY, actor=boss, skip_quiet=False, now=NOW)
    assert ended(portfolio, DAY, now=NOW) is None

    code = watch(portfolio, DAY, [sys.executable, "-c", script], clock=lambda: NOW)

    assert code != 0
    assert ended(portfolio, DAY, now=NOW) == known
    start_day(portfolio, DAY, actor=boss, skip_quiet=False, now=NOW)
    assert ended(portfolio, DAY, now=NOW) is None


def test_a_process_that_ends_well_leaves_no_word(portfolio):
    assert watch(portfolio, DAY, [sys.executable, "-c", ""], clock=lambda: NOW) == 0
    assert not Event.objects.filter(kind="daybook.run_failed").exists()


def test_a_run_that_nobody_hears_of_is_taken_for_dead(portfolio):
    assert ended(portfolio, DAY, now=NOW) == Ended(silent=True)
    start_day(portfolio, DAY, actor=make.agent(Role.OPERATIONS), skip_quiet=True, now=NOW)

    assert ended(portfolio, DAY, now=NOW + SILENT - timedelta(seconds=1)) is None
    assert ended(portfolio, DAY, now=NOW + SILENT) == Ended(silent=True, skip_quiet=True)


def test_who_may_not_run_a_day_starts_none(portfolio):
    with pytest.raises(Forbidden):
        start_day(portfolio, DAY, actor=make.agent(Role.AUDITOR), skip_quiet=False, now=NOW)
    assert not Event.objects.filter(kind__startswith="daybook").exists()


def test_the_line_that_names_the_error_is_kept_and_no_row_of_the_database():
    said = (
        "Traceback\n  File x\npsycopg.Error: duplicate key\nLINE 1: INSERT INTO x VALUES ('Lin')\n"
        "  ^\nDETAIL:  Key (name)=(Lin)\nCONTEXT: COPY\n\n"
    )

    assert last_line(said) == "psycopg.Error: duplicate key"
    assert last_line("") == ""
    assert last_line("no error\n  that we know") == "  that we know"
    assert len(last_line("x" * 9_000)) == 500
