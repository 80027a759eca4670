"""Operations: deliveries, quarantine, and the business days."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dunwell.accounts.models import Snapshot
from dunwell.daybook.models import Figure, StepRun
from dunwell.daybook.queries import business_date, steps_of
from dunwell.daybook.rules import STEPS
from dunwell.daybook.running import ended, start_day
from dunwell.intake.actions import dismiss_row, load_delivery, release_row
from dunwell.intake.layout import KINDS
from dunwell.intake.models import Delivery, QuarantinedRow
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.parties.models import Portfolio
from dunwell.staff.access import Can, may
from dunwell.workbench.charts import figures_of
from dunwell.workbench.forms import LoadForm, ReasonForm, RunDayForm, faults
from dunwell.workbench.guard import StaffRequest, needs

SHOWN = 50


@require_GET
@needs(Can.SEE_DELIVERIES)
def deliveries(request: StaffRequest) -> HttpResponse:
    """What came in, newest first."""
    return _deliveries(request)


def _deliveries(
    request: StaffRequest, *, refusals: tuple[Refusal, ...] = (), status: int = 200
) -> HttpResponse:
    found = (
        Delivery.objects.select_related("portfolio", "loaded_by")
        .annotate(waiting=Count("quarantine", filter=Q(quarantine__state="waiting")))
        .order_by("-received_at", "-id")[:SHOWN]
    )
    shown = {
        "deliveries": found,
        "may_load": may(request.user, Can.LOAD_DELIVERY),
        "refusals": refusals,
        "section": "deliveries",
        "stay": reverse("workbench:deliveries"),
    }
    return render(request, "workbench/deliveries.html", shown, status=status)


@require_POST
@needs(Can.LOAD_DELIVERY)
def load(request: StaffRequest) -> HttpResponse:
    """Take in a zip from the browser; large ones come by the command."""
    form = LoadForm(request.POST, request.FILES)
    if not form.is_valid():
        missing = Refusal("intake.no_file", "Choose the zip of a delivery first.")
        return _deliveries(request, refusals=(missing,), status=422)
    given = form.cleaned_data["file"]
    with tempfile.TemporaryDirectory(prefix="dunwell-upload-") as folder:
        # The name is the reader's; only its last part may become a path.
        path = Path(folder) / (Path(given.name).name or "delivery.zip")
        with path.open("wb") as file:
            for chunk in given.chunks():
                file.write(chunk)
        try:
            delivery = load_delivery(path, actor=request.user, now=timezone.now())
        except Refused as refused:
            return _deliveries(request, refusals=refused.refusals, status=422)
    return redirect("workbench:delivery", delivery.pk)


@require_GET
@needs(Can.SEE_DELIVERIES)
def delivery(request: StaffRequest, delivery_id: int) -> HttpResponse:
    """One delivery: its files, what was found, and the rows that wait."""
    found = get_object_or_404(
        Delivery.objects.select_related("portfolio", "loaded_by"), pk=delivery_id
    )
    state = request.GET.get("state", "waiting")
    rows = QuarantinedRow.objects.filter(delivery=found).select_related("decided_by")
    counts = dict(rows.values_list("state").annotate(count=Count("id")).order_by())
    if state in QuarantinedRow.State.values:
        rows = rows.filter(state=state)
    shown = {
        "delivery": found,
        "rows": rows.order_by("file", "row")[:SHOWN],
        "state": state,
        "counts": counts,
        "states": QuarantinedRow.State.values,
        "may_correct": may(request.user, Can.CORRECT_ROWS),
        "section": "deliveries",
    }
    return render(request, "workbench/delivery.html", shown)


@require_GET
@needs(Can.CORRECT_ROWS)
def row(request: StaffRequest, row_id: int) -> HttpResponse:
    """One row at fault, to be corrected."""
    return _row(request, row_id)


def _row(
    request: StaffRequest,
    row_id: int,
    *,
    refusals: tuple[Refusal, ...] = (),
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    found = get_object_or_404(
        QuarantinedRow.objects.select_related("delivery", "delivery__portfolio"), pk=row_id
    )
    faults: dict[str, list[dict[str, Any]]] = {}
    for fault in found.faults:
        faults.setdefault(fault.get("column", ""), []).append(fault)
    values = typed or found.corrected or found.values
    # In the order of the file, which JSON does not keep.
    order = [column.name for column in KINDS[found.kind].columns]
    names = sorted(
        values, key=lambda name: (name not in order, name in order and order.index(name))
    )
    shown = {
        "row": found,
        "fields": [(name, values[name], faults.get(name, [])) for name in names],
        "whole": [f for name, some in faults.items() if name not in values for f in some],
        "refusals": refusals,
        "section": "deliveries",
        "stay": reverse("workbench:row", args=[row_id]),
    }
    return render(request, "workbench/row.html", shown, status=status)


@require_POST
@needs(Can.CORRECT_ROWS)
def release(request: StaffRequest, row_id: int) -> HttpResponse:
    """Take a corrected row in, through the same checks as the file."""
    found = get_object_or_404(QuarantinedRow, pk=row_id)
    typed = {name: request.POST.get(f"v-{name}", "") for name in found.values}
    try:
        release_row(row_id, corrected=typed, actor=request.user, now=timezone.now())
    except Refused as refused:
        return _row(request, row_id, refusals=refused.refusals, typed=typed, status=422)
    messages.success(request, _("The row is taken in. The next day's run uses it."))
    return redirect("workbench:delivery", found.delivery_id)


@require_POST
@needs(Can.CORRECT_ROWS)
def dismiss(request: StaffRequest, row_id: int) -> HttpResponse:
    """Leave a row out for good, for a reason that stays."""
    get_object_or_404(QuarantinedRow.objects.only("pk"), pk=row_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _row(request, row_id, refusals=faults(form), status=422)
    try:
        found = dismiss_row(
            row_id,
            reason=form.cleaned_data["reason"],
            actor=request.user,
            now=timezone.now(),
        )
    except Refused as refused:
        return _row(request, row_id, refusals=refused.refusals, status=422)
    messages.success(request, _("The row is dismissed and stays on record."))
    return redirect("workbench:delivery", found.delivery_id)


# -- days -----------------------------------------------------------------------------


@require_GET
@needs(Can.SEE_DAYS)
def days(request: StaffRequest) -> HttpResponse:
    """The business days that ran, and the one that waits."""
    return _days(request)


def _days(
    request: StaffRequest, *, refusals: tuple[Refusal, ...] = (), status: int = 200
) -> HttpResponse:
    portfolios = list(Portfolio.objects.order_by("code"))
    chosen = _chosen(portfolios, request.GET.get("portfolio", ""))
    shown: dict[str, Any] = {
        "portfolios": portfolios,
        "portfolio": chosen,
        "may_run": may(request.user, Can.RUN_DAY),
        "refusals": refusals,
        "section": "days",
        "stay": reverse("workbench:days"),
    }
    if chosen:
        last = business_date(chosen)
        snapshot = Snapshot.objects.filter(portfolio=chosen).aggregate(d=Max("business_date"))["d"]
        shown |= {
            "last": last,
            "next": _next_day(last, snapshot),
            "runs": _runs(chosen),
            "charts": figures_of(chosen, last) if last else None,
            "running": _running(chosen),
            "steps": len(STEPS),
        }
    return render(request, "workbench/days.html", shown, status=status)


def _chosen(portfolios: list[Portfolio], code: str) -> Portfolio | None:
    return next(
        (one for one in portfolios if one.code == code), portfolios[0] if portfolios else None
    )


def _next_day(last: date | None, snapshot: date | None) -> date | None:
    if last is None:
        return snapshot
    return max(snapshot, last + timedelta(days=1)) if snapshot else last + timedelta(days=1)


def _runs(portfolio: Portfolio) -> list[dict[str, Any]]:
    """Return the last days with their steps, newest first; one query."""
    by_day: dict[date, list[StepRun]] = {}
    for run in StepRun.objects.filter(portfolio=portfolio).order_by("-day")[: SHOWN * len(STEPS)]:
        by_day.setdefault(run.day, []).append(run)
    rows = []
    for day, runs in by_day.items():
        runs.sort(key=lambda run: STEPS.index(run.step))
        seconds = sum((r.finished_at - r.started_at).total_seconds() for r in runs)
        produced = {name: count for r in runs for name, count in r.produced.items()}
        rows.append(
            {
                "day": day, "runs": runs, "seconds": seconds, "produced": produced,
                "whole": len(runs) == len(STEPS), "share": 100 * len(runs) // len(STEPS),
            }
        )  # fmt: skip
    return rows


def _running(portfolio: Portfolio) -> bool:
    """Say whether the newest day is unfinished: then the page looks again by itself."""
    newest = StepRun.objects.filter(portfolio=portfolio).aggregate(day=Max("day"))["day"]
    return bool(newest and newest != business_date(portfolio))


@require_GET
@needs(Can.SEE_DAYS)
def day(request: StaffRequest, code: str, day: date) -> HttpResponse:
    """One day: its steps, what each produced, and its key figures."""
    portfolio = get_object_or_404(Portfolio, code=code)
    runs = steps_of(portfolio, day)
    if not runs:
        raise Http404
    shown = {
        "portfolio": portfolio,
        "day": day,
        "runs": runs,
        "steps": STEPS,
        "charts": figures_of(portfolio, day),
        "figures": Figure.objects.filter(portfolio=portfolio, day=day).order_by("name", "key"),
        "section": "days",
    }
    return render(request, "workbench/day.html", shown)


@require_GET
@needs(Can.SEE_DAYS)
def progress(request: StaffRequest, code: str, day: date) -> HttpResponse:
    """How far a day is; the page asks every two seconds until it is done."""
    portfolio = get_object_or_404(Portfolio, code=code)
    runs = steps_of(portfolio, day)
    done = len(runs) == len(STEPS)
    shown = {
        "portfolio": portfolio, "day": day, "runs": runs, "done": done,
        "ended": None if done else ended(portfolio, day, now=timezone.now()),
        "may_run": may(request.user, Can.RUN_DAY), "steps": STEPS, "share": 100 * len(runs) // len(STEPS),
    }  # fmt: skip
    return render(request, "workbench/_progress.html", shown)


@require_POST
@needs(Can.RUN_DAY)
def run(request: StaffRequest) -> HttpResponse:
    """Start a day in a process of its own; it survives this page and this server."""
    form = RunDayForm(request.POST)
    if not form.is_valid():
        wrong = Refusal("day.which", "Choose a portfolio and a day.")
        return _days(request, refusals=(wrong,), status=422)
    portfolio, on = form.cleaned_data["portfolio"], form.cleaned_data["day"]
    skip_quiet = form.cleaned_data["skip_quiet"]
    try:
        start_day(portfolio, on, actor=request.user, skip_quiet=skip_quiet, now=timezone.now())
    except Refused as refused:
        return _days(request, refusals=refused.refusals, status=422)
    words = ["day", "run", "--date", str(on), "--portfolio", portfolio.code, "--watched"]
    words += ["--skip-quiet"] if skip_quiet else []
    subprocess.Popen(
        [sys.executable, "-m", "django", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    return redirect("workbench:day-progress", portfolio.code, on)
