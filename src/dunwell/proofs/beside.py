"""A day runs while others work: a loader brings the next delivery, leads move cases.

What such a run leaves behind depends on who came first, so no two need be alike. What
must hold of every one is asked of the database.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

import psycopg

from dunwell.daybook.rules import STEPS
from dunwell.proofs import process

MOVES = 400

# Each gives the rows that must not be.
NEVER: Mapping[str, str] = MappingProxyType(
    {
        "a step that is not there once": f"""
            SELECT day FROM daybook_steprun GROUP BY day
            HAVING count(*) <> {len(STEPS)} OR count(DISTINCT step) <> {len(STEPS)}""",
        "a day on two snapshots": """
            SELECT day FROM daybook_steprun GROUP BY day
            HAVING count(DISTINCT (snapshot_id, payments_to)) <> 1 OR count(snapshot_id) = 0""",
        "a line of the day twice": """
            SELECT case_id FROM cases_entry WHERE actor_id IS NULL
            GROUP BY case_id, kind, business_date, data HAVING count(*) > 1""",
        "two open cases of one cardholder": """
            SELECT party_id FROM cases_case WHERE state = 'open'
            GROUP BY portfolio_id, party_id HAVING count(*) > 1""",
        "an open case that no lead can see": """
            SELECT c.id FROM cases_case c WHERE c.state = 'open' AND NOT EXISTS (
                SELECT FROM staff_agent a
                WHERE a.team_id = c.team_id AND a.role = 'lead' AND a.is_active)""",
        "a case that is not with the team of its collector": """
            SELECT c.id FROM cases_case c JOIN staff_agent a ON a.id = c.collector_id
            WHERE c.state = 'open' AND a.team_id <> c.team_id""",
        "a case that is not with whom its timeline says": """
            SELECT c.id FROM cases_case c LEFT JOIN staff_agent a ON a.id = c.collector_id
            LEFT JOIN LATERAL (
                SELECT e.data ->> 'collector' AS collector FROM cases_entry e
                WHERE e.case_id = c.id AND e.kind = 'assigned' ORDER BY e.id DESC LIMIT 1
            ) told ON true
            WHERE c.state = 'open' AND told.collector IS DISTINCT FROM a.username""",
        "an overdue account without an open case": """
            SELECT a.id FROM accounts_account a WHERE a.bucket > 0 AND NOT EXISTS (
                SELECT FROM cases_case c WHERE c.party_id = a.party_id AND c.state = 'open')""",
        "an account that is not where its history says": """
            SELECT a.id FROM accounts_account a JOIN LATERAL (
                SELECT b.bucket FROM accounts_accountbucket b WHERE b.account_id = a.id
                ORDER BY b.entered_on DESC LIMIT 1) last ON true
            WHERE last.bucket <> a.bucket""",
        "a payment that is in no day's cash, or in two": """
            SELECT 1 FROM accounts_payment HAVING sum(effect_minor) <> (
                SELECT coalesce(sum(amount_minor), 0) FROM daybook_figure WHERE name = 'cash')""",
    }
)


def broken(url: str) -> list[str]:
    """Return which of :data:`NEVER` was found, with how many rows."""
    found = []
    with psycopg.connect(url) as connection:
        for what, query in NEVER.items():
            rows = connection.execute(query).fetchall()
            if rows:
                found.append(f"{what}: {len(rows)}")
    return found


def others_at_work(
    env: dict[str, str], days: tuple[date, date], delivery: Path, *, portfolio: str, seed: int
) -> list[str]:
    """Run the first day beside a loader and leads, then the second; return what is broken.

    The loader begins at a random moment of the run. ``delivery`` is the second day's.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    words = ["day", "run", "--portfolio", portfolio, "--skip-quiet", "--date"]
    leads = process.start(["prepare", portfolio, "--moves", str(MOVES), "--seed", str(seed)], env)
    runner = process.start([*words, str(days[0])], env)
    try:
        time.sleep(rng.uniform(0, 2))
        process.run(["intake", "load", str(delivery)], env)
    finally:
        runner.wait()
        # They move cases as long as the day runs, and no longer.
        leads.terminate()
        leads.wait()
    process.run([*words, str(days[0])], env)
    process.run([*words, str(days[1])], env)
    return broken(env["DUNWELL_DATABASE_URL"])
