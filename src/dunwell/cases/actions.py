"""What a collector writes down: calls and notes; and what he unmasks."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from dunwell.audit.actions import record
from dunwell.cases.assigning import lock_desk, take_over
from dunwell.cases.holds import place_hold
from dunwell.cases.leases import held_by_another, held_elsewhere, renew
from dunwell.cases.models import Case, Entry, Lease
from dunwell.cases.outcomes import OUTCOMES
from dunwell.cases.rules import CallRecord, call_refused, next_step
from dunwell.cases.timeline import today_of, write_entry
from dunwell.kernel.cards import without_card_data
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.parties.models import ContactPoint
from dunwell.staff.access import Can, Forbidden, may, require_case
from dunwell.staff.models import Agent


@transaction.atomic
def record_call(
    case_id: int, call: CallRecord, *, contact_point_id: int | None, actor: Agent, now: datetime
) -> Entry:
    """Write down how a call went and what comes next; the lease ends.

    A call-back that was agreed on a pool case makes it the caller's, if he can have it:
    he, or at its time his team, is given it. A promise is taken beside it by ``plans.actions.take_promise`` in the same transaction.

    :raises Refused: with everything that is missing or wrong; nothing is written then
    :raises Forbidden: if the case is not the actor's to work
    """
    lock_desk(actor)
    case: Case = require_case(Case, case_id, actor, Can.WORK_CASE, lock=True, also=("party",))
    today = today_of(case, now)
    refusals = call_refused(call, now=now, today=today)
    if case.state != Case.State.OPEN:
        refusals.append(Refusal("cases.closed", "The case is closed. Write a note instead."))
    point = ContactPoint.objects.filter(pk=contact_point_id or 0, party=case.party_id).first()
    if contact_point_id and point is None:
        refusals.append(Refusal("cases.not_his_number", "The number belongs to another case."))
    if held_elsewhere(case, actor, now):
        refusals.append(held_by_another(case.pk))
    if refusals:
        raise Refused(*refusals)
    outcome, note = OUTCOMES[call.outcome], without_card_data(call.note.strip())
    data = {
        name: value
        for name, value in (
            ("reason", call.reason),
            ("willingness", call.willingness),
            ("ability", call.ability),
            ("callback_at", call.callback_at and call.callback_at.isoformat()),
        )
        if value
    }
    entry = write_entry(
        case, "call", actor=actor, now=now, note=note, outcome=call.outcome,
        channel="call", contact_point=point, data=data,
    )  # fmt: skip
    _learn(case, call, now=now, today=today)
    if point:
        _learn_of(point, rpc=outcome.rpc, bad=outcome.bad_number, now=now)
    if outcome.hold:
        place_hold(case, outcome.hold, evidence=note, actor=actor, now=now)
    if call.callback_at:
        take_over(case, actor, now=now)
    Lease.objects.filter(case=case, holder=actor).delete()
    record(
        "cases.call_recorded", subject=f"case:{case.pk}", actor=actor, at=now, outcome=call.outcome
    )
    return entry


def _learn(case: Case, call: CallRecord, *, now: datetime, today: date) -> None:
    outcome = OUTCOMES[call.outcome]
    case.last_outcome, case.last_worked_at = call.outcome, now
    case.attempts += 1
    case.follow_up_at = call.callback_at
    case.next_step_on = next_step(outcome, today=today, asked=call.next_step_on)
    if outcome.rpc:
        case.last_rpc_at = now
        case.willingness, case.ability = call.willingness, call.ability
    if call.reason:
        case.reason = call.reason
    case.save()


def _learn_of(point: ContactPoint, *, rpc: bool, bad: bool, now: datetime) -> None:
    if rpc:
        point.last_rpc_at = now
    if bad:
        point.valid = False
    if rpc or bad:
        point.save(update_fields=["last_rpc_at", "valid"])


@transaction.atomic
def add_note(case_id: int, note: str, *, actor: Agent, now: datetime) -> Entry:
    """Write a note on a case, open or closed.

    :raises Refused: if it is empty
    :raises Forbidden: if the case is not the actor's to work
    """
    case = require_case(Case, case_id, actor, Can.WORK_CASE)
    if not note.strip():
        raise Refused(Refusal("cases.empty_note", "Write something first."))
    renew(case, actor, now=now)
    kept = without_card_data(note.strip())
    return write_entry(case, "note", actor=actor, now=now, note=kept)


@transaction.atomic
def unmask(
    case_id: int, contact_point_id: int, *, reason: str, actor: Agent, now: datetime
) -> ContactPoint:
    """Return a contact point for reading in full; who, what and why is on record.

    :raises Refused: if no reason is given
    :raises Forbidden: if he may not see it
    """
    case = require_case(Case, case_id, actor, Can.UNMASK)
    point = ContactPoint.objects.filter(pk=contact_point_id or 0, party=case.party_id).first()
    if point is None:
        raise Forbidden("no such contact point on the case")
    if not reason.strip():
        raise Refused(Refusal("cases.no_unmask_reason", "Say what you need the number for."))
    renew(case, actor, now=now)
    record(
        "parties.unmasked", subject=f"case:{case.pk}", actor=actor, at=now,
        contact_point=point.pk, reason=without_card_data(reason.strip()),
    )  # fmt: skip
    return point


def may_work(case: Case, actor: Agent) -> bool:
    """Say whether the actor may write on this case; for what a page offers."""
    return may(actor, Can.WORK_CASE) and case.state == Case.State.OPEN
