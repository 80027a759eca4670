"""One way to say no, from rule to action to screen to audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason not to act.

    ``code`` is for machines and never changes; ``says`` is for the person at the
    screen and tells what to do next; ``cite`` is for the auditor; ``until`` is the
    day to ask again.
    """

    code: str
    says: str
    cite: str = ""
    until: date | None = None


class Refused(Exception):
    """An action declined to act; every reason is attached, not only the first."""

    def __init__(self, *refusals: Refusal) -> None:
        self.refusals = refusals
        super().__init__("; ".join(f"{r.code}: {r.says}" for r in refusals))
