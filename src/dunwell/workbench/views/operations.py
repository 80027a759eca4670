"""Operations: the business days."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from typing import Any

from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dunwell.accounts.models import Snapshot
from dunwell.daybook.models import Figure, StepRun
from dunwell.daybook.queries import business_date, steps_of
from dunwell.daybook.rules import STEPS
from dunwell.daybook.running import ended, start_day
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.parties.models import Portfolio
from dunwell.staff.access import Can, may
from dunwell.workbench.charts import figures_of
from dunwell.workbench.forms import RunDayForm
from dunwell.workbench.guard import StaffRequest, needs

SHOWN = 50


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
