"""The administrator's page: who is on the staff, and whose name is locked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dunwell.kernel.refusal import Refusal, Refused
from dunwell.staff.access import Can, may
from dunwell.staff.actions import add_agent, change_agent, leave, unlock
from dunwell.staff.models import Agent, Role, SignInCount, Team
from dunwell.workbench.forms import AgentForm, WorkForm, faults
from dunwell.workbench.guard import StaffRequest, needs

SHOWN = 500


@require_GET
@needs(Can.SEE_STAFF)
def staff(request: StaffRequest) -> HttpResponse:
    """Everybody, by team."""
    return _staff(request)


def _staff(
    request: StaffRequest, *, refusals: tuple[Refusal, ...] = (), status: int = 200
) -> HttpResponse:
    now = timezone.now()
    locks = dict(
        SignInCount.objects.filter(locked_until__gt=now).values_list("username", "locked_until")
    )
    shown = {
        "agents": Agent.objects.select_related("team").order_by("-is_active", "team", "username")[
            :SHOWN
        ],
        "locks": locks,
        "teams": Team.objects.order_by("code"),
        "roles": Role.values,
        "typed": request.POST,
        "may_edit": may(request.user, Can.EDIT_STAFF),
        "refusals": refusals,
        "section": "staff",
        "stay": reverse("workbench:staff"),
    }
    return render(request, "workbench/staff.html", shown, status=status)


@require_POST
@needs(Can.EDIT_STAFF)
def add(request: StaffRequest) -> HttpResponse:
    """Let somebody join."""
    form = AgentForm(request.POST)
    if not form.is_valid():
        return _staff(request, refusals=faults(form), status=422)
    given = form.cleaned_data
    try:
        agent = add_agent(
            username=given["username"],
            name=given["name"],
            role=given["role"],
            team=given["team"],
            password=given["password"],
            queues=tuple(given["queues"]),
            languages=tuple(given["languages"].replace(",", " ").split()),
            capacity=given["capacity"] or 0,
            actor=request.user,
            now=timezone.now(),
        )
    except Refused as refused:
        return _staff(request, refusals=refused.refusals, status=422)
    messages.success(request, _("%(name)s can sign in now.") % {"name": agent.username})
    return redirect("workbench:staff")


@require_POST
@needs(Can.EDIT_STAFF)
def change(request: StaffRequest, username: str, what: str) -> HttpResponse:
    """Unlock a name, or let somebody leave."""
    doing = {"unlock": unlock, "leave": leave}[what]
    try:
        doing(username.replace("\0", ""), actor=request.user, now=timezone.now())
    except Refused as refused:
        return _staff(request, refusals=refused.refusals, status=422)
    messages.success(request, _("Done."))
    return redirect("workbench:staff")


@require_GET
@needs(Can.EDIT_STAFF)
def agent(request: StaffRequest, username: str) -> HttpResponse:
    """What somebody works on, to be changed."""
    return _agent(request, username)


def _agent(
    request: StaffRequest, username: str, *, refusals: tuple[Refusal, ...] = (), status: int = 200
) -> HttpResponse:
    found = get_object_or_404(
        Agent.objects.select_related("team"),
        username=username.replace("\0", "").lower(),
        is_active=True,
    )
    shown = {
        "agent": found,
        "form": WorkForm(request.POST or None, agent=found),
        "refusals": refusals,
        "section": "staff",
        "stay": reverse("workbench:agent", args=[found.username]),
    }
    return render(request, "workbench/agent.html", shown, status=status)


@require_POST
@needs(Can.EDIT_STAFF)
def save(request: StaffRequest, username: str) -> HttpResponse:
    """Keep what was changed of somebody's work."""
    found = get_object_or_404(Agent, username=username.replace("\0", "").lower())
    form = WorkForm(request.POST, agent=found)
    if not form.is_valid():
        return _agent(request, username, refusals=faults(form), status=422)
    given = form.cleaned_data
    try:
        change_agent(
            username,
            actor=request.user,
            now=timezone.now(),
            team=given["team"],
            queues=given["queues"],
            languages=given["languages"].replace(",", " ").split(),
            capacity=given["capacity"] or 0,
            available=given["available"],
        )
    except Refused as refused:
        return _agent(request, username, refusals=refused.refusals, status=422)
    messages.success(request, _("Done."))
    return redirect("workbench:staff")
