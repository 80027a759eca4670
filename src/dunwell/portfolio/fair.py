"""How many cases each collector takes: capacity shared out evenly, from counts alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Agent:
    """A collector: what he can do, and what he has in hand (``load``), which rises."""

    agent_id: int
    capacity: int
    queues: set[str]
    languages: set[str]
    load: int = 0

    def may_take(self, lane: Lane) -> bool:
        speaks = lane.language is None or lane.language in self.languages
        return lane.queue in self.queues and speaks


@dataclass(frozen=True, slots=True)
class Lane:
    """Cases of one queue and language (None: any) that wait for a collector."""

    queue: str
    language: str | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Share:
    """One collector's part of a lane: ``take`` cases on top of ``load``.

    ``seat`` is his place among collectors, which decides between equal loads.
    """

    lane: int
    agent_id: int
    seat: int
    load: int
    take: int


def in_order(lanes: Sequence[Lane], agents: Sequence[Agent]) -> list[Lane]:
    """Return the lanes as they are served: fewest able collectors first, then by name."""

    def key(lane: Lane) -> tuple[int, str, bool, str]:
        able = sum(agent.may_take(lane) for agent in agents)
        return able, lane.queue, lane.language is None, lane.language or ""

    return sorted(lanes, key=key)


def share_out(lanes: Sequence[Lane], agents: Sequence[Agent]) -> list[Share]:
    """Share each lane's cases among the collectors who may take them.

    ``lanes`` are served as they stand; ``Share.lane`` is the place in them. ``agents``
    stand in the order of their keys; their loads rise by what they are given.
    """
    shares: list[Share] = []
    for number, lane in enumerate(lanes):
        able = [
            (seat, agent)
            for seat, agent in enumerate(agents)
            if agent.load < agent.capacity and agent.may_take(lane)
        ]
        takes = _fill([agent for _, agent in able], lane.waiting)
        for (seat, agent), take in zip(able, takes, strict=True):
            if take:
                shares.append(Share(number, agent.agent_id, seat, agent.load, take))
                agent.load += take
    return shares


def _fill(agents: Sequence[Agent], cases: int) -> Iterator[int]:
    """Yield each one's part, as if case after case went to the least loaded.

    That raises everybody to one level, like water, up to his capacity; what is too
    little to raise all by one more goes to the first in order.
    """

    def taken(level: int) -> list[int]:
        return [max(0, min(level, agent.capacity) - agent.load) for agent in agents]

    low, high = 0, max((agent.capacity for agent in agents), default=0)
    # The highest level that the cases suffice for.
    while low < high:
        middle = (low + high + 1) // 2
        if sum(taken(middle)) <= cases:
            low = middle
        else:
            high = middle - 1
    parts = taken(low)
    left = cases - sum(parts)
    for agent, part in zip(agents, parts, strict=True):
        more = left > 0 and agent.load <= low < agent.capacity
        left -= more
        yield part + more
