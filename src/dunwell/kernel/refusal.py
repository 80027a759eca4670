"""One way to say no, from rule to action to screen to audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


class Words(str):
    """A text of ours among what a refusal names: whoever says the refusal says it too."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason not to act.

    ``code`` is for machines and never changes; ``says`` is for the person at the
    screen and tells what to do next: a template, ``%(name)s`` taken from ``named``, so
    that it can be said in another language (a text made on the spot never could);
    ``cite`` is for the auditor; ``until`` is the day to ask again.
    """

    code: str
    says: str
    cite: str = ""
    until: date | None = None
    named: Mapping[str, object] = field(default_factory=dict, kw_only=True)

    @property
    def text(self) -> str:
        """What it says, in English."""
        return self.says % self.named if self.named else self.says


class Refused(Exception):
    """An action declined to act; every reason is attached, not only the first."""

    def __init__(self, *refusals: Refusal) -> None:
        self.refusals = refusals
        super().__init__("; ".join(f"{r.code}: {r.text}" for r in refusals))
