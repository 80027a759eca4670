"""The way of a delivery: opened, read, judged, staged, applied; or stopped and written down."""

from __future__ import annotations

import hashlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from django.conf import settings
from django.db import connection, transaction

from dunwell.accounts.models import Snapshot
from dunwell.audit.actions import record
from dunwell.database import bulk
from dunwell.database.current import current_url
from dunwell.intake import (
    archive,
    arrival,
    deltas,
    disk,
    mapping,
    movements,
    payments,
    quarantine,
    shape,
)
from dunwell.intake import manifest as manifests
from dunwell.intake.apply import apply_staged, drop_staged, only_loader, reserve_snapshot_id
from dunwell.intake.checks import Setting
from dunwell.intake.clock import Clock, quiet
from dunwell.intake.deltas import Book
from dunwell.intake.faults import Finding, Stop, Verdict
from dunwell.intake.manifest import Manifest
from dunwell.intake.models import Delivery, Mapping
from dunwell.intake.reading import Progress, Reading, read
from dunwell.intake.shown import fit, place
from dunwell.parties.models import Portfolio
from dunwell.staff.models import Agent

LARGEST = 2 << 30
SPILL = "20GB"
FINDINGS_KEPT = 200
NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(slots=True)
class Load:
    """What is known of a delivery while it is being loaded."""

    path: Path
    actor: Agent | None
    now: datetime
    approved: frozenset[str] = frozenset()
    progress: Progress = quiet
    mapping: str = ""  # YAML to use in place of the one that the manifest names
    name: str = ""  # what it is called, where its path says otherwise
    reason: str = ""  # of an approval
    approves: Delivery | None = None  # the held one that this is to be
    clock: Clock = field(default_factory=Clock)
    sha256: str = ""
    manifest: Manifest | None = None
    portfolio: Portfolio | None = None
    findings: list[Finding] = field(default_factory=list)
    rows: int = 0
    at_fault: int = 0
    files: list[dict[str, object]] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)


def run(load: Load, asked: str | None) -> Delivery:
    """Take the delivery in or write down why not; ``asked`` is the portfolio's code, if given."""
    try:
        with tempfile.TemporaryDirectory(prefix="dunwell-intake-") as work:
            return _load(load, Path(work), asked)
    except Stop as stop:
        load.findings += stop.findings
    except (OSError, duckdb.IOException) as error:
        if not disk.is_full(error):
            raise
        load.findings.append(Finding("intake.A19_disk_full"))
    return _answer(load)


def _load(load: Load, work: Path, asked: str | None) -> Delivery:
    opened = archive.open_delivery(load.path, work=work, largest=LARGEST, name=_name(load))
    load.sha256 = hashlib.sha256(opened.manifest).hexdigest()
    if load.approves and load.approves.sha256 not in (load.sha256, NOTHING):
        raise Stop(Finding("intake.A18_hash_mismatch", file=manifests.NAME))
    load.manifest = manifest = manifests.parse(opened.manifest)
    load.portfolio = portfolio = arrival.portfolio_of(manifest, asked)
    arrival.refuse_other_day(opened.name, manifest)
    with only_loader(portfolio.pk) as alone:
        if not alone:
            raise Stop(Finding("intake.A16_busy"))
        if before := arrival.applied(portfolio).filter(sha256=load.sha256).first():
            return _again(before, opened.name)
        today = load.now.astimezone(ZoneInfo(portfolio.time_zone)).date()
        load.findings += arrival.in_turn(portfolio, manifest, today)
        if _stops(load):
            return _answer(load)
        con = bulk.connect(
            url=current_url(), temp=work / "spill", memory=settings.DUNWELL_INTAKE_MEMORY
        )
        con.execute(f"SET max_temp_directory_size = '{SPILL}'")
        try:
            return _read_and_apply(load, con, opened, work)
        except duckdb.OutOfMemoryException:
            raise Stop(Finding("intake.I04_too_large", file=opened.name)) from None
        finally:
            con.close()


def _name(load: Load) -> str:
    return archive.shown(load.name or load.path.name)


