"""What a call can end with, and what each outcome means: one table, asked by all."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome of a call.

    ``connected``: somebody spoke; ``rpc``: the cardholder himself, identity verified.
    ``asks``: what must be said with it (``promise``, ``callback``, ``reason``,
    ``note``). ``hold``: the hold it sets. ``again_days``: when to try again.
    ``bad_number``: the contact point is no use any more.
    """

    code: str
    label: Promise
    group: str
    connected: bool = False
    rpc: bool = False
    asks: tuple[str, ...] = ()
    hold: str = ""
    again_days: int = 1
    bad_number: bool = False


_SPOKEN = ("reason",)
_ALL = (
    Outcome("rpc_promise", _("Promises to pay"), "rpc", True, True, ("promise", "reason"), again_days=3),
    Outcome("rpc_plan", _("Asks for a plan"), "rpc", True, True, _SPOKEN, again_days=1),
    Outcome("rpc_callback", _("Asks to be called back"), "rpc", True, True, ("callback",), again_days=1),
    Outcome("rpc_paid_claim", _("Says it is paid"), "rpc", True, True, ("note",), again_days=2),
    Outcome("rpc_unable", _("Cannot pay"), "rpc", True, True, _SPOKEN, again_days=3),
    Outcome("rpc_refused", _("Will not pay"), "rpc", True, True, _SPOKEN, again_days=2),
    Outcome("rpc_hardship", _("In hardship"), "rpc", True, True, _SPOKEN, "hardship_review", 3),
    Outcome("rpc_dispute", _("Disputes the debt"), "rpc", True, True, ("note",), "dispute", 2),
    Outcome("rpc_complaint", _("Complains"), "rpc", True, True, ("note",), "complaint", 2),
    Outcome("rpc_cease", _("Tells us to stop"), "rpc", True, True, ("note",), "cease_requested", 5),
    Outcome("rpc_lawyer", _("Has a lawyer"), "rpc", True, True, ("note",), "represented", 5),
    Outcome("rpc_bankrupt", _("Is bankrupt"), "rpc", True, True, ("note",), "bankrupt", 5),
    Outcome("no_answer", _("No answer"), "none"),
    Outcome("busy", _("Busy"), "none"),
    Outcome("switched_off", _("Switched off"), "none"),
    Outcome("not_in_service", _("Not in service"), "none", bad_number=True),
    Outcome("voicemail_left", _("Voicemail left"), "none"),
    Outcome("voicemail_none", _("Voicemail, no message left"), "none"),
    Outcome("hung_up", _("Hung up"), "none", True),
    Outcome("wrong_number", _("Wrong number"), "third", True, bad_number=True),
    Outcome("third_party", _("Somebody else answered"), "third", True),
    Outcome("third_party_relayed", _("Somebody else will pass it on"), "third", True, again_days=2),
    Outcome("third_party_refused", _("Somebody else, refused"), "third", True, again_days=3),
    Outcome("deceased_reported", _("Said to have died"), "third", True, False, ("note",), "deceased", 5),
    Outcome("language", _("No common language"), "third", True),
)  # fmt: skip
OUTCOMES = MappingProxyType({outcome.code: outcome for outcome in _ALL})
GROUPS = MappingProxyType(
    {"rpc": _("Cardholder reached"), "none": _("Nobody reached"), "third": _("Somebody else")}
)

# Why he did not pay, as he says it himself.
REASONS = MappingProxyType(
    {
        "unemployed": _("Lost his job"),
        "illness": _("Illness or accident"),
        "business": _("Business in difficulty"),
        "income_late": _("Income comes late"),
        "over_indebted": _("Too many debts"),
        "family": _("Separation or death in the family"),
        "forgot": _("Forgot"),
        "disputes": _("Disputes the debt"),
        "unwilling": _("Does not want to pay"),
        "fraud": _("Victim of fraud"),
        "other": _("Something else"),
    }
)
# Willingness and ability, four grades each, set at every talk with the cardholder.
GRADES = MappingProxyType(
    {
        1: pgettext_lazy("grade", "None"),
        2: pgettext_lazy("grade", "Little"),
        3: pgettext_lazy("grade", "Some"),
        4: pgettext_lazy("grade", "Full"),
    }
)
