"""What every page knows: which parts of the house the reader may enter."""

from __future__ import annotations

from django.http import HttpRequest

from dunwell.staff.access import RIGHTS


def rights(request: HttpRequest) -> dict[str, dict[str, bool]]:
    """Return ``perms_of``: the name of each right that the reader's role has."""
    role = getattr(getattr(request, "user", None), "role", "")
    return {"perms_of": {right.value: True for right in RIGHTS.get(role, ())}}
