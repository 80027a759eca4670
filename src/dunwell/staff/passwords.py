"""What a password must be, in words of ours."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from dunwell.kernel.refusal import Refusal
from dunwell.staff.models import Agent

# What Django finds wrong with a password, by its code; it does not say all in Chinese.
SAYS = {
    "password_too_short": "The password needs %(min_length)s characters or more.",
    "password_too_common": "The password is one that everybody tries. Choose another.",
    "password_too_similar": "The password is too much like the person's names. Choose another.",
}


def password_refused(password: str, agent: Agent) -> list[Refusal]:
    """Return why ``agent`` may not have this password."""
    try:
        validate_password(password, agent)
    except ValidationError as weak:
        return [_weak(one) for one in weak.error_list]
    return []


def _weak(found: ValidationError) -> Refusal:
    if found.code in SAYS:
        return Refusal("staff.weak_password", SAYS[found.code], named=found.params or {})
    # A check that a bank added says so itself.
    return Refusal("staff.weak_password", "%(said)s", named={"said": found.messages[0]})
