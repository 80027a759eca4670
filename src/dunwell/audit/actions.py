"""The one door to the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from dunwell.audit.models import Event

if TYPE_CHECKING:
    from dunwell.staff.models import Agent


def record(kind: str, *, subject: str, actor: Agent | None, at: datetime, **data: Any) -> Event:
    """Write down that something was done. Call it inside the transaction that did it."""
    return Event.objects.create(kind=kind, subject=subject, actor=actor, at=at, data=data)
