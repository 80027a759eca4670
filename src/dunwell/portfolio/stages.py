"""The stage of a case, from its bucket and whether the books gave up (domain: Case)."""

from __future__ import annotations

from typing import Any

import ibis


def stage(bucket: Any, charged_off: Any) -> Any:
    """Return early (M1), mid (M2-M3), late (M4 and more) or recovery (charged off)."""
    return ibis.cases(
        (charged_off, "recovery"),
        (bucket <= 1, "early"),
        (bucket <= 3, "mid"),
        else_="late",
    )
