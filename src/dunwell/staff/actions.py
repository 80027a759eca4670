"""People join, sign in, change teams and leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from dunwell.audit.actions import record
from dunwell.kernel.languages import tag
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.staff.models import Agent, Role, SignInCount, Team

TRIES = 5
LOCKED_FOR = timedelta(minutes=30)
LONGEST_NAME = 64
# What Django finds wrong with a password, by its code; it does not say all in Chinese.
SAYS = {
    "password_too_short": "The password needs %(min_length)s characters or more.",
    "password_too_common": "The password is one that everybody tries. Choose another.",
    "password_too_similar": "The password is too much like the person's names. Choose another.",
}

# One statement, committed by itself: of any number of guesses made at once exactly
# TRIES come past it, each with a count of its own. A lock that is over starts anew.
COUNT = """
INSERT INTO staff_signincount (username, failures, first_failed_at, locked_until)
VALUES (%(name)s, 1, %(now)s, NULL)
ON CONFLICT (username) DO UPDATE SET
    failures = CASE WHEN staff_signincount.locked_until <= %(now)s THEN 1
                    ELSE staff_signincount.failures + 1 END,
    first_failed_at = CASE WHEN staff_signincount.locked_until <= %(now)s THEN %(now)s
                           ELSE staff_signincount.first_failed_at END,
    locked_until = CASE
        WHEN staff_signincount.locked_until > %(now)s THEN staff_signincount.locked_until
        WHEN staff_signincount.locked_until IS NULL
             AND staff_signincount.failures + 1 >= %(tries)s THEN %(until)s
        ELSE NULL END
RETURNING failures
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
    name = username.strip().lower()[:LONGEST_NAME]
    with connection.cursor() as cursor:
        given: dict[str, Any] = {
            "name": name,
            "now": now,
            "until": now + LOCKED_FOR,
            "tries": TRIES,
        }
        cursor.execute(COUNT, given)
        (failures,) = cursor.fetchone()
    if failures > TRIES:
        count = SignInCount.objects.get(username=name)
        raise Locked(count.locked_until or now + LOCKED_FOR)
    agent = Agent.objects.filter(username=name).first()
    # An unknown name costs as much time as a known one, so nobody can list our staff.
    right = check_password(password, agent.password if agent else _NO_ONES)
    if agent is None or not right or not agent.is_active:
        if failures == TRIES:
            _locked(agent, name, now)
        return None
    SignInCount.objects.filter(username=name).delete()
    record("staff.signed_in", subject=f"agent:{agent.pk}", actor=agent, at=now)
    return agent


def _locked(agent: Agent | None, name: str, now: datetime) -> None:
    subject = f"agent:{agent.pk}" if agent else "agent:unknown"
    record("staff.locked_out", subject=subject, actor=None, at=now, username=name)


_NO_ONES = make_password("no one's password")


def sign_out(agent: Agent, *, now: datetime) -> None:
    """Write down that the agent left his desk.

    His lease ends by the signal ``user_logged_out`` (``cases.leases.let_go``).
    """
    record("staff.signed_out", subject=f"agent:{agent.pk}", actor=agent, at=now)


@transaction.atomic
def add_agent(
    *,
    username: str,
    name: str,
    role: str,
    password: str,
    actor: Agent | None,
    now: datetime,
    team: str = "",
    queues: tuple[str, ...] = (),
    languages: tuple[str, ...] = (),
    capacity: int = 0,
) -> Agent:
    """Let somebody join.

    :raises Refused: with every reason why not: the name, the role, the team, the password
    """
    given = username.strip().lower()
    found = Team.objects.filter(code=team).first() if team else None
    agent = Agent(
        username=given, name=name, role=role, team=found, queues=list(queues),
        languages=[tag(language) for language in languages], capacity=capacity,
    )  # fmt: skip
    refusals = _agent_refused(agent, team)
    refusals += _password_refused(password, agent)
    if refusals:
        raise Refused(*refusals)
    agent.set_password(password)
    agent.save()
    _record("staff.added", agent, actor, now, role=role)
    return agent


@transaction.atomic
def set_password(username: str, password: str, *, actor: Agent | None, now: datetime) -> Agent:
    """Give somebody a new password and lift his lock.

    :raises Refused: if there is no such agent or the password is too weak
    """
    agent = _agent(username)
    refusals = _password_refused(password, agent)
    if refusals:
        raise Refused(*refusals)
    agent.set_password(password)
    agent.save(update_fields=["password"])
    SignInCount.objects.filter(username=agent.username).delete()
    _record("staff.password_set", agent, actor, now)
    return agent


@transaction.atomic
def unlock(username: str, *, actor: Agent | None, now: datetime) -> None:
    """Lift the lock of a name before it ends by itself."""
    name = username.strip().lower()
    SignInCount.objects.filter(username=name).delete()
    agent = Agent.objects.filter(username=name).first()
    if agent:
        _record("staff.unlocked", agent, actor, now)


@transaction.atomic
def leave(username: str, *, actor: Agent | None, now: datetime) -> Agent:
    """Let somebody leave: he cannot sign in, and the next day gives his cases to others.

    :raises Refused: if there is no such agent
    """
    agent = _agent(username)
    agent.is_active = agent.available = False
    agent.save(update_fields=["is_active", "available"])
    _record("staff.left", agent, actor, now)
    return agent


def add_team(code: str, name: str) -> Team:
    """Return the team ``code``, made if it is new."""
    return Team.objects.get_or_create(code=code, defaults={"name": name})[0]


def _agent(username: str) -> Agent:
    agent = Agent.objects.filter(username=username.strip().lower()).first()
    if agent is None:
        raise Refused(
            Refusal("staff.unknown", "There is nobody called %(name)s.", named={"name": username})
        )
    return agent


def _agent_refused(agent: Agent, team: str) -> list[Refusal]:
    refusals = []
    if not agent.username or len(agent.username) > LONGEST_NAME:
        refusals.append(Refusal("staff.bad_name", "A sign-in name has 1 to 64 letters."))
    if not agent.name:
        refusals.append(Refusal("staff.no_name", "Enter the name of the person."))
    if Agent.objects.filter(username=agent.username).exists():
        refusals.append(
            Refusal("staff.name_taken", "%(name)s is taken.", named={"name": agent.username})
        )
    if agent.role not in Role.values:
        refusals.append(
            Refusal(
                "staff.unknown_role",
                "Roles are %(roles)s.",
                named={"roles": ", ".join(Role.values)},
            )
        )
    if team and agent.team is None:
        refusals.append(
            Refusal("staff.unknown_team", "There is no team %(team)s.", named={"team": team})
        )
    elif agent.role in (Role.COLLECTOR, Role.LEAD) and agent.team is None:
        refusals.append(Refusal("staff.no_team", "Collectors and leads need a team."))
    return refusals


def _password_refused(password: str, agent: Agent) -> list[Refusal]:
    try:
        validate_password(password, agent)
    except ValidationError as weak:
        return [_weak(one) for one in weak.error_list]
    return []


def _weak(found: ValidationError) -> Refusal:
    if found.code in SAYS:
        return Refusal("staff.weak_password", SAYS[found.code], named=found.params or {})
    # A check that a bank added says so itself.
    return Refusal("staff.weak_password", "%(said)s", named={"said": found.messages[0]})


def _record(kind: str, agent: Agent, actor: Agent | None, now: datetime, **data: object) -> None:
    record(kind, subject=f"agent:{agent.pk}", actor=actor, at=now, **data)
