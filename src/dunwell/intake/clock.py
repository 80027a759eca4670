"""How far a load is, and how long its steps took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


def quiet(what: str, done: int, total: int) -> None:
    """Tell nobody how far the work is."""


@dataclass(slots=True)
class Clock:
    """Seconds spent by step, for the report."""

    began: float = field(default_factory=time.perf_counter)
    laps: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter)

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(self.laps.get(name, 0) + now - self._last, 3)
        self._last = now

    @property
    def total(self) -> float:
        return round(time.perf_counter() - self.began, 3)
