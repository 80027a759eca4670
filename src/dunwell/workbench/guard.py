"""What every view goes through: signed in, with the right, and refusals told in place."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from dunwell.staff.access import Can, Forbidden, may
from dunwell.staff.models import Agent

View = Callable[..., HttpResponse]


class StaffRequest(HttpRequest):
    """A request of a signed-in member of staff."""

    user: Agent


def needs(*rights: Can) -> Callable[[View], View]:
    """Let only agents through who have one of ``rights``; a Forbidden inside is a 403."""

    def guarded(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            agent: Any = request.user
            if not any(may(agent, right) for right in rights):
                raise PermissionDenied
            try:
                return view(request, *args, **kwargs)
            except Forbidden:
                raise PermissionDenied from None

        inner.guarded_by = rights  # type: ignore[attr-defined]
        return inner

    return guarded
