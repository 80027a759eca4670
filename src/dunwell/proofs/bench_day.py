"""``dunwell bench day``: first load and steady day of N accounts, and the floor beside them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import psycopg

from dunwell.database.current import current_url
from dunwell.database.scratch import drop, make
from dunwell.demo.bench import make_bench_deliveries
from dunwell.proofs import process

DATABASE = "dunwell_bench"
FLOOR_RUNS = 3


def postmaster(url: str) -> int | None:
    """Return the process id of the server where it runs on this machine, else none."""
    with psycopg.connect(url) as connection:
        backend = connection.info.backend_pid
    try:
        return psutil.Process(backend).ppid()
    except psutil.NoSuchProcess:
        return None


def prepare(url: str, home: Path, accounts: int) -> dict[str, str]:
    """Migrate the scratch database and give it a portfolio, staff and tables."""
    env = process.environment(url, home)
    process.run(["migrate", "--verbosity", "0"], env)
    process.run(["prepare", "BENCH", "--accounts", str(accounts)], env)
    return env


def measured(
    words: list[str], env: dict[str, str], memory: process.Memory, server: int | None
) -> float:
    """Run one command and return its seconds, start of the process included."""
    began = time.monotonic()
    child = process.start(words, env, subprocess.PIPE)
    watching = process.Memory()
    watching.watch(child, server)
    _, err = child.communicate()
    watching.stop()
    memory.peak_mb = max(memory.peak_mb, watching.peak_mb)
    if child.returncode:
        raise RuntimeError(f"dunwell {' '.join(words)}: {err.decode(errors='replace')[-2000:]}")
    return time.monotonic() - began


def bench_day(
    *, accounts: int, seed: int, keep: bool, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Measure the first load and the steady day; both are intake and the day's run together.

    The steady day brings new positions for all accounts, 8 % change bucket, 3 % pay.
    Memory is the peak of the command and the database server together.
    """
    url = make(current_url(), DATABASE)
    memory = process.Memory()
    split: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="dunwell-bench-") as folder:
        out = Path(folder)
        tell(f"making {accounts:,} accounts")
        first, steady = make_bench_deliveries(out / "files", accounts=accounts, seed=seed)
        env = prepare(url, out, accounts)
        server = postmaster(url)
        for name, delivery in (("first", first), ("steady", steady)):
            day = delivery.name[-10:]
            for part, words in (
                ("load", ["intake", "load", str(delivery), "--json"]),
                ("day", ["day", "run", "--date", day, "--portfolio", "BENCH"]),
            ):
                split[f"{name}_{part}_s"] = measured(words, env, memory, server)
                tell(f"{name} {part}: {split[f'{name}_{part}_s']:.1f} s")
        floors = []
        for _ in range(FLOOR_RUNS):
            told = subprocess.run(
                [sys.executable, "-m", "dunwell.proofs.floor", str(steady), url],
                env=env, check=True, capture_output=True, text=True,
            )  # fmt: skip
            floors.append(float(told.stdout))
            tell(f"floor: {floors[-1]:.1f} s")
    if not keep:
        drop(url, DATABASE)
    steady_s = split["steady_load_s"] + split["steady_day_s"]
    floor_s = median(floors)
    return {
        "accounts": accounts,
        "first_load_s": round(split["first_load_s"] + split["first_day_s"], 2),
        "steady_day_s": round(steady_s, 2),
        "floor_s": round(floor_s, 2),
        "ratio": round(steady_s / floor_s, 2),
        "peak_rss_mb": round(memory.peak_mb),
        **{f"split_{key}": round(value, 2) for key, value in split.items()},
    }
