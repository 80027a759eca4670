"""Read a delivery whole into DuckDB and judge it, touching nothing that others see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from dunwell.intake import archive, names, parquet, shape, staging, text, workbook
from dunwell.intake.archive import Opened
from dunwell.intake.checks import Setting
from dunwell.intake.faults import Finding, Verdict
from dunwell.intake.layout import KINDS, Kind
from dunwell.intake.manifest import Entry, Manifest, refuse
from dunwell.intake.mapping import Layout, Mapping
from dunwell.intake.staging import Staged

# What is being done, how much of it is done, and of how much.
Progress = Callable[[str, int, int], None]
_SECRETS = ("cvv", "cvc", "cvn", "cvv2", "cvc2", "cav2", "cid", "pin", "pin_block", "pinblock",
            "track", "track1", "track2", "otp", "password", "passwd", "card_pin",
            "security_code", "card_security_code", "安全码", "密码")  # fmt: skip


@dataclass(slots=True)
class Reading:
    """A delivery in DuckDB: its files, and everything that was found."""

    con: duckdb.DuckDBPyConnection
    setting: Setting
    work: Path
    progress: Progress
    staged: dict[str, Staged] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def kinds(self) -> set[str]:
        return set(self.staged)

    @property
    def rows(self) -> int:
        return sum(staged.rows for staged in self.staged.values())

    def worst(self, approved: frozenset[str]) -> Verdict | None:
        """Return refuse, hold or, if the delivery may go on, nothing."""
        verdicts = {f.verdict for f in self.findings if f.code not in approved}
        return next((v for v in (Verdict.REFUSE, Verdict.HOLD) if v in verdicts), None)


def read(reading: Reading, opened: Opened, manifest: Manifest, mapping: Mapping | None) -> None:
    """Bring every file of the manifest into DuckDB, checked row by row.

    :raises Stop: if a file cannot be read at all
    """
    staging.make_faults(reading.con)
    names.install(reading.con)
    for entry in sorted(manifest.files, key=lambda entry: list(KINDS).index(entry.kind)):
        path, findings = archive.locate(opened, entry)
        reading.findings += findings
        before = path.stat()
        plain = archive.stand_in(path, entry.kind, reading.work)
        staged = _read_file(reading, plain, entry, manifest.encoding, mapping)
        after = path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            refuse("A06_still_growing", entry.name)
        reading.staged[entry.kind] = staged
        reading.findings += staged.findings
        if staged.rows != entry.rows:
            refuse("H01_rows", archive.shown(entry.name))
        reading.findings += shape.totals(reading.con, staged, entry, reading.setting)
        widths = mapping.layout(entry.kind).widths if mapping else {}
        reading.findings += shape.spelling(reading.con, staged, widths)


def _read_file(
    reading: Reading, path: Path, entry: Entry, encoding: str, mapping: Mapping | None
) -> Staged:
    file = archive.shown(entry.name)
    size, done = path.stat().st_size, 0

    def told(more: int) -> None:
        nonlocal done
        done += more
        reading.progress(file, done, size)

    staged = Staged(KINDS[entry.kind], file, 0)
    if entry.name.lower().endswith(".parquet"):
        _same(text.hashed(path, told), entry, file)
        load_parquet(reading, staged, path, entry, mapping)
        return staged
    if entry.name.lower().endswith(workbook.SUFFIXES):
        _same(text.hashed(path, told), entry, file)
        load_workbook(reading, staged, path, entry, mapping)
        return staged
    scanned = text.scan(path, file=file, encoding=encoding, work=reading.work, progress=told)
    _same(scanned.sha256, entry, file)
    staged.findings += scanned.findings
    header, findings = text.header(scanned.path, file)
    staged.findings += findings
    columns = canonical(staged, header, _places(header), mapping)
    load_csv(reading, staged, scanned.path, header, columns, careful=scanned.careful)
    return staged


def _same(sha256: str, entry: Entry, file: str) -> None:
    if sha256 != entry.sha256:
        refuse("A18_hash_mismatch", file)


def _places(header: list[str]) -> dict[str, str]:
    return {name: f"c{place}" for place, name in enumerate(header)}


def load_parquet(
    reading: Reading, staged: Staged, path: Path, entry: Entry, mapping: Mapping | None
) -> None:
    """Check a Parquet file, spelled as a CSV would spell it."""
    con = reading.con
    found = parquet.names(con, path, staged.file, entry.rows)
    header, findings = parquet.header(found, staged.file)
    staged.findings += findings
    places = dict(zip(header, parquet.spelled(found), strict=True))
    columns = canonical(staged, header, places, mapping)
    parquet.refuse_inexact(staged.kind, columns, found, staged.file)
    try:
        staging.make_canonical(con, staged.kind, parquet.source(path), columns, numbered=False)
        staging.check(con, staged, reading.setting, numbered=False)
    except parquet.BROKEN:
        refuse("A05_broken_archive", staged.file)


def load_workbook(
    reading: Reading, staged: Staged, path: Path, entry: Entry, mapping: Mapping | None
) -> None:
    """Check the sheet of a workbook, written out as the careful way writes a CSV."""
    con, file = reading.con, staged.file
    layout = mapping.layout(staged.kind.name) if mapping else Layout()
    with workbook.table(path, file=file, sheet=entry.sheet, work=reading.work) as table:
        header, findings = table.read_header()
        staged.findings += findings
        columns = canonical(staged, header, _places(header), mapping)
        clean = table.rewrite(
            layout.wanted(staged.kind, header),
            layout,
            lambda rows: reading.progress(f"{file} (sheet)", rows, max(rows, entry.rows)),
        )
    staged.broken = clean.broken
    staged.findings += clean.findings
    source = staging.read_csv(clean.path, len(header), numbered=True)
    staging.make_canonical(con, staged.kind, source, columns, numbered=True)
    staging.check(con, staged, reading.setting, numbered=True)
    staging.add_faults(con, staged.kind, clean.faults)


def load_csv(
    reading: Reading,
    staged: Staged,
    path: Path,
    header: list[str],
    columns: dict[str, str],
    *,
    careful: bool,
) -> None:
    """Check a UTF-8 CSV: as it stands if DuckDB can parse all of it, else rewritten."""
    con, width = reading.con, len(header)
    if not careful:
        try:
            source = staging.read_csv(path, width, numbered=False)
            staging.make_canonical(con, staged.kind, source, columns, numbered=False)
            staging.check(con, staged, reading.setting, numbered=False)
            return
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            # DuckDB names one bad row; the careful way names all of them.
            con.execute("DELETE FROM fault WHERE kind = ?", [staged.kind.name])
    clean = text.rewrite(path, file=staged.file, width=width, work=reading.work)
    staged.broken = clean.broken
    staged.findings += clean.findings
    source = staging.read_csv(clean.path, width, numbered=True)
    staging.make_canonical(con, staged.kind, source, columns, numbered=True)
    staging.check(con, staged, reading.setting, numbered=True)


def canonical(
    staged: Staged, header: list[str], places: dict[str, str], mapping: Mapping | None
) -> dict[str, str]:
    """Return SQL by canonical column for a file with this header; ``places`` is SQL by name.

    :raises Stop: if a required column is missing or one must not be delivered
    """
    kind: Kind = staged.kind
    for name in header:
        if name in _SECRETS or name.replace("_", "") in _SECRETS:
            refuse("G12_card_secret", staged.file, name[:60])
    known = {column.name for column in kind.columns}
    if mapping is not None and mapping.covers(kind.name):
        columns, used = mapping.columns(kind, places)
    else:
        columns = {name: place for name, place in places.items() if name in known}
        used = set(columns)
    for name in kind.required:
        if name not in columns:
            refuse("C01_missing_column", staged.file, name)
    staged.findings += [
        Finding("intake.C02_extra_column", file=staged.file, column=archive.shown(name)[:60])
        for name in header
        if name not in used
    ]
    return columns
