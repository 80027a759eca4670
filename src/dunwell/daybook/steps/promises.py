"""Step 3: promises are kept or broken, from payments alone."""

from __future__ import annotations

from dunwell.daybook.engine import BusinessDay, Engine
from dunwell.plans.actions import decide_promises


def run_promises(day: BusinessDay, engine: Engine) -> dict[str, int]:
    """Decide every promise that today's payments or today's date decide."""
    return decide_promises(
        portfolio=day.portfolio, day=day.on, at=day.at, payments_to=day.payments_to
    )
