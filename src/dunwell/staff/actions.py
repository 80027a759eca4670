"""People join, get a password, change teams and hours, and leave."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from dunwell.audit.actions import record
from dunwell.kernel.languages import tag
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.staff.access import Can, require_actor, require_person
from dunwell.staff.models import Agent, Role, SignInCount, Team
from dunwell.staff.passwords import password_refused
from dunwell.staff.signing_in import LONGEST_NAME

MOST_CASES = 10_000
_CODE = re.compile(r"[A-Za-z0-9_-]{1,32}")


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

    Whoever adds him knows his password, so that he changes it when he first signs in.

    :raises Refused: with every reason why not: the name, the role, the team, the password
    :raises Forbidden: if the actor may not edit the staff
    """
    require_actor(actor, Can.EDIT_STAFF)
    given = username.strip().lower()
    found = Team.objects.filter(code=team).first() if team else None
    agent = Agent(
        username=given, name=name, role=role, team=found, queues=list(queues),
        languages=[tag(language) for language in languages], capacity=capacity,
    )  # fmt: skip
    refusals = _agent_refused(agent, team)
    refusals += password_refused(password, agent)
    if refusals:
        raise Refused(*refusals)
    agent.set_password(password)
    agent.must_change_password = True
    agent.save()
    _record("staff.added", agent, actor, now, role=role)
    return agent


@transaction.atomic
def set_password(username: str, password: str, *, actor: Agent | None, now: datetime) -> Agent:
    """Give somebody a new password, to be changed by him, and lift his lock.

    :raises Refused: if there is no such agent or the password is too weak
    :raises Forbidden: if the actor may not edit the staff
    """
    require_actor(actor, Can.EDIT_STAFF)
    agent = _agent(username)
    refusals = password_refused(password, agent)
    if refusals:
        raise Refused(*refusals)
    agent.set_password(password)
    agent.must_change_password = True
    agent.save(update_fields=["password", "must_change_password"])
    SignInCount.objects.filter(username=agent.username).delete()
    _record("staff.password_set", agent, actor, now)
    return agent


@transaction.atomic
def unlock(username: str, *, actor: Agent | None, now: datetime) -> None:
    """Lift the lock of a name before it ends by itself.

    :raises Forbidden: if the actor may not edit the staff
    """
    require_actor(actor, Can.EDIT_STAFF)
    name = username.strip().lower()
    SignInCount.objects.filter(username=name).delete()
    agent = Agent.objects.filter(username=name).first()
    if agent:
        _record("staff.unlocked", agent, actor, now)


@transaction.atomic
def leave(username: str, *, actor: Agent | None, now: datetime) -> Agent:
    """Let somebody leave: he cannot sign in, and the next day gives his cases to others.

    :raises Refused: if there is no such agent, or it is the actor himself
    :raises Forbidden: if the actor may not edit the staff
    """
    require_actor(actor, Can.EDIT_STAFF)
    agent = _agent(username)
    if actor is not None and actor.pk == agent.pk:
        raise Refused(
            Refusal("staff.not_oneself", "Nobody takes himself off the staff. Ask a colleague.")
        )
    agent.is_active = agent.available = False
    agent.save(update_fields=["is_active", "available"])
    _record("staff.left", agent, actor, now)
    return agent


@transaction.atomic
def change_agent(
    username: str,
    *,
    actor: Agent | None,
    now: datetime,
    team: str | None = None,
    queues: Sequence[str] | None = None,
    languages: Sequence[str] | None = None,
    capacity: int | None = None,
    available: bool | None = None,
) -> Agent:
    """Change what is given of somebody's work; the next day's run allocates by it.

    :raises Refused: if he is not there or has left, or the team or capacity cannot be
    :raises Forbidden: if the actor may not edit the staff
    """
    require_actor(actor, Can.EDIT_STAFF)
    agent = _agent(username)
    found = Team.objects.filter(code=team).first() if team else None
    given = {
        "team": (team is not None, found),
        "queues": (queues is not None, list(queues or ())),
        "languages": (languages is not None, [tag(one) for one in languages or ()]),
        "capacity": (capacity is not None, capacity),
        "available": (available is not None, available),
    }
    changed = [
        name for name, (asked, value) in given.items() if asked and getattr(agent, name) != value
    ]
    for name in changed:
        setattr(agent, name, given[name][1])
    refusals = [_left(agent)] if not agent.is_active else _work_refused(agent, team or "")
    if refusals:
        raise Refused(*refusals)
    if changed:
        agent.save(update_fields=changed)
        data = {name: team if name == "team" else getattr(agent, name) for name in changed}
        _record("staff.changed", agent, actor, now, **data)
    return agent


