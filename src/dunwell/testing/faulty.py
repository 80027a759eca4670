"""A delivery with rows at fault, made of a sound one: what operations find in the morning."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from datetime import date
from pathlib import Path

PAYMENTS = 12  # as many came since the statement


def spoiled(sound: Path, day: date) -> Path:
    """Write the next day's delivery beside ``sound``: two rows at fault, one in suspense."""
    folder = sound.parent / f"{sound.name[:-10]}{day}"
    shutil.copytree(sound, folder)
    manifest = json.loads((sound / "manifest.json").read_text())
    manifest |= {"business_date": str(day), "previous": sound.name[-10:]}
    for entry in manifest["files"]:
        rows = _changed(folder / entry["name"], entry["kind"], day)
        # What the totals said is true but for the column at fault and other payments.
        totals = {} if entry["kind"] == "payments" else entry["totals"]
        totals.pop("interest", None)
        entry |= {"rows": rows, "totals": totals, "sha256": _sha256(folder / entry["name"])}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _changed(path: Path, kind: str, day: date) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    named = [dict(zip(header, row, strict=True)) for row in rows]
    if kind == "accounts":
        named[4]["interest"] = "1e5"
    elif kind == "contacts":
        next(row for row in named[30:] if row["kind"] == "mobile")["value"] = "12345"
    elif kind == "payments":
        named = [_paid_today(row, day) for row in named[:PAYMENTS]]
        named[-1]["account_ref"] = "A9999999"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(named)
    return len(named)


def _paid_today(row: dict[str, str], day: date) -> dict[str, str]:
    new = {"payment_ref": f"N{row['payment_ref']}", "value_on": str(day), "posted_on": str(day)}
    return {**row, **new}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
