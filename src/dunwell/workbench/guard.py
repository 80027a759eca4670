"""What every view goes through: signed in, with the right, and refusals told in place."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _

from dunwell.kernel.cards import without_card_data
from dunwell.staff.access import Can, Forbidden, may
from dunwell.staff.models import Agent

View = Callable[..., HttpResponse]


class StaffRequest(HttpRequest):
    """A request of a signed-in member of staff."""

    user: Agent


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Ask who it is. He comes back to the page he was on, never to the act that he sent.

    Without what he asked of it: a search is a name or number, and addresses are logged.
    """
    asked = request.path
    part = bool(request.headers.get("HX-Request"))
    if part or request.method != "GET":
        came_from = urlsplit(request.headers.get("Referer", ""))
        here = came_from.netloc == request.get_host()
        asked = came_from.path if here else resolve_url("workbench:home")
    return _whole_page(request, redirect_to_login(asked))


def _whole_page(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Lead to another page; a part of a page has no room for it, so the whole page goes."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": answer["Location"]})
    return answer


def needs(*rights: Can) -> Callable[[View], View]:
    """Let only agents through who have one of ``rights``; a Forbidden inside is a 403.

    Whose password somebody else chose changes it first, whatever he asks for.
    """

    def guarded(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            agent: Any = request.user
            if agent.must_change_password:
                return _whole_page(request, redirect("staff:password"))
            if not any(may(agent, right) for right in rights):
                raise PermissionDenied
            try:
                return view(request, *args, **kwargs)
            except Forbidden:
                raise PermissionDenied from None

        inner.guarded_by = rights  # type: ignore[attr-defined]
        return inner

    return guarded


def unsearched(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Return a list's answer so that the browser's address keeps all but the search.

    A search is a name or a number of a cardholder: histories and bookmarks are no place for it.
    """
    kept = request.GET.copy()
    kept.pop("q", None)
    answer["HX-Push-Url"] = f"{request.path}?{kept.urlencode()}" if kept else request.path
    return answer


def tell_masked(request: HttpRequest) -> None:
    """Tell the writer if what he sent held card data: actions mask it before they write."""
    texts = (value for name, value in request.POST.items() if name != "csrfmiddlewaretoken")
    if any(without_card_data(str(text)) != text for text in texts):
        messages.warning(
            request,
            _(
                "A card number or security code stood in the text and was masked before it was"
                " written. Name an account by its last four digits."
            ),
        )
