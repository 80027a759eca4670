"""Cases change hands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from dunwell.audit.actions import record
from dunwell.cases.assigning import assign_refused, lock_desk, moved_entry
from dunwell.cases.models import Case, Entry, Lease
from dunwell.kernel.cards import without_card_data
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.staff.access import Can, Forbidden, case_scope, require
from dunwell.staff.models import Agent, Role

MOST_AT_ONCE = 500


@transaction.atomic
def reassign(
    case_ids: Sequence[int], *, to: Agent | None, reason: str, actor: Agent, now: datetime
) -> int:
    """Give open cases to a collector of the actor's scope, or back to the pool (None).

    All or none; returns how many changed hands. Cases that he holds already stay.

    :raises Refused: if the collector is not there, lacks the skill, the language or the
        room (the day's run would undo it), or too many are asked
    :raises Forbidden: if he may not, or a case is not in his scope
    """
    require(actor, Can.REASSIGN)
    refusals = _reassign_refused(case_ids, to, reason, actor)
    if refusals:
        raise Refused(*refusals)
    if to is not None:
        lock_desk(to)
    wanted = set(case_ids)
    cases = list(
        Case.objects.select_for_update(of=("self",))
        .select_related("portfolio", "collector", "party")
        .filter(case_scope(actor), pk__in=wanted, state=Case.State.OPEN)
        .order_by("pk")
    )
    if len(cases) != len(wanted):
        raise Forbidden("a case is closed or not in the actor's scope")
    moving = [case for case in cases if case.collector_id != (to.pk if to else None)]
    refusals = assign_refused(to, moving) if to is not None and moving else []
    if refusals:
        raise Refused(*refusals)
    kept = without_card_data(reason.strip())
    entries = []
    for case in moving:
        was = case.collector.username if case.collector else None
        case.collector = to
        if to is not None:
            case.team_id = to.team_id
        entries.append(moved_entry(case, was, reason=kept, actor=actor, now=now))
    Case.objects.bulk_update(moving, ["collector", "team"])
    Entry.objects.bulk_create(entries)
    Lease.objects.filter(case__in=moving).delete()
    record(
        "cases.reassigned",
        subject=f"agent:{to.pk if to else 'pool'}",
        actor=actor,
        at=now,
        cases=[case.pk for case in moving],
        reason=kept,
    )
    return len(moving)


def _reassign_refused(
    case_ids: Sequence[int], to: Agent | None, reason: str, actor: Agent
) -> list[Refusal]:
    refusals = []
    if not case_ids:
        refusals.append(Refusal("cases.none_chosen", "Choose the cases first."))
    if len(case_ids) > MOST_AT_ONCE:
        refusals.append(
            Refusal(
                "cases.too_many",
                "Reassign at most %(most)s cases at a time.",
                named={"most": MOST_AT_ONCE},
            )
        )
    if not reason.strip():
        refusals.append(Refusal("cases.no_move_reason", "Say why the cases change hands."))
    if to is not None and not _can_be_given(to, actor):
        refusals.append(
            Refusal("cases.not_available", "Choose a collector of your team who is at work.")
        )
    return refusals


def _can_be_given(to: Agent, actor: Agent) -> bool:
    return (
        to.role == Role.COLLECTOR
        and to.is_active
        and to.available
        and (actor.role != Role.LEAD or to.team_id == actor.team_id)
    )
