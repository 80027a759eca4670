"""A second opinion on ageing: plain Python, account by account, over the UCI accounts.

Three roads lead to the bucket of an account on a statement day: the engine's columns,
the arithmetic here over the delivered rows, and the status code that the source itself
gives. All three must agree, and the delivered money must be the source's to the cent.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import ibis
import pyarrow as pa

from dunwell.demo.data import uci
from dunwell.portfolio.ageing import age
from dunwell.portfolio.rolls import roll_matrix

LAST_DAY = date(2026, 6, 25)
SEED = 2005
GRACE_DAYS = 3
TOLERANCE_MINOR = 1_000
# The invented balance where the source says past due but shows none to be past due with.
INVENTED_MINOR = 100_000
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Position:
    """One delivered account row, read with nothing of ours but Python."""

    ref: str
    past_due: int
    oldest: date | None
    owed: int
    billed: int


@dataclass(slots=True)
class Report:
    """What was compared, and the first differences in words."""

    counts: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)

    def compare(self, what: str, where: str, found: object, wanted: object) -> None:
        """Count one comparison, and a difference if the two are not equal."""
        self.counts[f"{what}_compared"] += 1
        self.counts[f"{what}_differences"] += found != wanted
        if found != wanted and len(self.shown) < SHOWN:
            self.shown.append(f"{what} {where}: {found!r}, should be {wanted!r}")


def source_rows() -> dict[str, dict[str, str]]:
    """Return the source's rows by the reference under which the demo delivers them."""
    lines = io.StringIO(uci.csv_bytes().decode("ascii"), newline="")
    return {f"A{int(row['ID']):07d}": row for row in csv.DictReader(lines)}


def dpd(position: Position, day: date) -> int:
    """Return the days past due: none within grace or at or below the tolerance."""
    if position.oldest is None or position.past_due <= TOLERANCE_MINOR:
        return 0
    days = (day - position.oldest).days
    return days if days > GRACE_DAYS else 0


def bucket(days: int) -> int:
    """Return the bucket of so many days: 0, thirty days each for 1 to 6, then 7."""
    return 0 if days == 0 else min((days + 29) // 30, 7)


def told_bucket(row: Mapping[str, str], back: int) -> int:
    """Return the bucket that the source's own status code says."""
    return min(max(int(row[uci.STATUS[back]]), 0), 7)


def positions(folder: Path) -> list[Position]:
    """Return the delivered accounts."""
    with (folder / "accounts.csv").open(encoding="utf-8", newline="") as file:
        return [_position(row) for row in csv.DictReader(file)]


def _position(row: Mapping[str, str]) -> Position:
    oldest = row["oldest_unpaid_due_on"]
    parts = ("principal", "interest", "fees", "penalty")
    return Position(
        row["account_ref"],
        _minor(row["past_due"]),
        date.fromisoformat(oldest) if oldest else None,
        sum(_minor(row[part]) for part in parts),
        _minor(row["statement_balance"]),
    )


def _minor(amount: str) -> int:
    minor = Decimal(amount) * 100
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount!r} has parts of a cent.")
    return int(minor)


def engine_ages(
    rows: Sequence[Position], day: date, *, grace_days: int = GRACE_DAYS
) -> dict[str, tuple[int, int]]:
    """Return days past due and bucket by account as the engine works them out."""
    table = pa.table(
        {
            "account_id": pa.array(range(len(rows)), pa.int64()),
            "party_id": pa.array(range(len(rows)), pa.int64()),
            "oldest_unpaid_due_on": pa.array([row.oldest for row in rows], pa.date32()),
            "past_due_minor": pa.array([row.past_due for row in rows], pa.int64()),
            "balance_minor": pa.array([row.owed for row in rows], pa.int64()),
            "charged_off": pa.array([False] * len(rows), pa.bool_()),
        }
    )
    aged = age(
        ibis.memtable(table),
        day=day,
        grace_days=grace_days,
        tolerance_minor=TOLERANCE_MINOR,
        ladder="stricter",
    )
    found = aged.select("account_id", "dpd", "bucket").to_pyarrow().to_pylist()
    return {rows[row["account_id"]].ref: (row["dpd"], row["bucket"]) for row in found}


Rolls = dict[tuple[str, str], tuple[int, int, int]]
Aged = Sequence[tuple[Position, int]]


