"""Run ``dunwell`` as its users do: as a process of its own, on a database of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

# No secret: what a proof draws is nobody's treatment.
EXPERIMENT_KEY = "the same draw in every proof"


def environment(url: str, home: Path, source: Path | None = None) -> dict[str, str]:
    """Return the environment for a child on the database ``url``.

    ``source`` is the ``src`` folder of a changed copy to run in place of the product.
    Experiment arms are drawn alike in all of them, whatever the home: exports are compared.
    """
    env = {
        **os.environ,
        "DUNWELL_DATABASE_URL": url,
        "DUNWELL_HOME": str(home),
        "DUNWELL_EXPERIMENT_KEY": EXPERIMENT_KEY,
    }
    if source is not None:
        env["PYTHONPATH"] = str(source)
    return env


def start(
    words: list[str], env: dict[str, str], output: int | None = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start ``dunwell WORDS`` and return the process."""
    code = "from dunwell.project.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], env=env, stdout=output, stderr=output
    )


def run(words: list[str], env: dict[str, str], *, ok: tuple[int, ...] = (0,)) -> float:
    """Run ``dunwell WORDS`` to its end; return the seconds.

    :raises RuntimeError: with the command's last words, if it ends other than ``ok``
    """
    began = time.monotonic()
    done = start(words, env, subprocess.PIPE)
    out, err = done.communicate()
    if done.returncode not in ok:
        tail = (err or out).decode(errors="replace").strip().splitlines()[-12:]
        raise RuntimeError(
            f"dunwell {' '.join(words)} ended with {done.returncode}: " + "\n".join(tail)
        )
    return time.monotonic() - began


@dataclass
class Memory:
    """The peak of the memory a command and the database's processes hold together.

    Proportional shares: pages that PostgreSQL's processes share are counted once.
    """

    peak_mb: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    def watch(self, process: subprocess.Popen[bytes], server: int | None) -> threading.Thread:
        def sample() -> None:
            while not self._stop.wait(0.25):
                self.peak_mb = max(self.peak_mb, _held(process.pid) + _held(server))

        thread = threading.Thread(target=sample, daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        self._stop.set()


def _held(pid: int | None) -> float:
    if pid is None:
        return 0.0
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    held = 0
    for member in family:
        try:
            held += member.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return held / 1e6
