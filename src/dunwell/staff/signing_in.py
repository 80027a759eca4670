"""Guesses are counted before they are looked at: signing in, and one's own password."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, transaction

from dunwell.audit.actions import record
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.staff.models import Agent, SignInCount
from dunwell.staff.passwords import password_refused

TRIES = 5
LOCKED_FOR = timedelta(minutes=30)
LONGEST_NAME = 64

# One statement, committed by itself: of any number of guesses made at once exactly
# TRIES come past it, each with a count of its own. A lock that is over starts anew, and
# so does a count that is as old as a lock is long.
_OVER = """(staff_signincount.locked_until <= %(now)s OR (
        staff_signincount.locked_until IS NULL
        AND staff_signincount.first_failed_at <= %(since)s))"""
COUNT = f"""
INSERT INTO staff_signincount (username, failures, first_failed_at, locked_until)
VALUES (%(name)s, 1, %(now)s, NULL)
ON CONFLICT (username) DO UPDATE SET
    failures = CASE WHEN {_OVER} THEN 1 ELSE staff_signincount.failures + 1 END,
    first_failed_at = CASE WHEN {_OVER} THEN %(now)s
                           ELSE staff_signincount.first_failed_at END,
    locked_until = CASE
        WHEN {_OVER} THEN NULL
        WHEN staff_signincount.locked_until IS NOT NULL THEN staff_signincount.locked_until
        WHEN staff_signincount.failures + 1 >= %(tries)s THEN %(until)s
        ELSE NULL END
RETURNING failures
"""
# Names that nobody guesses at any more. It waits for no row and so for nobody; in the
# statement above two who sweep each other's names would wait for each other.
SWEEP = """
DELETE FROM staff_signincount WHERE username IN (
    SELECT username FROM staff_signincount WHERE first_failed_at <= %(gone)s
    ORDER BY first_failed_at LIMIT 100 FOR UPDATE SKIP LOCKED)
"""


class Locked(Exception):
    """The name is locked; ``until`` says when it may be tried again."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(f"locked until {until:%H:%M}")


def sign_in(username: str, password: str, *, now: datetime) -> Agent | None:
    """Return the agent, or None if name or password is wrong; unknown names count too.

    :raises Locked: after ``TRIES`` wrong passwords in a row, for ``LOCKED_FOR``
    """
    agent = _checked(username.strip().lower()[:LONGEST_NAME], password, now)
    if agent is not None:
        record("staff.signed_in", subject=f"agent:{agent.pk}", actor=agent, at=now)
    return agent


def sign_out(agent: Agent, *, now: datetime) -> None:
    """Write down that the agent left his desk.

    His lease ends by the signal ``user_logged_out`` (``cases.leases.let_go``).
    """
    record("staff.signed_out", subject=f"agent:{agent.pk}", actor=agent, at=now)


def change_password(agent: Agent, old: str, new: str, *, now: datetime) -> Agent:
    """Give oneself a password that nobody else knows. Wrong old ones count as guesses do.

    :raises Refused: if the old one is wrong, or the new one weak or the same
    :raises Locked: after ``TRIES`` wrong old ones
    """
    if _checked(agent.username, old, now) is None:
        raise Refused(
            Refusal(
                "staff.wrong_password",
                "The present password is wrong. After five tries the name is locked for half an hour.",
            )
        )
    refusals = password_refused(new, agent)
    if new == old:
        refusals.append(
            Refusal("staff.same_password", "The new password is the present one. Choose another.")
        )
    if refusals:
        raise Refused(*refusals)
    with transaction.atomic():
        mine = Agent.objects.select_for_update().get(pk=agent.pk)
        mine.set_password(new)
        mine.must_change_password = False
        mine.save(update_fields=["password", "must_change_password"])
        record("staff.password_changed", subject=f"agent:{mine.pk}", actor=mine, at=now)
    return mine


def _checked(name: str, password: str, now: datetime) -> Agent | None:
    """Count a guess, then look at it; a right one is forgotten."""
    failures = _counted(name, now)
    if failures > TRIES:
        count = SignInCount.objects.filter(username=name).first()
        raise Locked((count and count.locked_until) or now + LOCKED_FOR)
    agent = Agent.objects.filter(username=name).first()
    # An unknown name costs as much time as a known one, so nobody can list our staff.
    right = check_password(password, agent.password if agent else _NO_ONES)
    if agent is None or not right or not agent.is_active:
        if failures == TRIES:
            _locked(agent, name, now)
        return None
    SignInCount.objects.filter(username=name).delete()
    return agent


def _counted(name: str, now: datetime) -> int:
    given: dict[str, Any] = {
        "name": name,
        "now": now,
        "since": now - LOCKED_FOR,
        "until": now + LOCKED_FOR,
        # The fifth guess may have come last in its half hour, and its lock lasts another.
        "gone": now - 2 * LOCKED_FOR,
        "tries": TRIES,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, given)
        (failures,) = cursor.fetchone()
        cursor.execute(SWEEP, given)
    return int(failures)


def _locked(agent: Agent | None, name: str, now: datetime) -> None:
    subject = f"agent:{agent.pk}" if agent else "agent:unknown"
    record("staff.locked_out", subject=subject, actor=None, at=now, username=name)


_NO_ONES = make_password("no one's password")
