"""Whose desk a case may lie on: as the day's run allocates, so that it does not undo it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dunwell.audit.actions import record
from dunwell.cases.models import Case, Entry
from dunwell.cases.timeline import today_of
from dunwell.kernel.languages import primary
from dunwell.kernel.refusal import Refusal
from dunwell.staff.models import Agent, Role

NAMED = 3


def lock_desk(agent: Agent) -> None:
    """Let only one act at a time change what lies on the agent's desk or in his hand.

    Before any case is locked, always: two acts of his then wait and do not block each other.
    """
    Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)


def assign_refused(to: Agent, cases: Sequence[Case]) -> list[Refusal]:
    """Return why the cases cannot come to the collector's desk beside what lies there.

    The cases come with party and portfolio, and are not his yet. One query; after
    ``lock_desk``, so that the room is not given twice.
    """
    spoken = {primary(language) for language in to.languages}
    unskilled = [case for case in cases if case.queue not in to.queues]
    unspoken = [case for case in cases if _language(case) not in spoken]
    room = to.capacity - Case.objects.filter(collector=to, state=Case.State.OPEN).count()
    refusals = []
    if unskilled:
        refusals.append(
            Refusal(
                "cases.not_skilled",
                "%(who)s has not the skill for the queue of %(count)s of the cases (%(which)s)."
                " Leave them out or choose somebody else.",
                named={"who": to.name, **_which(unskilled)},
            )
        )
    if unspoken:
        refusals.append(
            Refusal(
                "cases.not_spoken",
                "%(who)s does not speak the language of %(count)s of the cardholders (%(which)s)."
                " Leave them out or choose somebody else.",
                named={"who": to.name, **_which(unspoken)},
            )
        )
    if len(cases) > room:
        refusals.append(
            Refusal(
                "cases.desk_full",
                "%(who)s has room for %(room)s more cases, and %(count)s are chosen."
                " Choose fewer or somebody else.",
                named={"who": to.name, "room": max(0, room), "count": len(cases)},
            )
        )
    return refusals


def take_over(case: Case, actor: Agent, *, now: datetime) -> bool:
    """Give a pool case to the collector who agreed something on it; say whether he has it.

    A case that lies on a desk stays there. Call it inside the action's transaction, after
    ``lock_desk`` and with the case locked.
    """
    if case.collector_id is not None:
        return case.collector_id == actor.pk
    if actor.role != Role.COLLECTOR or assign_refused(actor, [case]):
        return False
    case.collector = actor
    case.team_id = actor.team_id
    case.save(update_fields=["collector", "team"])
    moved_entry(case, None, reason="", actor=actor, now=now).save()
    record("cases.taken_over", subject=f"case:{case.pk}", actor=actor, at=now)
    return True


def moved_entry(case: Case, was: str | None, *, reason: str, actor: Agent, now: datetime) -> Entry:
    """Return the line, not saved yet, that says whose the case is now; ``was`` is a username."""
    return Entry(
        case=case,
        kind="assigned",
        business_date=today_of(case, now),
        happened_at=now,
        actor=actor,
        note=reason,
        data={"collector": case.collector.username if case.collector else None, "was": was},
    )


def _language(case: Case) -> str:
    return primary(case.party.language or case.portfolio.language)


def _which(cases: Sequence[Case]) -> dict[str, object]:
    refs = [case.party.customer_ref for case in cases[:NAMED]]
    return {"count": len(cases), "which": ", ".join(refs) + (" …" if len(cases) > NAMED else "")}
