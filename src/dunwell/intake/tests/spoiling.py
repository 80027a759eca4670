"""Ways to spoil a good delivery, each a function that makes one in a folder."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dunwell.intake.tests import making
from dunwell.intake.tests.making import as_csv, customers, good, write

Make = Callable[[Path], Path]


def cell(kind: str, column: str, value: str, *, count: int = 3) -> Make:
    """Make a good delivery with one value replaced in the last row of a kind."""

    def make(folder: Path) -> Path:
        rows = good(count)
        rows[kind][-1][column] = value
        return write(folder, rows, with_totals=False)

    return make


def raw(kind: str, body: bytes, rows: int, **manifest: Any) -> Make:
    """Make a good delivery with the bytes of one file replaced."""
    return lambda folder: write(folder, raw={kind: body}, counts={kind: rows}, **manifest)


def edited(kind: str, edit: Callable[[bytes], bytes], rows: int = 3, **manifest: Any) -> Make:
    """Make a good delivery with the bytes of one file edited."""
    return raw(kind, edit(as_csv(kind, good()[kind])), rows, **manifest)


def manifest(**entries: Any) -> Make:
    return lambda folder: write(folder, **entries)


def rows_of(kind: str, change: Callable[[list[dict[str, str]]], None]) -> Make:
    def make(folder: Path) -> Path:
        rows = good()
        change(rows[kind])
        return write(folder, rows, with_totals=False)

    return make


def zipped(edit: Callable[[zipfile.ZipFile], None] | None = None, cut: int = 0) -> Make:
    def make(folder: Path) -> Path:
        source = write(folder / "in")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(source.iterdir()):
                archive.write(path, path.name)
            if edit:
                edit(archive)
        body = out.getvalue()
        target = folder / "delivery.zip"
        target.write_bytes(body[: len(body) - cut])
        return target

    return make


def bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("bomb.csv", bytes(300 << 20))


def without(name: str) -> Make:
    def make(folder: Path) -> Path:
        write(folder)
        (folder / name).unlink()
        return folder

    return make


def touched(folder: Path) -> Path:
    write(folder)
    path = folder / "accounts.csv"
    path.write_bytes(path.read_bytes().replace(b"1000.10", b"1000.20"))
    return folder


def in_encoding(declared: str, actual: str, name: str) -> Make:
    def make(folder: Path) -> Path:
        rows = customers()
        for row in rows:
            row["name"] = name
        body = as_csv("customers", rows).decode().encode(actual)
        return write(folder, raw={"customers": body}, counts={"customers": 3}, encoding=declared)

    return make


def declared_totals(kind: str, **sums: str) -> Make:
    def make(folder: Path) -> Path:
        body = as_csv(kind, good()[kind])
        entry = making.entry(f"{kind}.csv", kind, body, len(good()[kind]), sums)
        (folder).mkdir(parents=True, exist_ok=True)
        return write(folder, {kind: good()[kind], "customers": customers()}, files=[
            entry,
            making.entry("customers.csv", "customers", as_csv("customers", customers()), 3, {}),
        ])  # fmt: skip

    return make


def twice(rows: list[dict[str, str]]) -> None:
    rows.append(dict(rows[-1]))


def twice_other(rows: list[dict[str, str]]) -> None:
    rows.append({**rows[-1], "product": "silver"})


def clash(rows: list[dict[str, str]]) -> None:
    rows.append({**rows[-1], "account_ref": "a000002"})


def shared(rows: list[dict[str, str]]) -> None:
    for row in rows:
        row["value"] = "19900009999"


def many(folder: Path) -> Path:
    rows = good(22)
    shared(rows["contacts"])
    return write(folder, rows)


def equal(folder: Path) -> Path:
    rows = good(30)
    for row in rows["accounts"]:
        row["principal"] = "1000.00"
    return write(folder, rows)


def reversal(**change: str) -> Make:
    def change_rows(rows: list[dict[str, str]]) -> None:
        reversal = {"payment_ref": "R1", "kind": "reversal", "reverses_ref": "P000001"}
        rows.append({**rows[1], **reversal, **change})

    return rows_of("payments", change_rows)


def guarantor(rows: list[dict[str, str]]) -> None:
    rows.append({**rows[0], "role": "guarantor"})


def credit(rows: list[dict[str, str]]) -> None:
    rows[-1].update(principal="0", interest="0", fees="0", penalty="0", past_due="0", balance="-7")
    rows[-1]["oldest_unpaid_due_on"] = ""


def called(name: str) -> Make:
    """Make a delivery whose manifest calls the accounts' file by another name."""

    def make(folder: Path) -> Path:
        body = as_csv("accounts", good()["accounts"])
        return write(folder, files=[making.entry(name, "accounts", body, 3, {})])

    return make


def oddly_named(name: str) -> Make:
    """Make a good delivery in which a file has a name that no system would choose."""

    def make(folder: Path) -> Path:
        body = as_csv("customers", customers())
        write(folder, {}, files=[making.entry(name, "customers", body, 3, {})])
        (folder / name).write_bytes(body)
        return folder

    return make


def backwards(folder: Path) -> Path:
    """Make a good delivery whose columns stand in the opposite order."""
    rows = good()
    raw = {}
    for kind, some in rows.items():
        lines = list(csv.reader(io.StringIO(as_csv(kind, some).decode())))
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows(line[::-1] for line in lines)
        raw[kind] = out.getvalue().encode()
    return write(folder, rows, raw=raw)


def unproven_hash(folder: Path) -> Path:
    """Make a delivery with a hash total and a row that has not the header's columns."""
    body = as_csv("customers", customers()).replace(b",false\n", b"\n", 1)
    sums = {"customer_ref": "4"}
    return write(
        folder,
        {"customers": customers()},
        raw={"customers": body},
        files=[making.entry("customers.csv", "customers", body, 3, sums)],
    )
