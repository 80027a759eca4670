"""The collector's desk: the worklist, Next, and the case in hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dunwell.cases.actions import add_note, may_work, record_call, unmask
from dunwell.cases.holds import lift_hold, set_hold
from dunwell.cases.leases import take_case, take_next
from dunwell.cases.models import Case, Hold
from dunwell.cases.outcomes import GROUPS, OUTCOMES
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.plans.actions import take_promise, withdraw_promise
from dunwell.staff.access import Can, may, require_case
from dunwell.staff.models import Role
from dunwell.workbench.casepage import case_page, entries_of
from dunwell.workbench.forms import CallForm, HoldForm, NoteForm, ReasonForm, faults
from dunwell.workbench.guard import StaffRequest, needs, tell_masked, unsearched
from dunwell.workbench.lists import Asked, cases_page, number
from dunwell.workbench.zones import desk_zone

# Whom the case page names.
PEOPLE = ("party", "collector", "team")


@require_GET
@needs(Can.SEE_CASES)
def worklist(request: StaffRequest) -> HttpResponse:
    """The cases that the agent may see, his own first of all."""
    now = timezone.now().astimezone(desk_zone())
    asked = Asked.of(request.GET)
    shown = {
        "asked": asked,
        "page": cases_page(request.user, asked, now=now),
        "today": now.date(),
        "section": "worklist",
    }
    name = (
        "workbench/_cases.html" if request.headers.get("HX-Request") else "workbench/worklist.html"
    )
    answer = render(request, name, shown)
    return unsearched(request, answer) if request.headers.get("HX-Request") else answer


@require_POST
@needs(Can.WORK_CASE)
def take_the_next(request: StaffRequest) -> HttpResponse:
    """Give the best case that nobody else holds."""
    found = take_next(request.user, now=timezone.now(), zone=str(desk_zone()))
    if found is None:
        messages.info(request, _("Nothing is due. Every case is worked or waits for its day."))
        return redirect("workbench:worklist")
    return redirect("workbench:case", found)


@require_GET
@needs(Can.SEE_CASES)
def case(request: StaffRequest, case_id: int) -> HttpResponse:
    """The case in hand."""
    return _case(request, case_id)


def _case(
    request: StaffRequest,
    case_id: int,
    *,
    refusals: tuple[Refusal, ...] = (),
    typed: CallForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    found = require_case(Case, case_id, request.user, Can.SEE_CASES, also=PEOPLE)
    parts = case_page(found, request.user, now=now)
    entries, more = entries_of(found, request.user)
    shown = {
        "parts": parts,
        "case": parts.case,
        "currency": parts.case.portfolio.currency,
        "zone": parts.case.portfolio.time_zone,
        "entries": entries,
        "more": more,
        "refusals": refusals,
        "typed": typed,
        "may_work": may_work(found, request.user),
        "may_hold": may(request.user, Can.SET_HOLD) and parts.whole,
        "may_lift": may(request.user, Can.SET_HOLD)
        and parts.whole
        and request.user.role != Role.COLLECTOR,
        "may_unmask": may(request.user, Can.UNMASK) and parts.whole,
        "held": parts.lease and parts.lease.holder_id != request.user.pk,
        "mine": parts.lease and parts.lease.holder_id == request.user.pk,
        "outcomes": _outcomes(),
        "hold_kinds": Hold.Kind.values,
        "section": "worklist",
        "stay": reverse("workbench:case", args=[case_id]),
    }
    return render(request, "workbench/case.html", shown, status=status)


def _outcomes() -> list[tuple[str, list[object]]]:
    return [
        (str(label), [o for o in OUTCOMES.values() if o.group == group])
        for group, label in GROUPS.items()
    ]


@require_POST
@needs(Can.WORK_CASE)
def take(request: StaffRequest, case_id: int) -> HttpResponse:
    """Take a case that was chosen from the list."""
    try:
        take_case(case_id, actor=request.user, now=timezone.now())
    except Refused as refused:
        return _case(request, case_id, refusals=refused.refusals, status=409)
    return redirect("workbench:case", case_id)


@require_POST
@needs(Can.WORK_CASE)
def call(request: StaffRequest, case_id: int) -> HttpResponse:
    """Write down a call, and the promise that came of it, both or neither."""
    found = require_case(Case, case_id, request.user, Can.WORK_CASE)
    form = CallForm(request.POST, case=found)
    if not form.is_valid():
        return _case(request, case_id, refusals=faults(form), typed=form, status=422)
    try:
        _record(form, case_id, request, timezone.now())
    except Refused as refused:
        return _case(request, case_id, refusals=refused.refusals, typed=form, status=422)
    tell_masked(request)
    _tell_whose(request, found, form)
    messages.success(
        request, _("Written down: %(outcome)s.") % {"outcome": OUTCOMES[form.record.outcome].label}
    )
    if request.POST.get("then") == "next":
        return take_the_next(request)
    return redirect("workbench:case", case_id)


def _tell_whose(request: StaffRequest, was: Case, form: CallForm) -> None:
    """Say whose a pool case is now that something was agreed on it."""
    agreed = form.record.callback_at or form.record.promise_due
    if was.collector_id is not None or not agreed:
        return
    now = Case.objects.select_related("team").get(pk=was.pk)
    if now.collector_id == request.user.pk:
        messages.info(request, _("The case left the pool: it is on your desk now."))
    elif now.collector_id is None:
        messages.warning(
            request,
            _(
                "The case stays in the pool, as your desk cannot take it. When it is due, Next"
                " gives it to whoever of %(team)s asks first."
            )
            % {"team": now.team.name if now.team else _("its team")},
        )


@transaction.atomic
def _record(form: CallForm, case_id: int, request: StaffRequest, now: datetime) -> None:
    record = form.record
    record_call(
        case_id,
        record,
        contact_point_id=form.cleaned_data["contact_point"],
        actor=request.user,
        now=now,
    )
    if record.promise_minor is not None and record.promise_due is not None:
        take_promise(
            case_id,
            amount_minor=record.promise_minor,
            due_on=record.promise_due,
            method=form.cleaned_data["promise_method"],
            actor=request.user,
            now=now,
        )


def _done(
    request: StaffRequest, case_id: int, act: Callable[..., object], said: str
) -> HttpResponse:
    """Act for the signed-in agent and say so, or show on the case page why it was refused."""
    try:
        act(actor=request.user, now=timezone.now())
    except Refused as refused:
        return _case(request, case_id, refusals=refused.refusals, status=422)
    tell_masked(request)
    messages.success(request, said)
    return redirect("workbench:case", case_id)


@require_POST
@needs(Can.WORK_CASE)
def note(request: StaffRequest, case_id: int) -> HttpResponse:
    """Put a note on the timeline."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _case(request, case_id, refusals=faults(form), status=422)
    act = partial(add_note, case_id, form.cleaned_data["note"])
    return _done(request, case_id, act, _("The note is on the timeline."))


