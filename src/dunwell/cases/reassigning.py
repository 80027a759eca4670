"""Cases change hands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from dunwell.audit.actions import record
from dunwell.cases.models import Case, Entry, Lease
from dunwell.cases.timeline import today_of
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

    :raises Refused: if the collector is not there, lacks the skill, or too many are asked
    :raises Forbidden: if he may not, or a case is not in his scope
    """
    require(actor, Can.REASSIGN)
    refusals = _reassign_refused(case_ids, to, reason, actor)
    if refusals:
        raise Refused(*refusals)
    wanted = set(case_ids)
    cases = list(
        Case.objects.select_for_update(of=("self",))
        .select_related("portfolio", "collector")
        .filter(case_scope(actor), pk__in=wanted, state=Case.State.OPEN)
        .order_by("pk")
    )
    if len(cases) != len(wanted):
        raise Forbidden("a case is closed or not in the actor's scope")
    moving = [case for case in cases if case.collector_id != (to.pk if to else None)]
    kept = without_card_data(reason.strip())
    entries = [_moved(case, to, kept, actor, now) for case in moving]
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


def _moved(case: Case, to: Agent | None, reason: str, actor: Agent, now: datetime) -> Entry:
    was = case.collector.username if case.collector else None
    case.collector = to
    if to is not None:
        case.team_id = to.team_id
    return Entry(
        case=case,
        kind="assigned",
        business_date=today_of(case, now),
        happened_at=now,
        actor=actor,
        note=reason,
        data={"collector": to.username if to else None, "was": was},
    )
