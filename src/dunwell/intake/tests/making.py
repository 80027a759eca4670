"""Deliveries for tests, made in a folder: good ones, and ways to spoil them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from dunwell.intake.layout import KINDS, Type
from dunwell.parties.actions import create_portfolio
from dunwell.parties.models import Portfolio

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
CODE = "CN-TEST"
Row = dict[str, str]
Rows = list[Row]
Edit = Callable[[Any, Any], None]


def portfolio(code: str = CODE, *, currency: str = "CNY", limit_ppm: int = 1_000_000) -> Portfolio:
    """Open a portfolio; unless told otherwise any number of rows may be at fault."""
    made = create_portfolio(
        code=code,
        name="Test",
        issuer_code="bank",
        issuer_name="Bank",
        currency=currency,
        country="CN",
        time_zone="Asia/Shanghai",
        actor=None,
        now=NOW,
    )
    made.error_limit_ppm = limit_ppm
    made.save()
    return made


def customers(count: int = 3) -> Rows:
    names = ("王小明", "李娜", "张伟", "𠮷田茂")
    return [
        {
            "customer_ref": f"C{number:06}",
            "name": names[number % len(names)] + ("" if number < 4 else str(number % 7)),
            "birth_date": "1985-02-28",
            "gender": "MFXU"[number % 4],
            "country": "CN",
            "city": "上海",
            "deceased": "false",
        }
        for number in range(count)
    ]


def contacts(count: int = 3) -> Rows:
    return [
        {
            "customer_ref": f"C{number:06}",
            "role": "debtor",
            "kind": "mobile",
            "value": f"1990000{number:04}",
            "source": "bank",
            "call_ok": "true",
        }
        for number in range(count)
    ]


def accounts(count: int = 3) -> Rows:
    return [
        {
            "account_ref": f"A{number:06}",
            "customer_ref": f"C{number:06}",
            "product": "gold",
            "currency": "CNY",
            "opened_on": "2020-05-01",
            "credit_limit": "50000.00",
            "card_last4": f"{number % 10000:04}",
            "statement_on": "2026-11-05",
            "due_on": "2026-11-20",
            "statement_balance": f"{1000 + number}.10",
            "minimum_due": "100.00",
            "past_due": "100.00",
            "oldest_unpaid_due_on": "2026-10-20",
            "cycles_past_due": "1",
            "principal": f"{1000 + number}.10",
            "interest": "20.05",
            "fees": "5.00",
            "penalty": "0.00",
            "status": "open",
        }
        for number in range(count)
    ]


def payments(count: int = 2) -> Rows:
    return [
        {
            "payment_ref": f"P{number:06}",
            "account_ref": f"A{number:06}",
            "kind": "payment",
            "amount": f"{50 + number}.00",
            "currency": "CNY",
            "value_on": "2026-11-22",
            "posted_on": "2026-11-23",
            "channel": "bank",
        }
        for number in range(count)
    ]


def good(count: int = 3) -> dict[str, Rows]:
    """Return the rows of a sound delivery by kind."""
    return {
        "customers": customers(count),
        "contacts": contacts(count),
        "accounts": accounts(count),
        "payments": payments(min(count, 2)),
    }


def header(kind: str, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the columns that any row uses, in canonical order, the required ones too."""
    used = {name for row in rows for name in row} | set(KINDS[kind].required)
    return [c.name for c in KINDS[kind].columns if c.name in used]


def as_csv(kind: str, rows: Sequence[Mapping[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, header(kind, rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_parquet(kind: str, rows: Sequence[Mapping[str, str]]) -> bytes:
    """Return the rows in their proper types: decimals, dates, booleans."""
    columns: dict[str, pa.Array] = {}
    for name in header(kind, rows):
        given = [row.get(name) or None for row in rows]
        match KINDS[kind].column(name).type:
            case Type.AMOUNT | Type.SIGNED:
                columns[name] = pa.array([v and Decimal(v) for v in given], pa.decimal128(18, 2))
            case Type.DATE:
                columns[name] = pa.array([v and date.fromisoformat(v) for v in given], pa.date32())
            case Type.FLAG:
                columns[name] = pa.array([v and v == "true" for v in given], pa.bool_())
            case Type.COUNT:
                columns[name] = pa.array([v and int(v) for v in given], pa.int16())
            case _:
                columns[name] = pa.array(given, pa.string())
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def as_xlsx(
    kind: str,
    rows: Sequence[Mapping[str, str]],
    edit: Edit | None = None,
    options: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the rows as a person's workbook: text as text, amounts and dates as Excel's own.

    ``edit`` is given the book and its sheet before it is closed.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **(options or {})}) as book:
        sheet = book.add_worksheet(kind)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        names = header(kind, rows)
        sheet.write_row(0, 0, names)
        for number, row in enumerate(rows, start=1):
            for place, name in enumerate(names):
                value, column = row.get(name, ""), KINDS[kind].column(name)
                if not value:
                    continue
                match column.type:
                    case Type.AMOUNT | Type.SIGNED | Type.COUNT if _is_number(value):
                        sheet.write_number(number, place, float(value))
                    case Type.DATE if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
                        sheet.write_datetime(number, place, date.fromisoformat(value), day)
                    case Type.FLAG:
                        sheet.write_boolean(number, place, value == "true")
                    case _:
                        sheet.write_string(number, place, value)
        if edit:
            edit(book, sheet)
    return out.getvalue()


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) is not None


def totals(kind: str, rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the sum of each amount column that is there and readable."""
    sums = {}
    for column in KINDS[kind].columns:
        if column.type in (Type.AMOUNT, Type.SIGNED) and any(column.name in r for r in rows):
            sums[column.name] = str(sum(Decimal(r.get(column.name) or 0) for r in rows))
    return sums


def entry(name: str, kind: str, raw: bytes, rows: int, sums: dict[str, str]) -> dict[str, Any]:
    sha = hashlib.sha256(raw).hexdigest()
    return {"name": name, "kind": kind, "rows": rows, "sha256": sha, "totals": sums}


def write(
    folder: Path,
    rows: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    *,
    day: date = DAY,
    form: str = "csv",
    raw: Mapping[str, bytes] | None = None,
    counts: Mapping[str, int] | None = None,
    encoding: str = "utf-8",
    with_totals: bool = True,
    **manifest: Any,
) -> Path:
    """Write a delivery of ``rows``; ``raw`` replaces the bytes of some kinds' files.

    The manifest's digests are those of the bytes written, so that only what is spoiled
    on purpose is wrong; ``manifest`` replaces its entries.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given = good() if rows is None else rows
    files = []
    for kind, some in given.items():
        make = {"csv": as_csv, "parquet": as_parquet, "xlsx": as_xlsx}[form]
        if raw and kind in raw:
            body = raw[kind]
        elif form == "csv":
            body = make(kind, some).decode().encode(encoding)
        else:
            body = make(kind, some)
        count = (counts or {}).get(kind, len(some))
        sums = totals(kind, some) if with_totals and not (raw and kind in raw) else {}
        name = f"{kind}.{form}"
        (folder / name).write_bytes(body)
        files.append(entry(name, kind, body, count, sums))
    document = {
        "portfolio": CODE,
        "business_date": day.isoformat(),
        "encoding": encoding,
        "files": files,
        **manifest,
    }
    (folder / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    return folder
