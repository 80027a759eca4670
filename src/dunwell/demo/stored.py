"""What the product stored of the UCI accounts, against the plain-Python oracle.

``oracle`` compares functions over files. Here the same deliveries went the product's whole
way, were loaded and run, and what stands in the database afterwards is read row by row:
each account's bucket history, the figures of each day, the positions' sums.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from dunwell.demo.oracle import Aged, Report, bucket, dpd, positions, rolls

Rows = Callable[[str], Iterable[Sequence[Any]]]
Entered = dict[tuple[str, date], tuple[int | None, int, int, int]]

HISTORY = """
SELECT a.account_ref, b.entered_on, b.was, b.bucket, b.dpd, b.balance_minor
FROM accounts_accountbucket b JOIN accounts_account a ON a.id = b.account_id
"""
FIGURES = """
SELECT day, name, key, count, amount_minor FROM daybook_figure WHERE name IN ('bucket', 'roll')
"""
# The file's columns by the positions' own, which are in minor units.
MONEY = {
    "principal": "principal_minor",
    "interest": "interest_minor",
    "fees": "fees_minor",
    "penalty": "penalty_minor",
    "past_due": "past_due_minor",
    "minimum_due": "minimum_due_minor",
    "statement_balance": "statement_balance_minor",
}
SUMS = f"""
SELECT s.business_date, count(*), {", ".join(f"sum(p.{column})" for column in MONEY.values())}
FROM accounts_position p JOIN accounts_snapshot s ON s.id = p.snapshot_id GROUP BY s.business_date
"""


def compare(report: Report, folders: Sequence[Path], rows: Rows) -> None:
    """Compare six deliveries, the oldest first, with a database that loaded and ran them.

    ``rows`` runs a query there and gives its rows. Counts and differences go to ``report``.
    """
    history: Entered = {(row[0], row[1]): tuple(row[2:]) for row in rows(HISTORY)}
    figures = {(day, name, key): (n, amount) for day, name, key, n, amount in rows(FIGURES)}
    sums = {row[0]: list(row[1:]) for row in rows(SUMS)}
    stands: dict[str, int] = {}
    before: Aged = ()
    for folder in folders:
        day = date.fromisoformat(folder.name[-10:])
        aged = []
        for row in positions(folder):
            days = dpd(row, day)
            is_in, was = bucket(days), stands.get(row.ref)
            stands[row.ref] = is_in
            # It never was overdue: then its history has not begun.
            moved = is_in > 0 if was is None else is_in != was
            wanted = (was, is_in, days, row.owed) if moved else None
            report.compare("stored", f"{day} {row.ref}", history.pop((row.ref, day), None), wanted)
            aged.append((row, is_in))
        _compare_figures(report, figures, day, before, aged)
        _compare_sums(report, folder, sums.get(day, []))
        before = aged
    report.compare("stored_beside", "no other history", list(history)[:3], [])


def _compare_figures(
    report: Report,
    found: Mapping[tuple[date, str, str], tuple[int, int]],
    day: date,
    before: Aged,
    aged: Aged,
) -> None:
    """Compare accounts and balances by bucket and from bucket to bucket."""
    wanted: dict[tuple[str, str], tuple[int, int]] = {}
    for (was, end), (count, had, has) in rolls(before, aged).items():
        wanted["roll", f"{was}>{end}"] = (count, had if end == "gone" else has)
    counts, owed = Counter[str](), Counter[str]()
    for row, is_in in aged:
        counts[str(is_in)] += 1
        owed[str(is_in)] += row.owed
    wanted |= {("bucket", key): (counts[key], owed[key]) for key in counts}
    stored = {(name, key): value for (on, name, key), value in found.items() if on == day}
    for name, key in sorted(wanted.keys() | stored.keys()):
        where = f"{day} {name} {key}"
        report.compare("figure", where, stored.get((name, key)), wanted.get((name, key)))


def _compare_sums(report: Report, folder: Path, found: Sequence[int]) -> None:
    """Compare the positions with the file's rows, and with the totals its sender gave."""
    sums, count = Counter[str](), 0
    with (folder / "accounts.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            count += 1
            for name in MONEY:
                sums[name] += int(Decimal(row[name] or 0) * 100)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    told = next(file["totals"] for file in manifest["files"] if file["kind"] == "accounts")
    stored = dict(zip(("rows", *MONEY), found, strict=False))
    report.compare("stored_sum", f"{folder.name} rows", stored.get("rows"), count)
    for name in MONEY:
        where = f"{folder.name} {name}"
        report.compare("stored_sum", where, stored.get(name), sums[name])
        if name in told:
            report.compare("stored_sum", where, stored.get(name), int(Decimal(told[name]) * 100))