def _again(before: Delivery, name: str) -> Delivery:
    """Return what was applied before, saying so; nothing is written."""
    findings = []
    if name != before.name:
        findings = [Finding("intake.A09_other_name", file=name).as_json()]
    before.report = {**before.report, "no_op": True, "findings": findings}
    return before


def _stops(load: Load) -> bool:
    """Say whether anything refuses the delivery, or holds it and was not approved."""
    return any(
        finding.verdict is Verdict.REFUSE
        or (finding.verdict is Verdict.HOLD and finding.code not in load.approved)
        for finding in load.findings
    )


def _read_and_apply(
    load: Load, con: duckdb.DuckDBPyConnection, opened: archive.Opened, work: Path
) -> Delivery:
    portfolio, manifest = load.portfolio, load.manifest
    assert portfolio is not None and manifest is not None  # noqa: S101 - known by now
    setting = Setting(portfolio.currency, portfolio.country, manifest.business_date)
    reading = Reading(con, setting, work, load.progress, findings=load.findings)
    kinds = {entry.kind for entry in manifest.files}
    # What is known comes over the wire while the files are looked through.
    with ThreadPoolExecutor(1) as beside:
        known = beside.submit(deltas.know, con.cursor(), portfolio.pk, kinds)
        read(reading, opened, manifest, _mapping(load, portfolio, manifest))
        known.result()
    load.clock.lap("read")
    previous = Snapshot.objects.filter(portfolio=portfolio).order_by("-business_date").first()
    book = Book(
        portfolio.pk,
        manifest.business_date,
        reserve_snapshot_id(),
        previous.pk if previous else None,
    )
    try:
        sums = _judge(load, reading, book, previous)
        load.clock.lap("judge")
        if _stops(load):
            return _answer(load)
        _tie(load)
        carried = _stage(load, reading, book)
        load.clock.lap("stage")
        return _apply(load, reading, book, sums, carried)
    finally:
        drop_staged(book)


def _mapping(load: Load, portfolio: Portfolio, manifest: Manifest) -> mapping.Mapping | None:
    if load.mapping:
        return mapping.parse(load.mapping)
    if not manifest.mapping:
        return None
    found = Mapping.objects.filter(portfolio=portfolio, name=manifest.mapping).first()
    if found is None:
        raise Stop(Finding("intake.M01_mapping", column=manifest.mapping[:80]))
    return mapping.parse(found.text)


def _judge(load: Load, reading: Reading, book: Book, previous: Snapshot | None) -> dict[str, int]:
    """Judge the delivery as a whole; return the sums of its positions."""
    con, kinds, found = reading.con, reading.kinds, reading.findings
    for staged in reading.staged.values():
        found += shape.keys(con, staged)
    shape.against_known(con, kinds)
    if "payments" in kinds:
        file = reading.staged["payments"].file
        found += payments.judge(con, book, file, has_accounts="accounts" in kinds)
    sums: dict[str, int] = {}
    if "accounts" in kinds:
        file = reading.staged["accounts"].file
        sums, odd = shape.balances(con, file, dict(previous.totals) if previous else {})
        if load.manifest:
            odd += movements.judge(con, book, file, load.manifest, kinds)
        week = Snapshot.objects.filter(
            portfolio_id=book.portfolio_id,
            business_date__range=(
                book.day.fromordinal(book.day.toordinal() - 7),
                book.day.fromordinal(book.day.toordinal() - 1),
            ),
        )
        usual = [(day.accounts - day.carried, dict(day.totals)) for day in week]
        found += odd + shape.jump(file, reading.staged["accounts"].rows, sums, usual)
    load.at_fault = quarantine.judge(reading)
    load.rows = reading.rows
    load.files = [quarantine.account_for(con, staged) for staged in reading.staged.values()]
    limit = load.portfolio.error_limit_ppm if load.portfolio else 0
    if load.at_fault * 1_000_000 > limit * load.rows:
        found.append(Finding("intake.L01_error_limit", count=load.at_fault))
    return sums


