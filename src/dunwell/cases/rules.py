"""Whether a call record is complete, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dunwell.cases.outcomes import OUTCOMES, REASONS, Outcome
from dunwell.kernel.refusal import Refusal

LATEST_CALLBACK = timedelta(days=30)

# What each outcome may ask for beside itself, and what is said when it is missing.
ASKED_FOR = {
    "reason": Refusal("cases.no_reason", "Ask why he is behind, and choose the reason."),
    "note": Refusal("cases.no_note", "Write down what was said."),
    "callback": Refusal("cases.no_callback", "Enter when he wants to be called."),
    "promise": Refusal("cases.no_promise", "Enter the amount and the day that he promised."),
}


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What a collector writes down after a call."""

    outcome: str
    note: str = ""
    reason: str = ""
    willingness: int | None = None
    ability: int | None = None
    callback_at: datetime | None = None
    promise_minor: int | None = None
    promise_due: date | None = None
    next_step_on: date | None = None


def call_refused(call: CallRecord, *, now: datetime, today: date) -> list[Refusal]:
    """Return every reason why the record is not complete."""
    outcome = OUTCOMES.get(call.outcome)
    if outcome is None:
        return [Refusal("cases.no_outcome", "Choose what the call ended with.")]
    refusals = _asked_for(outcome, call)
    refusals += _grades(outcome, call)
    if call.reason and call.reason not in REASONS:
        refusals.append(Refusal("cases.unknown_reason", "Choose a reason from the list."))
    if call.callback_at and not now < call.callback_at <= now + LATEST_CALLBACK:
        refusals.append(
            Refusal(
                "cases.callback_when",
                "A call-back lies in the future, within 30 days. Agree another time.",
            )
        )
    if call.next_step_on and call.next_step_on < today:
        refusals.append(
            Refusal("cases.next_step_past", "The next step lies today or later. Change its day.")
        )
    return refusals


def _asked_for(outcome: Outcome, call: CallRecord) -> list[Refusal]:
    given = {
        "reason": bool(call.reason),
        "note": bool(call.note.strip()),
        "callback": call.callback_at is not None,
        "promise": call.promise_minor is not None and call.promise_due is not None,
    }
    return [ASKED_FOR[what] for what in outcome.asks if not given[what]]


def _grades(outcome: Outcome, call: CallRecord) -> list[Refusal]:
    refusals = []
    given = (call.willingness, call.ability)
    if any(grade is not None and not 1 <= grade <= 4 for grade in given):
        refusals.append(Refusal("cases.bad_grade", "Willingness and ability go from 1 to 4."))
    if outcome.rpc and None in given:
        refusals.append(
            Refusal("cases.no_grade", "Grade his willingness and ability: you spoke with him.")
        )
    return refusals


def next_step(outcome: Outcome, *, today: date, asked: date | None) -> date:
    """Return the day of the next step: what was agreed, else what the outcome calls for."""
    return asked or today + timedelta(days=outcome.again_days)