@transaction.atomic
def set_available(username: str, available: bool, *, actor: Agent | None, now: datetime) -> Agent:
    """Say whether somebody is at work; who is away gets no cases and keeps none.

    :raises Refused: if there is no such agent or he has left
    :raises Forbidden: if the actor is neither his lead nor an administrator
    """
    agent = _agent(username, actor)
    if not agent.is_active:
        raise Refused(_left(agent))
    if agent.available != available:
        agent.available = available
        agent.save(update_fields=["available"])
        _record("staff.changed", agent, actor, now, available=available)
    return agent


@transaction.atomic
def add_team(code: str, name: str, *, actor: Agent | None = None, now: datetime) -> Team:
    """Return the team ``code``, made if it is new.

    :raises Refused: if the code or the name cannot be
    :raises Forbidden: if the actor may not edit the staff
    """
    require_actor(actor, Can.EDIT_STAFF)
    if not _CODE.fullmatch(code) or not 0 < len(name) <= 80:
        raise Refused(
            Refusal(
                "staff.bad_team",
                "A team has a code of 1 to 32 letters, digits, - and _, and a name of 1 to 80 letters.",
            )
        )
    team, made = Team.objects.get_or_create(code=code, defaults={"name": name})
    if made:
        record("staff.team_added", subject=f"team:{team.pk}", actor=actor, at=now, code=code)
    return team


def _agent(username: str, actor: Agent | None = None) -> Agent:
    """Return somebody, locked; only whom ``actor`` may send away, if one is given."""
    found = Agent.objects.select_for_update().filter(username=username.strip().lower())
    agent = found.first()
    require_person(actor, agent)
    if agent is None:
        raise Refused(
            Refusal("staff.unknown", "There is nobody called %(name)s.", named={"name": username})
        )
    return agent


def _left(agent: Agent) -> Refusal:
    return Refusal(
        "staff.has_left",
        "%(name)s has left the staff. Nothing is changed any more.",
        named={"name": agent.username},
    )


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
    return refusals + _work_refused(agent, team)


def _work_refused(agent: Agent, team: str) -> list[Refusal]:
    """Return what of somebody's work cannot be; ``team`` is the code that was asked for."""
    refusals = []
    if team and agent.team is None:
        refusals.append(
            Refusal("staff.unknown_team", "There is no team %(team)s.", named={"team": team})
        )
    elif agent.role in (Role.COLLECTOR, Role.LEAD) and agent.team is None:
        refusals.append(Refusal("staff.no_team", "Collectors and leads need a team."))
    if not 0 <= agent.capacity <= MOST_CASES:
        refusals.append(
            Refusal(
                "staff.bad_capacity",
                "Nobody holds fewer than 0 or more than %(most)s cases.",
                named={"most": MOST_CASES},
            )
        )
    long = [one for one in agent.queues if len(one) > 32]
    long += [one for one in agent.languages if len(one) > 12]
    if long:
        refusals.append(
            Refusal(
                "staff.too_long",
                "%(name)s is no queue or language: it is too long.",
                named={"name": long[0][:40]},
            )
        )
    return refusals


def _record(kind: str, agent: Agent, actor: Agent | None, now: datetime, **data: object) -> None:
    record(kind, subject=f"agent:{agent.pk}", actor=actor, at=now, **data)
