"""How much a request may bring: told by its header, before anything of its body is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from dunwell.staff.access import Can, may

# A decision table as a workbook is the largest that comes but for a delivery.
FORM_BYTES = 4 * 1024 * 1024


def bounded(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Refuse bodies that are too long with 413, and such as hide their length with 411.

    It stands last among the middleware: the forgery check reads bodies, but only after.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.META.get("CONTENT_LENGTH") or "0"
        if "HTTP_TRANSFER_ENCODING" in request.META:
            return HttpResponse(status=411)
        if not given.isascii() or not given.isdigit() or len(given) > 18:
            return HttpResponse(status=400)
        if int(given) > FORM_BYTES and int(given) > _most(request):
            return render(request, "413.html", status=413)
        return get_response(request)

    return middleware


def _most(request: HttpRequest) -> int:
    """Return the bytes that this request may bring; only who loads deliveries may bring one."""
    agent: Any = request.user
    loads = request.path == reverse("workbench:load")
    if loads and agent.is_authenticated and may(agent, Can.LOAD_DELIVERY):
        return int(settings.DUNWELL_UPLOAD_BYTES)
    return FORM_BYTES
