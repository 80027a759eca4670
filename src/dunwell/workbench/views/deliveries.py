"""Deliveries: what came in, the rows that wait, and the layouts of sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dunwell.intake import uploads
from dunwell.intake.actions import (
    approve_delivery,
    dismiss_row,
    keep_mapping,
    load_delivery,
    release_row,
    reveal_row,
)
from dunwell.intake.layout import KINDS
from dunwell.intake.mapping import LONGEST
from dunwell.intake.models import Delivery, Mapping, QuarantinedRow
from dunwell.intake.quarantine import may_change
from dunwell.intake.shown import hidden
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.parties.models import Portfolio
from dunwell.staff.access import Can, may
from dunwell.workbench.forms import LoadForm, MappingForm, ReasonForm, faults
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
    now = timezone.now()
    path = uploads.keep(given.chunks(), now=now)
    held = False
    try:
        delivery = load_delivery(path, actor=request.user, now=now, name=given.name)
        held = delivery.state == Delivery.State.HELD
    finally:
        if not held:
            uploads.drop(path)
    return redirect("workbench:delivery", delivery.pk)


@require_GET
@needs(Can.SEE_DELIVERIES)
def delivery(request: StaffRequest, delivery_id: int) -> HttpResponse:
    """One delivery: its files, what was found, and the rows that wait."""
    return _delivery(request, delivery_id)


def _delivery(
    request: StaffRequest,
    delivery_id: int,
    *,
    refusals: tuple[Refusal, ...] = (),
    status: int = 200,
) -> HttpResponse:
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
        "may_approve": found.state == Delivery.State.HELD
        and found.led_to_id is None
        and may(request.user, Can.LOAD_DELIVERY),
        "refusals": refusals,
        "section": "deliveries",
        "stay": reverse("workbench:delivery", args=[delivery_id]),
    }
    return render(request, "workbench/delivery.html", shown, status=status)


@require_POST
@needs(Can.LOAD_DELIVERY)
def approve(request: StaffRequest, delivery_id: int) -> HttpResponse:
    """Let a held delivery pass, for a reason that stays on record."""
    held = get_object_or_404(Delivery, pk=delivery_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _delivery(request, delivery_id, refusals=faults(form), status=422)
    try:
        led_to = approve_delivery(
            delivery_id,
            reason=form.cleaned_data["reason"],
            actor=request.user,
            now=timezone.now(),
        )
    except Refused as refused:
        return _delivery(request, delivery_id, refusals=refused.refusals, status=422)
    if led_to.state != Delivery.State.HELD:
        uploads.drop(Path(held.source))
    return redirect("workbench:delivery", led_to.pk)


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
    revealed: bool = False,
    status: int = 200,
) -> HttpResponse:
    found = get_object_or_404(
        QuarantinedRow.objects.select_related("delivery", "delivery__portfolio"), pk=row_id
    )
    by_column: dict[str, list[dict[str, Any]]] = {}
    for fault in found.faults:
        by_column.setdefault(fault.get("column", ""), []).append(fault)
    changeable = may_change(found)
    # In the order of the file, which JSON does not keep.
    order = [column.name for column in KINDS[found.kind].columns]
    names = sorted(
        {*found.values, *changeable},
        key=lambda name: (name not in order, name in order and order.index(name)),
    )
    fields = []
    for name in names:
        value = found.values.get(name)
        if name in changeable:
            value = (typed or {}).get(name, value)
        elif not revealed:
            # What is not at fault concerns whoever corrects the row no more than others.
            value = hidden(KINDS[found.kind], name, value)
        fields.append((name, value, by_column.get(name, []), name in changeable))
    shown = {
        "row": found,
        "fields": fields,
        "whole": [f for name, some in by_column.items() if name not in names for f in some],
        "revealed": revealed,
        "refusals": refusals,
        "section": "deliveries",
        "stay": reverse("workbench:row", args=[row_id]),
    }
    return render(request, "workbench/row.html", shown, status=status)


@require_POST
@needs(Can.CORRECT_ROWS)
def reveal_whole(request: StaffRequest, row_id: int) -> HttpResponse:
    """Show all of a row once, the reason on record."""
    get_object_or_404(QuarantinedRow.objects.only("pk"), pk=row_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _row(request, row_id, refusals=faults(form), status=422)
    try:
        reveal_row(
            row_id,
            reason=form.cleaned_data["reason"],
            actor=request.user,
            now=timezone.now(),
        )
    except Refused as refused:
        return _row(request, row_id, refusals=refused.refusals, status=422)
    return _row(request, row_id, revealed=True)


@require_POST
@needs(Can.CORRECT_ROWS)
def release(request: StaffRequest, row_id: int) -> HttpResponse:
    """Take a corrected row in, through the same checks as the file."""
    found = get_object_or_404(QuarantinedRow, pk=row_id)
    # All that is sent is told to the action: it refuses what may not change.
    typed = {name[2:]: str(value) for name, value in request.POST.items() if name[:2] == "v-"}
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


# -- mappings -------------------------------------------------------------------------


@require_GET
@needs(Can.SEE_DELIVERIES)
def mappings(request: StaffRequest) -> HttpResponse:
    """The layouts that manifests may name; one of them in full, if asked."""
    return _mappings(request)


def _mappings(
    request: StaffRequest, *, refusals: tuple[Refusal, ...] = (), status: int = 200
) -> HttpResponse:
    found = list(
        Mapping.objects.select_related("portfolio", "changed_by").order_by(
            "portfolio__code", "name"
        )
    )
    asked = request.GET.get("show", "")
    shown = {
        "mappings": found,
        "chosen": next((one for one in found if str(one.pk) == asked), None),
        "portfolios": Portfolio.objects.order_by("code"),
        "may_keep": may(request.user, Can.LOAD_DELIVERY),
        "refusals": refusals,
        "section": "deliveries",
        "stay": reverse("workbench:mappings"),
    }
    return render(request, "workbench/mappings.html", shown, status=status)


@require_POST
@needs(Can.LOAD_DELIVERY)
def upload_mapping(request: StaffRequest) -> HttpResponse:
    """Keep a layout from a file, or tell what is wrong with it."""
    form = MappingForm(request.POST, request.FILES)
    if not form.is_valid():
        return _mappings(request, refusals=faults(form), status=422)
    typed = form.cleaned_data
    try:
        # UTF-8 takes up to four bytes for what counts as one.
        text = typed["file"].read(4 * LONGEST + 1).decode("utf-8-sig")
        kept = keep_mapping(
            portfolio=typed["portfolio"],
            name=typed["name"].strip(),
            text=text,
            actor=request.user,
            now=timezone.now(),
        )
    except UnicodeDecodeError:
        wrong = Refusal("intake.mapping_text", "The file is not UTF-8 text.")
        return _mappings(request, refusals=(wrong,), status=422)
    except Refused as refused:
        return _mappings(request, refusals=refused.refusals, status=422)
    messages.success(request, _("The mapping is kept. Manifests may name it."))
    return redirect(f"{reverse('workbench:mappings')}?show={kept.pk}")