def rolls(before: Aged, after: Aged) -> Rolls:
    """Return accounts and both balances by (from, to): one pass, one account at a time.

    Who was not there before comes from ``new``, who is not there any more is ``gone``.
    """
    now = {position.ref: (position, bucket) for position, bucket in after}
    found: Counter[tuple[str, str]] = Counter()
    had: Counter[tuple[str, str]] = Counter()
    has: Counter[tuple[str, str]] = Counter()
    for position, was_in in before:
        later, is_in = now.pop(position.ref, (None, "gone"))
        cell = (str(was_in), str(is_in))
        found[cell] += 1
        had[cell] += position.owed
        has[cell] += later.owed if later else 0
    for position, is_in in now.values():
        cell = ("new", str(is_in))
        found[cell] += 1
        has[cell] += position.owed
    return {cell: (found[cell], had[cell], has[cell]) for cell in found}


def engine_rolls(before: Aged, after: Aged) -> Rolls:
    """Return the same from the engine's roll matrix."""
    matrix = roll_matrix(_side(before), _side(after)).to_pyarrow().to_pylist()
    return {
        (row["from_bucket"], row["to_bucket"]): (
            row["accounts"],
            row["balance_before_minor"],
            row["balance_after_minor"],
        )
        for row in matrix
    }


def _side(aged: Aged) -> ibis.Table:
    return ibis.memtable(
        pa.table(
            {
                "account_id": pa.array([int(p.ref[1:]) for p, _ in aged], pa.int64()),
                "bucket": pa.array([bucket for _, bucket in aged], pa.int32()),
                "balance_minor": pa.array([p.owed for p, _ in aged], pa.int64()),
            }
        )
    )


def check(folders: Sequence[Path]) -> Report:
    """Compare six delivered statement days, the oldest first, with source and engine.

    The deliveries may hold fewer accounts than the source; those they hold are compared.
    """
    report, source = Report(), source_rows()
    before: Aged = ()
    for back, folder in zip(reversed(range(uci.STATEMENTS)), folders, strict=True):
        day, rows = date.fromisoformat(folder.name[-10:]), positions(folder)
        report.compare("accounts", folder.name, len({row.ref for row in rows}), len(rows))
        aged = _check_ages(report, rows, engine_ages(rows, day), source, back, day)
        _check_money(report, folder, rows, source, back)
        wanted, found = rolls(before, aged), engine_rolls(before, aged)
        for cell in sorted(wanted.keys() | found.keys()):
            where = f"{folder.name} {cell[0]} to {cell[1]}"
            report.compare("roll", where, found.get(cell), wanted.get(cell))
        before = aged
    return report


def _check_ages(
    report: Report,
    rows: Iterable[Position],
    engine: Mapping[str, tuple[int, int]],
    source: Mapping[str, Mapping[str, str]],
    back: int,
    day: date,
) -> Aged:
    aged = []
    for row in rows:
        days = dpd(row, day)
        mine, where = bucket(days), f"{day} {row.ref}"
        report.compare("dpd", where, engine[row.ref][0], days)
        report.compare("bucket", where, engine[row.ref][1], mine)
        report.compare("code", where, engine[row.ref][1], told_bucket(source[row.ref], back))
        aged.append((row, mine))
    return aged


def _check_money(
    report: Report,
    folder: Path,
    rows: Sequence[Position],
    source: Mapping[str, Mapping[str, str]],
    back: int,
) -> None:
    """Compare the balances row by row, and the manifest's totals with the source's sums."""
    for row in rows:
        billed = _minor(source[row.ref][uci.BILL[back]])
        late = told_bucket(source[row.ref], back) > 0
        invented = late and billed <= TOLERANCE_MINOR
        report.counts["invented_arrears"] += invented
        report.compare("billed", f"{folder.name} {row.ref}", row.billed, billed)
        owed = INVENTED_MINOR if invented else max(billed, 0)
        report.compare("owed", f"{folder.name} {row.ref}", row.owed, owed)
    totals = _totals(folder)
    chosen = [source[row.ref] for row in rows]
    for name, column in (
        ("statement_balance", uci.BILL[back]),
        ("amount", uci.PAID[back]),
        ("credit_limit", "X1"),
    ):
        wanted = sum((Decimal(row[column]) for row in chosen), Decimal(0))
        report.compare("total", f"{folder.name} {name}", totals[name], wanted)


def _totals(folder: Path) -> dict[str, Decimal]:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return dict(_pairs(manifest["files"]))


def _pairs(files: Iterable[Mapping[str, Mapping[str, str]]]) -> Iterator[tuple[str, Decimal]]:
    for file in files:
        for name, total in file["totals"].items():
            yield name, Decimal(total)


def summary(found: Report) -> dict[str, object]:
    """Return the report as plain values, fit for one line of JSON."""
    counts = dict(sorted(found.counts.items()))
    wrong = sum(count for name, count in counts.items() if name.endswith("_differences"))
    return {**counts, "differences": wrong, "shown": found.shown}