@require_POST
@needs(Can.SET_HOLD)
def hold(request: StaffRequest, case_id: int) -> HttpResponse:
    """Set a hold."""
    form = HoldForm(request.POST)
    if not form.is_valid():
        # A date that cannot be read must not become a hold without an end.
        return _case(request, case_id, refusals=faults(form), status=422)
    typed = form.cleaned_data
    act = partial(
        set_hold,
        case_id,
        typed["kind"],
        evidence=typed["evidence"],
        until_on=typed["until_on"],
    )
    said = _("The hold is set. The next day's run takes it into account.")
    return _done(request, case_id, act, said)


@require_POST
@needs(Can.SET_HOLD)
def lift(request: StaffRequest, case_id: int, kind: str) -> HttpResponse:
    """Lift a hold."""
    act = partial(lift_hold, case_id, kind, reason=_reason(request))
    return _done(request, case_id, act, _("The hold is lifted."))


@require_POST
@needs(Can.WORK_CASE)
def withdraw(request: StaffRequest, case_id: int, promise_id: int) -> HttpResponse:
    """Withdraw a promise."""
    act = partial(withdraw_promise, case_id, promise_id, reason=_reason(request))
    return _done(request, case_id, act, _("The promise is withdrawn."))


def _reason(request: StaffRequest) -> str:
    form = ReasonForm(request.POST)
    return str(form.cleaned_data["reason"]) if form.is_valid() else ""


@require_POST
@needs(Can.UNMASK)
def reveal(request: StaffRequest, case_id: int, point_id: int) -> HttpResponse:
    """Show a contact point in full, once, with the reason on record."""
    try:
        point = unmask(
            case_id, point_id, reason=_reason(request), actor=request.user, now=timezone.now()
        )
    except Refused as refused:
        told = {"refusals": refused.refusals}
        return render(request, "workbench/_refusals.html", told, status=422)
    tell_masked(request)
    return render(request, "workbench/_revealed.html", {"point": point})


@require_GET
@needs(Can.SEE_CASES)
def timeline(request: StaffRequest, case_id: int) -> HttpResponse:
    """The next stretch of the timeline."""
    found = require_case(Case, case_id, request.user, Can.SEE_CASES, also=PEOPLE)
    entries, more = entries_of(found, request.user, before=number(request.GET.get("before", "")))
    shown = {
        "case": found, "entries": entries, "more": more,
        "zone": found.portfolio.time_zone, "currency": found.portfolio.currency,
    }  # fmt: skip
    return render(request, "workbench/_timeline.html", shown)


def home(request: HttpRequest) -> HttpResponse:
    """Send everyone to the page that he works on."""
    if not request.user.is_authenticated:
        return redirect("staff:sign-in")
    pages = (
        (Can.REASSIGN, "workbench:team"),
        (Can.SEE_CASES, "workbench:worklist"),
        (Can.SEE_DELIVERIES, "workbench:deliveries"),
        (Can.SEE_TABLES, "workbench:tables"),
        (Can.SEE_STAFF, "workbench:staff"),
    )
    for right, page in pages:
        if may(request.user, right):
            return redirect(page)
    return render(request, "workbench/nothing.html")
