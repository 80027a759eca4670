"""``dunwell prove uci``: every account of the public data against a plain-Python oracle."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg

from dunwell.database.current import current_url
from dunwell.database.scratch import database
from dunwell.demo import oracle, stored
from dunwell.demo.deliveries import make_deliveries
from dunwell.proofs import process

NAME = "dunwell_prove_uci"


def prove_uci(tell: Callable[[str], None]) -> tuple[str, bool]:
    """Compare every value; return the proof's line and whether it passed.

    Days past due, bucket, roll and the data's own codes for 30,000 accounts at six
    statements, and the control totals against the file: as the engine works them out,
    and as they stand in a database that loaded the deliveries and ran the days.
    """
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="dunwell-uci-") as folder,
        database(current_url(), NAME) as url,
        ThreadPoolExecutor(1) as beside,
    ):
        home = Path(folder)
        env = process.environment(url, home)
        prepared = beside.submit(process.run, ["migrate", "--verbosity", "0"], env)
        folders = make_deliveries(
            home / "files", last_day=oracle.LAST_DAY, accounts=None, seed=oracle.SEED
        )
        prepared.result()
        ran = beside.submit(_load_and_run, folders, env, tell)
        found = oracle.check(folders)
        ran.result()
        tell("what is stored is read")
        with psycopg.connect(url) as connection:
            stored.compare(found, folders, lambda sql: connection.execute(sql).fetchall())
    counts: dict[str, Any] = oracle.summary(found)
    for difference in counts["shown"]:
        tell(str(difference))
    compared = sum(value for name, value in counts.items() if name.endswith("_compared"))
    violations, wall = counts["differences"], round(time.monotonic() - began)
    passed = violations == 0
    verdict = "PASS" if passed else "FAIL"
    return f"PROOF uci tries={compared} violations={violations} wall={wall}s {verdict}", passed


def _load_and_run(
    folders: Sequence[Path], env: dict[str, str], tell: Callable[[str], None]
) -> None:
    """Take the deliveries in, then run their days: days caught up must be as exact as any."""
    accounts = str(sum(1 for _ in (folders[0] / "accounts.csv").open(encoding="utf-8")) - 1)
    process.run(["prepare", "TW-DEMO", "--accounts", accounts], env)
    for folder in folders:
        process.run(["intake", "load", str(folder)], env)
        tell(f"{folder.name} is loaded")
    words = ["--date", str(oracle.LAST_DAY), "--portfolio", "TW-DEMO", "--skip-quiet"]
    process.run(["day", "run", *words], env)
    tell("the days are run")
