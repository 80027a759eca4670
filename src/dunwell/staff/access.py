"""Who may see and do what. Every view, query and command asks here, and nowhere else.

Rights follow from the role alone; which cases, from role and team. domain.md, section 7.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from django.db.models import Model, Q

from dunwell.staff.models import Agent, Role


class Can(StrEnum):
    """What may be done."""

    SEE_CASES = "see_cases"
    SEE_TEAM = "see_team"
    WORK_CASE = "work_case"
    REASSIGN = "reassign"
    SET_HOLD = "set_hold"
    UNMASK = "unmask"
    SEE_DELIVERIES = "see_deliveries"
    LOAD_DELIVERY = "load_delivery"
    CORRECT_ROWS = "correct_rows"
    SEE_DAYS = "see_days"
    RUN_DAY = "run_day"
    SEE_TABLES = "see_tables"
    EDIT_TABLES = "edit_tables"
    SEE_STAFF = "see_staff"
    EDIT_STAFF = "edit_staff"
    SET_AWAY = "set_away"
    OPEN_PORTFOLIO = "open_portfolio"


_WORK = {Can.SEE_CASES, Can.WORK_CASE, Can.SET_HOLD, Can.UNMASK}
RIGHTS: dict[str, frozenset[Can]] = {
    Role.COLLECTOR: frozenset(_WORK),
    Role.LEAD: frozenset({*_WORK, Can.SEE_TEAM, Can.REASSIGN, Can.SEE_TABLES, Can.SET_AWAY}),
    Role.COMPLIANCE: frozenset(
        {Can.SEE_CASES, Can.SET_HOLD, Can.UNMASK, Can.SEE_TABLES, Can.SEE_TEAM}
    ),
    Role.LEGAL: frozenset(),
    Role.STRATEGY: frozenset({Can.SEE_TABLES, Can.EDIT_TABLES, Can.SEE_DAYS}),
    Role.OPERATIONS: frozenset(
        {Can.SEE_DELIVERIES, Can.LOAD_DELIVERY, Can.CORRECT_ROWS, Can.SEE_DAYS, Can.RUN_DAY}
    ),
    Role.ADMIN: frozenset({Can.SEE_STAFF, Can.EDIT_STAFF, Can.OPEN_PORTFOLIO}),
    Role.AUDITOR: frozenset(
        {
            Can.SEE_CASES,
            Can.SEE_TEAM,
            Can.SEE_DELIVERIES,
            Can.SEE_DAYS,
            Can.SEE_TABLES,
            Can.SEE_STAFF,
        }
    ),
}
NOBODY = Q(pk__in=())


class Forbidden(Exception):
    """The actor may not do this, or may not see what he would do it to."""


def may(agent: Agent, can: Can) -> bool:
    """Say whether the agent's role has the right; one who left has none."""
    return agent.is_active and can in RIGHTS.get(agent.role, frozenset())


def require(agent: Agent, can: Can) -> None:
    """:raises Forbidden: if the agent's role has not the right"""
    if not may(agent, can):
        raise Forbidden(f"{agent.role} may not {can.value}")


def require_actor(actor: Agent | None, can: Can) -> None:
    """Ask for whoever does it; None is the machine's owner at the command line, who may all.

    :raises Forbidden: if the actor's role has not the right
    """
    if actor is not None:
        require(actor, can)


def require_person(actor: Agent | None, agent: Agent | None) -> None:
    """Ask whether ``actor`` may say that ``agent`` is away: his lead, or an administrator.

    Who is not there and who is another's answer a lead alike.

    :raises Forbidden: if he may not
    """
    if actor is None or may(actor, Can.EDIT_STAFF):
        return
    require(actor, Can.SET_AWAY)
    if agent is None or agent.role != Role.COLLECTOR or agent.team_id != actor.team_id:
        raise Forbidden(f"{actor.username} leads nobody of that name")


def desk_scope(agent: Agent) -> Q:
    """Return the condition on the cases that are the agent's own."""
    return Q(collector=agent.pk) if may(agent, Can.SEE_CASES) else NOBODY


def pool_scope(agent: Agent) -> Q:
    """Return the condition on the cases that wait in the agent's team for a queue of his."""
    if not may(agent, Can.SEE_CASES):
        return NOBODY
    return Q(collector=None, team=agent.team_id, queue__in=list(agent.queues), state="open")


def case_scope(agent: Agent) -> Q:
    """Return the condition on cases that the agent may see.

    A collector sees his own and what waits in his team's pool for a queue that he is
    skilled for, a lead his team's, compliance and auditors all, everybody else none.
    """
    if not may(agent, Can.SEE_CASES):
        return NOBODY
    if agent.role == Role.COLLECTOR:
        return desk_scope(agent) | pool_scope(agent)
    if agent.role == Role.LEAD:
        return Q(team=agent.team_id)
    return Q()


# What reaches the cardholder himself, beyond the one case.
_CARDHOLDER = frozenset({Can.UNMASK, Can.SET_HOLD})
_BY_CASE = (Role.COLLECTOR, Role.LEAD)


def sees_cardholder(agent: Agent, *, case_open: bool) -> bool:
    """Say whether a case that the agent may see shows him its cardholder as he stands today.

    To collectors and leads an open case does: what earlier cases of the cardholder hold is
    what they work with. A closed one shows them what belongs to it and no more: somebody
    else may work the cardholder by now. Compliance and auditors see all.
    """
    return case_open or agent.role not in _BY_CASE


_Case = TypeVar("_Case", bound=Model)


def require_case(
    model: type[_Case],
    case_id: int,
    agent: Agent,
    can: Can,
    *,
    lock: bool = False,
    also: tuple[str, ...] = (),
) -> Any:
    """Return the case that the agent may do ``can`` to, locked if asked.

    It comes with its portfolio and the relations named in ``also``, in one query. A
    collector or lead reaches the cardholder himself through an open case only.

    What he may not see and what is not there answer alike.

    :raises Forbidden: if he may not
    """
    require(agent, can)
    cases: Any = model._default_manager.filter(case_scope(agent), pk=case_id)
    if can in _CARDHOLDER and not sees_cardholder(agent, case_open=False):
        cases = cases.filter(state="open")
    if lock:
        cases = cases.select_for_update(of=("self",))
    case = cases.select_related("portfolio", *also).first()
    if case is None:
        raise Forbidden(f"no case {case_id} for {agent.username}")
    return case
