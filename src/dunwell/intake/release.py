"""One waiting row, corrected and taken in the way its delivery was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
from django.db import connection, transaction

from dunwell.accounts.models import Snapshot
from dunwell.database import bulk
from dunwell.database.current import current_url
from dunwell.intake import apply, deltas, names, payments, shape, staging
from dunwell.intake.checks import Setting, text
from dunwell.intake.deltas import Book
from dunwell.intake.faults import CODES, Verdict, said
from dunwell.intake.layout import KINDS, Kind
from dunwell.intake.models import Delivery, QuarantinedRow
from dunwell.intake.staging import Staged
from dunwell.intake.text import ROW
from dunwell.kernel.cards import masked
from dunwell.kernel.refusal import Refusal, Refused

# Looking does not help these: no table can hold the row as it is.
UNFIT = {"intake.H08_unknown_account", "intake.E14_negative"}


@dataclass(frozen=True, slots=True)
class Bench:
    """One row in DuckDB, and where it belongs."""

    con: duckdb.DuckDBPyConnection
    staged: Staged
    setting: Setting
    book: Book


def take_in(row: QuarantinedRow, given: dict[str, str], folder: Path) -> dict[str, int]:
    """Check the row's canonical texts ``given`` and write them; return what changed.

    Call it inside the transaction that decides the row, as the portfolio's only loader.

    :raises Refused: with a reason for each fault that no person may wave through
    """
    delivery = row.delivery
    portfolio, day = delivery.portfolio, delivery.business_date
    assert portfolio is not None and day is not None  # noqa: S101 - it was applied
    kind = KINDS[row.kind]
    snapshot = _snapshot(delivery, kind, day)
    before = (
        Snapshot.objects.filter(portfolio=portfolio, business_date__lt=day)
        .order_by("-business_date")
        .first()
    )
    book = Book(portfolio.pk, day, snapshot.pk if snapshot else 0, before.pk if before else None)
    setting = Setting(portfolio.currency, portfolio.country, day)
    con = bulk.connect(url=current_url(), temp=folder / "spill", memory="500MB")
    try:
        bench = Bench(con, Staged(kind, row.file, 1), setting, book)
        _check(bench, row.row, given)
        changed = _write(bench, delivery, snapshot)
    finally:
        con.close()
    apply.drop_staged(book)
    return changed


def _snapshot(delivery: Delivery, kind: Kind, day: date) -> Snapshot | None:
    """Return the snapshot that an account's row joins.

    :raises Refused: if later data have come, which the row would overwrite
    """
    if kind.name == "payments":
        return None
    later = Delivery.objects.filter(
        portfolio=delivery.portfolio,
        state=Delivery.State.APPLIED,
        business_date__gt=day,
    )
    if later.exists():
        raise Refused(
            Refusal(
                "intake.release_too_late",
                "A later delivery has been applied. Dismiss the row; it is out of date.",
            )
        )
    return Snapshot.objects.filter(portfolio=delivery.portfolio, business_date=day).first()


def _check(bench: Bench, number: int, given: dict[str, str]) -> None:
    con, kind = bench.con, bench.staged.kind
    staging.make_faults(con)
    names.install(con)
    columns = {c.name: pa.array([given.get(c.name) or None], pa.string()) for c in kind.columns}
    con.register("given", pa.table({ROW: pa.array([number], pa.int64()), **columns}))
    sql = {c.name: f'"{c.name}"' for c in kind.columns}
    staging.make_canonical(con, kind, "given", sql, numbered=True)
    staging.check(con, bench.staged, bench.setting, numbered=True)
    _refuse(bench)
    staging.admit(con, kind, bench.setting)
    deltas.know(con, bench.book.portfolio_id, {kind.name}, _whose(bench, given))
    shape.against_known(con, {kind.name})
    if kind.name == "payments":
        found = payments.judge(con, bench.book, bench.staged.file, has_accounts=False)
        _refuse(bench, tuple(finding.code for finding in found))
    _refuse(bench)
    con.execute("DELETE FROM fault")


def _refuse(bench: Bench, more: tuple[str, ...] = ()) -> None:
    """Refuse what is still wrong; what only wants a look has been looked at."""
    found = [(column, code) for _, column, code in shape.at_fault(bench.con, bench.staged.kind)]
    found += [("", code) for code in more]
    refusals = [
        said(code, column)
        for column, code in found
        if CODES[code][0] is not Verdict.LOOK or code in UNFIT
        if CODES[code][0] not in (Verdict.NOTE, Verdict.ALARM)
    ]
    if refusals:
        raise Refused(*refusals)


def _whose(bench: Bench, given: dict[str, str]) -> str:
    """Return the SQL condition for the one or two people the row is about."""
    customer, account = given.get("customer_ref"), given.get("account_ref")
    found = [f"p.customer_ref = {text(masked(customer))}"] if customer else []
    if account:
        found.append(
            f"p.id IN (SELECT party_id FROM accounts_account WHERE portfolio_id ="
            f" {bench.book.portfolio_id} AND account_ref = {text(account)})"
        )
    return f"({' OR '.join(found)})" if found else "false"


def _write(bench: Bench, delivery: Delivery, snapshot: Snapshot | None) -> dict[str, int]:
    con, book, name = bench.con, bench.book, bench.staged.kind.name
    deltas.stage(con, book, name)
    changed = apply.apply_staged(book, {name}, delivery_id=delivery.pk, into_snapshot=False)
    if name == "accounts" and snapshot is not None:
        _join(bench, snapshot)
    return changed


def _join(bench: Bench, snapshot: Snapshot) -> None:
    """Put the one position where it belongs; it may have been carried forward meanwhile."""
    staged = bench.book.stage("position")
    columns = ["snapshot_id", "account_id", *deltas.POSITION, "carried", "as_of"]
    sets = ", ".join(f"{name} = excluded.{name}" for name in columns[2:])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM accounts_position p JOIN {staged} s"
            " USING (snapshot_id, account_id)"
        )
        carried = cursor.fetchone()[0]
        cursor.execute(
            f"INSERT INTO accounts_position ({', '.join(columns)})"
            f" SELECT {', '.join(columns)} FROM {staged}"
            f" ON CONFLICT (snapshot_id, account_id) DO UPDATE SET {sets}"
        )
    sums, _ = shape.balances(bench.con, bench.staged.file, {})
    snapshot.accounts += 1 - carried
    snapshot.carried -= carried
    snapshot.totals = {key: snapshot.totals.get(key, 0) + sums[key] for key in sums}
    snapshot.save(update_fields=["accounts", "carried", "totals"])