def _tie(load: Load) -> None:
    """Make sure that every row is applied, waits, or stands twice.

    :raises RuntimeError: if one went nowhere: a fault of this program, and nothing is applied
    """
    for file in load.files:
        parts = [file[part] for part in ("applied", "quarantined", "repeated")]
        if sum(count for count in parts if isinstance(count, int)) != file["rows"]:
            raise RuntimeError(f"{file['name']}: {file['rows']} rows, but {parts} in all.")


def _stage(load: Load, reading: Reading, book: Book) -> int:
    """Write everything that changes to staging tables; return the accounts carried."""
    con, kinds, carried, vanished = reading.con, reading.kinds, 0, 0
    steps = len(kinds)
    for number, kind in enumerate(k for k in reading.staged):
        load.progress("staging", number, steps)
        deltas.stage(con, book, kind)
        if kind == "accounts":
            carried, vanished = deltas.carry(con, book)
    load.progress("staging", steps, steps)
    if vanished * 1_000_000 > shape.VANISHED_PPM * max(load.rows, 1):
        load.findings.append(Finding("intake.G15_vanished", count=vanished))
    return carried


def _apply(
    load: Load, reading: Reading, book: Book, sums: dict[str, int], carried: int
) -> Delivery:
    load.progress("applying", 0, 1)
    with transaction.atomic():
        delivery = _delivery(load, Delivery.State.APPLIED)
        if "accounts" in reading.kinds:
            Snapshot.objects.create(
                pk=book.snapshot_id,
                portfolio_id=book.portfolio_id,
                business_date=book.day,
                accounts=0,
                carried=carried,
                totals=sums,
            )
        load.changes = apply_staged(book, reading.kinds, delivery_id=delivery.pk)
        if "accounts" in reading.kinds:
            load.changes["positions"] = _count_positions(book)
        load.changes["quarantined"] = quarantine.keep(reading, delivery)
        load.changes["carried"] = carried
        load.clock.lap("apply")
        _finish(load, delivery)
    load.progress("applying", 1, 1)
    return delivery


def _count_positions(book: Book) -> int:
    snapshot = Snapshot.objects.get(pk=book.snapshot_id)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM accounts_position_s{book.snapshot_id}")
        snapshot.accounts = int(cursor.fetchone()[0])
    snapshot.save(update_fields=["accounts"])
    return snapshot.accounts


def _answer(load: Load) -> Delivery:
    """Write down a delivery that was not applied, and why."""
    refused = any(finding.verdict is Verdict.REFUSE for finding in load.findings)
    with transaction.atomic():
        state = Delivery.State.REFUSED if refused else Delivery.State.HELD
        delivery = _delivery(load, state)
        _finish(load, delivery)
    return delivery


def _delivery(load: Load, state: str) -> Delivery:
    return Delivery.objects.create(
        portfolio=load.portfolio,
        business_date=load.manifest.business_date if load.manifest else None,
        name=_name(load),
        sha256=load.sha256 or NOTHING,
        state=state,
        source=str(load.path.absolute()) if state == Delivery.State.HELD else "",
        received_at=load.now,
        loaded_by=load.actor,
    )


def _told(finding: Finding) -> dict[str, object]:
    """Return a finding as the report keeps it, its place with nobody's data in it."""
    return replace(
        finding, file=fit(finding.file), column=place(finding.code, finding.column)
    ).as_json()


def _finish(load: Load, delivery: Delivery) -> None:
    delivery.rows, delivery.rows_at_fault = load.rows, load.at_fault
    delivery.seconds = load.clock.total
    delivery.report = {
        "files": load.files,
        "findings": [_told(finding) for finding in load.findings[:FINDINGS_KEPT]],
        "changes": load.changes,
        "seconds": load.clock.laps,
        "approved": sorted(load.approved),
    }
    delivery.save()
    told = {"reason": load.reason} if load.reason else {}
    if load.approves:
        told["approves"] = str(load.approves.pk)
        load.approves.led_to = delivery
        load.approves.save(update_fields=["led_to"])
    record(
        f"intake.delivery_{delivery.state}",
        subject=f"delivery:{delivery.pk}",
        actor=load.actor,
        at=load.now,
        rows=load.rows,
        codes=sorted({finding.code for finding in load.findings})[:50],
        approved=sorted(load.approved),
        **told,
    )
