"""The lead's room, first form: the team's cases and who works them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from dunwell.cases.reassigning import reassign
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.staff.access import Can, may
from dunwell.staff.actions import set_available
from dunwell.staff.models import Agent, Role
from dunwell.workbench.forms import ReassignForm, faults
from dunwell.workbench.guard import StaffRequest, needs, tell_masked, unsearched
from dunwell.workbench.lists import Asked, cases_page
from dunwell.workbench.zones import desk_zone

POOL = "pool"
MOST_PEOPLE = 300


@require_GET
@needs(Can.SEE_TEAM)
def team(request: StaffRequest) -> HttpResponse:
    """The team's cases, and what each collector has on his desk."""
    return _team(request)


def _team(
    request: StaffRequest, *, refusals: tuple[Refusal, ...] = (), status: int = 200
) -> HttpResponse:
    now = timezone.now().astimezone(desk_zone())
    asked = Asked.of(request.GET)
    shown = {
        "asked": asked,
        "page": cases_page(request.user, asked, now=now),
        "today": now.date(),
        "people": people(request.user, now=now),
        "may_set_away": may(request.user, Can.SET_AWAY),
        "may_reassign": may(request.user, Can.REASSIGN),
        "refusals": refusals,
        "picks": True,
        "section": "team",
        "stay": reverse("workbench:team"),
    }
    part = request.headers.get("HX-Request") and not refusals
    name = "workbench/_cases.html" if part else "workbench/team.html"
    answer = render(request, name, shown, status=status)
    return unsearched(request, answer) if part else answer


LOADS = """
SELECT c.collector_id, count(*),
       count(*) FILTER (WHERE c.next_step_on IS NULL OR c.next_step_on <= %(today)s),
       count(*) FILTER (WHERE c.last_worked_at >= %(day_began)s)
FROM cases_case c
WHERE c.state = 'open' AND c.collector_id = ANY(%(people)s) GROUP BY c.collector_id
"""


def people(agent: Agent, *, now: datetime) -> list[dict[str, Any]]:
    """Return the collectors whom the agent sees, with what lies on each desk; two queries.

    ``now`` in the desk's zone: his day began at its midnight.
    """
    found = Agent.objects.filter(role=Role.COLLECTOR, is_active=True)
    if agent.role == Role.LEAD:
        found = found.filter(team=agent.team_id)
    agents = list(found.select_related("team").order_by("username")[:MOST_PEOPLE])
    given: dict[str, Any] = {
        "people": [one.pk for one in agents],
        "today": now.date(),
        "day_began": now.replace(hour=0, minute=0, second=0, microsecond=0),
    }
    with connection.cursor() as cursor:
        cursor.execute(LOADS, given)
        loads = {row[0]: row[1:] for row in cursor.fetchall()}
    rows = []
    for one in agents:
        cases, due, worked = loads.get(one.pk, (0, 0, 0))
        full = 100 * cases // one.capacity if one.capacity else 0
        rows.append({"agent": one, "cases": cases, "due": due, "worked": worked, "full": full})
    return rows


@require_POST
@needs(Can.REASSIGN)
def move(request: StaffRequest) -> HttpResponse:
    """Give the chosen cases to another collector or back to the pool."""
    form = ReassignForm(request.POST)
    if not form.is_valid():
        return _team(request, refusals=faults(form), status=422)
    name = form.cleaned_data["to"]
    to = None if name == POOL else Agent.objects.filter(username=name).first()
    try:
        if to is None and name != POOL:
            raise Refused(Refusal("cases.no_collector", "Choose who shall have the cases."))
        moved = reassign(
            form.cleaned_data["case"],
            to=to,
            reason=form.cleaned_data["reason"],
            actor=request.user,
            now=timezone.now(),
        )
    except Refused as refused:
        return _team(request, refusals=refused.refusals, status=422)
    tell_masked(request)
    said = ngettext("%(count)s case changed hands.", "%(count)s cases changed hands.", moved)
    messages.success(request, said % {"count": moved})
    return redirect("workbench:team")


@require_POST
@needs(Can.SET_AWAY)
def set_away(request: StaffRequest, username: str, available: bool) -> HttpResponse:
    """Say that one of the lead's own people is away, or back at work."""
    try:
        agent = set_available(
            username.replace("\0", ""), available, actor=request.user, now=timezone.now()
        )
    except Refused as refused:
        return _team(request, refusals=refused.refusals, status=422)
    said = (
        _("%(name)s is at work again.")
        if available
        else _("%(name)s is away: the next day's run gives the cases to others.")
    )
    messages.success(request, said % {"name": agent.name})
    return redirect("workbench:team")
