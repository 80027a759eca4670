"""Reasons not to act: set with their evidence, lifted with a reason."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from dunwell.audit.actions import record
from dunwell.cases.leases import renew
from dunwell.cases.models import Case, Hold
from dunwell.cases.timeline import today_of, write_entry
from dunwell.kernel.cards import without_card_data
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.staff.access import Can, Forbidden, require_case
from dunwell.staff.models import Agent, Role

REVIEW_AFTER = timedelta(days=14)


def in_force(party_id: int, *, today: date) -> QuerySet[Hold]:
    """Return the cardholder's holds that are neither lifted nor over on ``today``.

    ``today`` where the portfolio is.
    """
    return Hold.objects.filter(
        Q(until_on=None) | Q(until_on__gt=today), party=party_id, lifted_on=None
    )


@transaction.atomic
def set_hold(
    case_id: int,
    kind: str,
    *,
    evidence: str,
    actor: Agent,
    now: datetime,
    until_on: date | None = None,
) -> Hold:
    """Set a reason not to act on the cardholder of a case.

    :raises Refused: if the kind is unknown, the evidence missing or the hold there already
    :raises Forbidden: if he may not
    """
    case = require_case(Case, case_id, actor, Can.SET_HOLD, lock=True)
    refusals = []
    if kind not in Hold.Kind.values:
        refusals.append(Refusal("cases.unknown_hold", "Choose a kind of hold from the list."))
    if not evidence.strip():
        refusals.append(Refusal("cases.no_evidence", "Say what the hold rests on."))
    if until_on and until_on <= today_of(case, now):
        refusals.append(Refusal("cases.hold_over", "The hold would be over already."))
    if in_force(case.party_id, today=today_of(case, now)).filter(kind=kind).exists():
        refusals.append(Refusal("cases.hold_there", "This hold is set already."))
    if refusals:
        raise Refused(*refusals)
    renew(case, actor, now=now)
    kept = without_card_data(evidence.strip())
    return place_hold(case, kind, evidence=kept, actor=actor, now=now, until_on=until_on)


def place_hold(
    case: Case,
    kind: str,
    *,
    evidence: str,
    actor: Agent,
    now: datetime,
    until_on: date | None = None,
) -> Hold:
    """Return the hold, made if it is not there yet. Call it inside the action's transaction."""
    today = today_of(case, now)
    # What ran out was never lifted by anybody: it must not stand in the new one's way.
    over = Hold.objects.filter(party=case.party_id, kind=kind, lifted_on=None, until_on__lte=today)
    over.update(lifted_on=F("until_on"))
    hold, new = Hold.objects.get_or_create(
        party_id=case.party_id,
        kind=kind,
        lifted_on=None,
        defaults={
            "from_on": today, "until_on": until_on, "evidence": evidence, "set_by": actor,
            "review_on": today + REVIEW_AFTER,
        },
    )  # fmt: skip
    if new:
        write_entry(case, "hold_set", actor=actor, now=now, note=evidence, data={"hold": kind})
        record("cases.hold_set", subject=f"case:{case.pk}", actor=actor, at=now, hold=kind)
    return hold


@transaction.atomic
def lift_hold(case_id: int, kind: str, *, reason: str, actor: Agent, now: datetime) -> None:
    """Lift a hold, for a reason that stays on the timeline; a lead or compliance only.

    :raises Refused: if there is no such hold or no reason
    :raises Forbidden: if he may not
    """
    case = require_case(Case, case_id, actor, Can.SET_HOLD, lock=True)
    if actor.role == Role.COLLECTOR:
        raise Forbidden("collectors set holds and do not lift them")
    if not reason.strip():
        raise Refused(Refusal("cases.no_evidence", "Say why the hold is lifted."))
    today = today_of(case, now)
    lifted = (
        in_force(case.party_id, today=today)
        .filter(kind=kind)
        .update(lifted_on=today, lifted_by=actor)
    )
    if not lifted:
        raise Refused(Refusal("cases.no_hold", "There is no such hold."))
    renew(case, actor, now=now)
    kept = without_card_data(reason.strip())
    write_entry(case, "hold_lifted", actor=actor, now=now, note=kept, data={"hold": kind})
    record("cases.hold_lifted", subject=f"case:{case.pk}", actor=actor, at=now, hold=kind)
