"""What people type: turned into what actions take, or told what is wrong with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from dunwell.cases.models import Case, Hold
from dunwell.cases.outcomes import OUTCOMES, REASONS
from dunwell.cases.rules import CallRecord
from dunwell.kernel.money import BadAmount, Money
from dunwell.kernel.refusal import Refusal
from dunwell.parties.models import Portfolio
from dunwell.staff.models import Agent, Role, Team
from dunwell.workbench.words import WORDS


class CallForm(forms.Form):
    """The record of a call. Whether it is complete, the rules of cases say."""

    outcome = forms.CharField(label=_("Outcome"), max_length=24, required=False)
    contact_point = forms.IntegerField(label=_("Number called"), required=False)
    reason = forms.CharField(label=_("Why is he behind?"), max_length=24, required=False)
    willingness = forms.IntegerField(label=_("Willing to pay"), required=False)
    ability = forms.IntegerField(label=_("Able to pay"), required=False)
    note = forms.CharField(label=_("What was said"), max_length=4000, required=False)
    promise_amount = forms.CharField(label=_("Promised amount"), max_length=24, required=False)
    promise_due = forms.DateField(label=_("By"), required=False)
    promise_method = forms.CharField(label=_("How"), max_length=32, required=False)
    callback_at = forms.DateTimeField(
        label=_("Call back at (the cardholder's time)"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    next_step_on = forms.DateField(label=_("Next step on"), required=False)

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case = case

    def clean_promise_amount(self) -> int | None:
        outcome = OUTCOMES.get(self.cleaned_data.get("outcome", ""))
        if outcome is None or "promise" not in outcome.asks:
            return None  # left over from another outcome; the reader does not even see it
        typed = self.cleaned_data["promise_amount"].replace(",", "").replace("，", "").strip()
        if not typed:
            return None
        try:
            return Money.of(typed, self.case.portfolio.currency).minor
        except BadAmount:
            raise forms.ValidationError(
                _("Type the amount in digits, such as 1200.50."), code="amount"
            ) from None

    def clean_callback_at(self) -> datetime | None:
        """The time is the cardholder's: his own zone if known, else his portfolio's."""
        typed: datetime | None = self.cleaned_data["callback_at"]
        if typed is None:
            return None
        zone = self.case.party.time_zone or self.case.portfolio.time_zone
        return typed.replace(tzinfo=ZoneInfo(zone))

    @property
    def record(self) -> CallRecord:
        """What the action takes. After ``is_valid``. Fields of other outcomes are left out."""
        typed = self.cleaned_data
        outcome = OUTCOMES.get(typed["outcome"])
        asks = outcome.asks if outcome else ()
        promise = "promise" in asks
        return CallRecord(
            outcome=typed["outcome"],
            note=typed["note"],
            reason=typed["reason"] if typed["reason"] in REASONS else "",
            willingness=typed["willingness"],
            ability=typed["ability"],
            callback_at=typed["callback_at"] if "callback" in asks else None,
            promise_minor=typed["promise_amount"] if promise else None,
            promise_due=typed["promise_due"] if promise else None,
            next_step_on=typed["next_step_on"],
        )


class NoteForm(forms.Form):
    note = forms.CharField(label=_("Write a note"), max_length=4000, required=False)


class HoldForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=Hold.Kind.choices,
        error_messages={"required": _("Say what kind of hold it is.")},
    )
    evidence = forms.CharField(label=_("What does it rest on?"), max_length=2000, required=False)
    until_on = forms.DateField(label=_("Until (left empty: until it is lifted)"), required=False)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=2000, required=False)


class ReassignForm(forms.Form):
    case = forms.TypedMultipleChoiceField(label=_("Cases"), coerce=int, required=False)
    to = forms.CharField(label=_("Give the chosen cases to"), max_length=64, required=False)
    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        ids = [value for value in data.getlist("case") if value.isdigit() and len(value) < 19]
        self.fields["case"].choices = [(int(value), value) for value in ids]  # type: ignore[attr-defined]


class LoadForm(forms.Form):
    file = forms.FileField()


class PortfolioField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A portfolio by its code; what no code can hold is none of them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Portfolio.objects.all(), to_field_name="code", **kwargs)

    def to_python(self, value: Any) -> Portfolio | None:
        typed = None if value and "\0" in str(value) else value
        found: Portfolio | None = super().to_python(typed)
        return found


class MappingForm(forms.Form):
    portfolio = PortfolioField(label=_("Portfolio"))
    name = forms.CharField(label=_("Name"), max_length=80)
    file = forms.FileField(label=_("File"))


class RunDayForm(forms.Form):
    portfolio = PortfolioField()
    day = forms.DateField()
    skip_quiet = forms.BooleanField(required=False)


class TableForm(forms.Form):
    file = forms.FileField()
    note = forms.CharField(max_length=2000, required=False)


class DayForm(forms.Form):
    day = forms.DateField()


class AgentForm(forms.Form):
    """Somebody who joins. Whether he may, the action says; here only what a row can hold."""

    username = forms.CharField(label=_("Sign-in name"), max_length=64, required=False)
    name = forms.CharField(label=_("Name"), max_length=80, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    team = forms.CharField(label=_("Team"), max_length=32, required=False)
    queues = forms.MultipleChoiceField(
        label=_("Queues"), choices=[(code, code) for code in WORDS["queue"]], required=False
    )
    languages = forms.RegexField(
        r"^[A-Za-z-]{2,12}([ ,]+[A-Za-z-]{2,12})*$", label=_("Languages"), required=False
    )
    capacity = forms.IntegerField(
        label=_("Cases at most"), min_value=0, max_value=10_000, required=False
    )
    password = forms.CharField(
        label=_("First password"), max_length=128, strip=False, required=False
    )


class WorkForm(forms.Form):
    """What somebody works on: the fields of who joins that may change, and whether he is there."""

    team = forms.ChoiceField(label=_("Team"), required=False)
    queues = forms.MultipleChoiceField(
        label=_("Queues"), required=False, widget=forms.SelectMultiple(attrs={"size": 8})
    )
    languages = AgentForm.base_fields["languages"]
    capacity = AgentForm.base_fields["capacity"]
    available = forms.BooleanField(label=_("At work"), required=False)

    def __init__(self, data: Any, *, agent: Agent) -> None:
        team = agent.team.code if agent.team else ""
        super().__init__(
            data,
            initial={
                "team": team, "queues": agent.queues, "languages": ", ".join(agent.languages),
                "capacity": agent.capacity, "available": agent.available,
            },
        )  # fmt: skip
        teams = Team.objects.order_by("code").values_list("code", "name")
        own = [(code, code) for code in agent.queues if code not in WORDS["queue"]]
        self._choose("team", [("", "–"), *teams])
        self._choose("queues", [*WORDS["queue"].items(), *own])
        for name, field in self.fields.items():
            look = {"available": "form-check-input", "team": "form-select", "queues": "form-select"}
            field.widget.attrs["class"] = look.get(name, "form-control")

    def _choose(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]


def faults(form: forms.Form) -> tuple[Refusal, ...]:
    """Return what could not be read: field by field, each by the name it has on the page."""
    return tuple(
        Refusal(
            f"form.{name}",
            "%(place)s: %(said)s",
            named={"place": form.fields[name].label, "said": error},
        )
        for name, errors in form.errors.items()
        for error in errors
    )
