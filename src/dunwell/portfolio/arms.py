"""Experiment arms: who is treated how, drawn by a keyed hash of the customer.

The draw follows from key, experiment and customer alone: it is the same every day, on
every machine, and nobody without the key can tell or choose it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import ibis

WHOLE_BP = 10_000
_DIGITS = "0123456789abcdef"
# Eight hex digits are 2**32 values: over 10,000 points they are uneven by 3e-6.
_TAKEN = 8


def assign_arms(
    table: ibis.Table,
    *,
    key: str,
    customer_column: str,
    experiment: str,
    shares: Mapping[str, int],
) -> ibis.Table:
    """Add ``arm``, the name of each row's arm; NULL where the customer is NULL.

    ``shares`` are basis points and add up to 10,000. Arms lie in the order of their
    names, whatever the order of ``shares``: changing the shares of later names moves
    nobody of an earlier one. ``key`` is a secret; it stands in the compiled query.

    :raises ValueError: if a share is negative or they do not add up
    """
    customer = table[customer_column].cast("string")
    digest = (ibis.literal(_prefix(key, experiment)) + customer).hexdigest("sha256")
    return table.mutate(arm=_arm(_point(digest), shares))


def arm_of(customer: str, *, key: str, experiment: str, shares: Mapping[str, int]) -> str:
    """Return one customer's arm: what ``assign_arms`` would give him.

    :raises ValueError: if a share is negative or they do not add up
    """
    digest = hashlib.sha256((_prefix(key, experiment) + customer).encode()).hexdigest()
    point = int(digest[:_TAKEN], 16) % WHOLE_BP
    return next(arm for arm, end in _ends(shares) if point < end)


def _prefix(key: str, experiment: str) -> str:
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    return f"{len(key)}:{key}|{len(experiment)}:{experiment}|"


def _point(digest: Any) -> Any:
    """Return the digest's first digits as a number from 0 to 9,999.

    Engines differ in how they read hex; looking each digit up is the same on all.
    """
    value = ibis.literal(0, type="int64")
    for place in range(_TAKEN):
        digit = ibis.literal(_DIGITS).find(digest.substr(place, 1)).cast("int64")
        value = value * 16 + digit
    return value % WHOLE_BP


def _arm(point: Any, shares: Mapping[str, int]) -> Any:
    return ibis.cases(*((point < end, arm) for arm, end in _ends(shares)))


def _ends(shares: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Yield each arm with the first point beyond it, in the order of names."""
    if min(shares.values(), default=0) < 0 or sum(shares.values()) != WHOLE_BP:
        raise ValueError(f"The shares of an experiment add up to {WHOLE_BP} basis points.")
    end = 0
    for arm in sorted(shares):
        end += shares[arm]
        yield arm, end
