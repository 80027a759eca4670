"""Decision tables on screen: read, compare, upload, approve, retire."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dunwell.kernel.refusal import Refusal, Refused
from dunwell.portfolio.sheets import to_rows
from dunwell.portfolio.tables import DecisionTable
from dunwell.staff.access import Can, may
from dunwell.strategy.actions import approve_table, draft_table, retire_table
from dunwell.strategy.models import TableVersion
from dunwell.strategy.queries import table_of, versions_in_force
from dunwell.strategy.sheet_files import check_size, read_sheet, to_csv, to_xlsx
from dunwell.workbench.forms import DayForm, TableForm
from dunwell.workbench.guard import StaffRequest, needs
from dunwell.workbench.zones import desk_zone

CODE = "treatment"
TYPES = {
    "csv": (to_csv, "text/csv; charset=utf-8"),
    "xlsx": (to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def _today() -> Any:
    return timezone.now().astimezone(desk_zone()).date()


@require_GET
@needs(Can.SEE_TABLES)
def tables(request: StaffRequest) -> HttpResponse:
    """All versions, newest first."""
    return _tables(request)


def _tables(
    request: StaffRequest, *, refusals: tuple[Refusal, ...] = (), status: int = 200
) -> HttpResponse:
    now_in_force = versions_in_force(CODE, _today()).first()
    shown = {
        "versions": TableVersion.objects.select_related("made_by", "approved_by")
        .defer("rules")
        .order_by("code", "-version")[:100],
        "in_force": now_in_force,
        "may_edit": may(request.user, Can.EDIT_TABLES),
        "refusals": refusals,
        "section": "tables",
        "stay": reverse("workbench:tables"),
    }
    return render(request, "workbench/tables.html", shown, status=status)


@require_GET
@needs(Can.SEE_TABLES)
def table(request: StaffRequest, code: str, version: int) -> HttpResponse:
    """One version as its sheet, with what differs from the one in force."""
    return _table(request, code, version)


def _table(
    request: StaffRequest,
    code: str,
    version: int,
    *,
    refusals: tuple[Refusal, ...] = (),
    status: int = 200,
) -> HttpResponse:
    found = get_object_or_404(
        TableVersion.objects.select_related("made_by", "approved_by"), code=code, version=version
    )
    today = _today()
    now_in_force = versions_in_force(code, today).first()
    parsed = table_of(found)
    other = table_of(now_in_force) if now_in_force and now_in_force.pk != found.pk else None
    shown = {
        "version": found,
        "table": parsed,
        "rows": _compared(parsed, other),
        "gone": _gone(parsed, other),
        "in_force": now_in_force,
        "compared": other is not None,
        "today": today,
        "may_edit": may(request.user, Can.EDIT_TABLES),
        "highlight": request.GET.get("row", ""),
        "refusals": refusals,
        "section": "tables",
        "stay": reverse("workbench:table", args=[code, version]),
    }
    return render(request, "workbench/table.html", shown, status=status)


def _compared(parsed: DecisionTable, other: DecisionTable | None) -> list[dict[str, Any]]:
    """Return the rules with what they ask, and whether the table in force has them not."""
    known = {tuple(row[:-1]) for row in to_rows(other)[1]} if other else set()
    rows = []
    for rule, cells in zip(parsed.rules, to_rows(parsed)[1], strict=True):
        asks = [
            (column.name, cell)
            for column, cell in zip(parsed.inputs, rule.cells, strict=True)
            if cell
        ]
        new = other is not None and tuple(cells[:-1]) not in known
        answers = zip((column.name for column in parsed.outputs), rule.outputs, strict=True)
        rows.append({"rule": rule, "asks": asks, "answers": list(answers), "new": new})
    return rows


def _gone(parsed: DecisionTable, other: DecisionTable | None) -> list[int]:
    """Return the numbers of the rules in force that this version has no more."""
    if other is None:
        return []
    mine = {tuple(row[:-1]) for row in to_rows(parsed)[1]}
    pairs = zip(other.rules, to_rows(other)[1], strict=True)
    return [rule.number for rule, cells in pairs if tuple(cells[:-1]) not in mine]


@require_GET
@needs(Can.SEE_TABLES)
def download(request: StaffRequest, code: str, version: int, kind: str) -> HttpResponse:
    """The version as the file that analysts edit."""
    found = get_object_or_404(TableVersion, code=code, version=version)
    write, content_type = TYPES[kind]
    answer = HttpResponse(write(table_of(found)), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{code}-v{version}.{kind}"'
    return answer


@require_POST
@needs(Can.EDIT_TABLES)
def upload(request: StaffRequest) -> HttpResponse:
    """Keep an uploaded sheet as the next draft."""
    form = TableForm(request.POST, request.FILES)
    try:
        if not form.is_valid():
            raise Refused(Refusal("strategy.no_file", "Choose a CSV or XLSX file first."))
        given = form.cleaned_data["file"]
        check_size(given.size)
        rows = read_sheet(given.name, given.read())
        made = draft_table(
            CODE, rows, actor=request.user, now=timezone.now(), note=form.cleaned_data["note"]
        )
    except Refused as refused:
        return _tables(request, refusals=refused.refusals, status=422)
    messages.success(request, _("Kept as a draft. A colleague has to approve it."))
    return redirect("workbench:table", made.code, made.version)


@require_POST
@needs(Can.EDIT_TABLES)
def approve(request: StaffRequest, code: str, version: int) -> HttpResponse:
    """Approve a colleague's draft from a day on."""
    return _decide(request, code, version, "approve")


@require_POST
@needs(Can.EDIT_TABLES)
def retire(request: StaffRequest, code: str, version: int) -> HttpResponse:
    """Take a version out of force from a day on."""
    return _decide(request, code, version, "retire")


def _decide(request: StaffRequest, code: str, version: int, what: str) -> HttpResponse:
    found = get_object_or_404(TableVersion.objects.only("pk"), code=code, version=version)
    form = DayForm(request.POST)
    try:
        if not form.is_valid():
            raise Refused(Refusal("strategy.which_day", "Choose the day."))
        on, now = form.cleaned_data["day"], timezone.now()
        if what == "approve":
            approve_table(found.pk, in_force_from=on, actor=request.user, today=_today(), now=now)
        else:
            retire_table(found.pk, from_day=on, actor=request.user, today=_today(), now=now)
    except Refused as refused:
        return _table(request, code, version, refusals=refused.refusals, status=422)
    said = (
        _("Approved. It decides from %(day)s.") if what == "approve" else _("Retired from %(day)s.")
    )
    messages.success(request, said % {"day": on})
    return redirect("workbench:table", code, version)
