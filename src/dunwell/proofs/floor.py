"""The floor under a day: the least that any system must do with the same files.

Parse them with DuckDB and COPY the same rows into bare tables: no keys, no checks,
no ageing. Run as a process of its own: ``python -m dunwell.proofs.floor FOLDER URL``.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from dunwell.database import bulk


def floor(folder: Path, url: str) -> float:
    """Return the seconds to parse the CSV files of ``folder`` and copy them to ``url``."""
    manifest = json.loads((folder / "manifest.json").read_text())
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temp:
        con = bulk.connect(url=url, temp=Path(temp))
        for number, file in enumerate(manifest["files"]):
            con.execute(f"CREATE TABLE floor_{number} AS FROM read_csv('{folder / file['name']}')")
            con.execute(f"CREATE TABLE pg.public.floor_{number} AS FROM floor_{number}")
        con.close()
    return time.monotonic() - began


def clear(folder: Path, url: str) -> None:
    """Drop what :func:`floor` wrote."""
    manifest = json.loads((folder / "manifest.json").read_text())
    with tempfile.TemporaryDirectory() as temp:
        con = bulk.connect(url=url, temp=Path(temp))
        for number in range(len(manifest["files"])):
            bulk.execute(con, f"DROP TABLE IF EXISTS public.floor_{number}")
        con.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    print(floor(target, sys.argv[2]))  # noqa: T201
    clear(target, sys.argv[2])
