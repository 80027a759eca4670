"""``dunwell prove uci``: every account of the public data against a plain-Python oracle."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from dunwell.demo.oracle import report


def prove_uci(tell: Callable[[str], None]) -> tuple[str, bool]:
    """Compare every value; return the proof's line and whether it passed.

    Days past due, bucket, roll and the data's own codes for 30,000 accounts at six
    statements, and the control totals against the file.
    """
    began = time.monotonic()
    found: dict[str, Any] = report()
    for difference in found["shown"]:
        tell(str(difference))
    compared = sum(value for name, value in found.items() if name.endswith("_compared"))
    violations, wall = found["differences"], round(time.monotonic() - began)
    passed = violations == 0
    verdict = "PASS" if passed else "FAIL"
    return f"PROOF uci tries={compared} violations={violations} wall={wall}s {verdict}", passed
