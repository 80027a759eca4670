"""Sign-in, sign-out, and one's own password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from dunwell.kernel.refusal import Refusal, Refused
from dunwell.staff.signing_in import Locked, change_password, sign_in, sign_out

BACKEND = "dunwell.staff.backend.CountedBackend"


@sensitive_post_parameters("password")
@never_cache
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; say what is wrong without saying which of them."""
    if request.user.is_authenticated:
        return redirect("workbench:home")
    fault = ""
    if request.method == "POST":
        # No name holds a NUL, and PostgreSQL takes none.
        username = request.POST.get("username", "").replace("\0", "")
        password = request.POST.get("password", "")
        try:
            agent = sign_in(username, password, now=timezone.now())
        except Locked as locked:
            until = timezone.localtime(locked.until)
            fault = _("Too many wrong passwords. This name is locked until %(time)s.") % {
                "time": f"{until:%H:%M}"
            }
        else:
            if agent is not None:
                login(request, agent, backend=BACKEND)
                return redirect(_where(request))
            fault = _(
                "Name or password is wrong. After five tries the name is locked for half an hour."
            )
    shown = {"fault": fault, "username": request.POST.get("username", ""), "next": _asked(request)}
    return render(request, "staff/sign_in.html", shown, status=422 if fault else 200)


@require_POST
def sign_out_page(request: HttpRequest) -> HttpResponse:
    """Leave the desk."""
    agent: Any = request.user
    if agent.is_authenticated:
        sign_out(agent, now=timezone.now())
    logout(request)
    return redirect("staff:sign-in")


@sensitive_post_parameters("old", "new", "again")
@never_cache
@login_required
def password_page(request: HttpRequest) -> HttpResponse:
    """Change one's own password; this sign-in stays, all others of his end."""
    agent: Any = request.user
    refusals: tuple[Refusal, ...] = ()
    if request.method == "POST":
        try:
            changed = _change(agent, request)
        except Refused as refused:
            refusals = refused.refusals
        else:
            update_session_auth_hash(request, changed)
            messages.success(request, _("Your password is changed."))
            return redirect("workbench:home")
    shown = {"refusals": refusals, "must": agent.must_change_password}
    return render(request, "staff/password.html", shown, status=422 if refusals else 200)


def _change(agent: Any, request: HttpRequest) -> Any:
    """Return the agent with his new password.

    :raises Refused: if he may not have it, or typed it in two ways
    """
    old, new, again = (request.POST.get(name, "") for name in ("old", "new", "again"))
    if new != again:
        raise Refused(
            Refusal("staff.typed_twice", "The two new passwords differ. Type them again.")
        )
    try:
        return change_password(agent, old, new, now=timezone.now())
    except Locked as locked:
        until = f"{timezone.localtime(locked.until):%H:%M}"
        raise Refused(
            Refusal(
                "staff.locked",
                "Too many wrong passwords. This name is locked until %(time)s.",
                named={"time": until},
            )
        ) from None


def _asked(request: HttpRequest) -> str:
    return request.POST.get("next", request.GET.get("next", ""))


def _where(request: HttpRequest) -> str:
    asked = _asked(request)
    # Only to ourselves: a link to sign in must not lead to somebody else's page.
    safe = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if asked and safe else resolve_url("workbench:home")
