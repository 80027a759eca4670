"""The bad-input catalogue: one case an entry, made in a folder, with what must follow."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dunwell.intake.tests import making
from dunwell.intake.tests.making import accounts, as_csv, customers, good, payments, write

Make = Callable[[Path], Path]


@dataclass(frozen=True)
class Case:
    """``state`` is the delivery's; ``code`` the reason, or none where all is well."""

    id: str
    make: Make
    state: str
    code: str = ""
    waiting: int = 0  # rows in quarantine

    @property
    def full_code(self) -> str:
        return f"intake.{self.code}" if self.code else ""


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


def _twice(rows: list[dict[str, str]]) -> None:
    rows.append(dict(rows[-1]))


def _twice_other(rows: list[dict[str, str]]) -> None:
    rows.append({**rows[-1], "product": "silver"})


def _clash(rows: list[dict[str, str]]) -> None:
    rows.append({**rows[-1], "account_ref": "a000002"})


def _shared(rows: list[dict[str, str]]) -> None:
    for row in rows:
        row["value"] = "19900009999"


def _many(folder: Path) -> Path:
    rows = good(22)
    _shared(rows["contacts"])
    return write(folder, rows)


def _equal(folder: Path) -> Path:
    rows = good(30)
    for row in rows["accounts"]:
        row["principal"] = "1000.00"
    return write(folder, rows)


def _reversal(**change: str) -> Make:
    def change_rows(rows: list[dict[str, str]]) -> None:
        reversal = {"payment_ref": "R1", "kind": "reversal", "reverses_ref": "P000001"}
        rows.append({**rows[1], **reversal, **change})

    return rows_of("payments", change_rows)


def _guarantor(rows: list[dict[str, str]]) -> None:
    rows.append({**rows[0], "role": "guarantor"})


HEAD = as_csv("accounts", accounts()).split(b"\n")[0]
LINES = as_csv("accounts", accounts()).split(b"\n")
COLUMNS = HEAD.count(b",") + 1
A, R, H = "applied", "refused", "held"
_NOTHING = {"principal": "0", "interest": "0", "fees": "0", "penalty": "0"}
AMOUNTS = {
    "1,234.56": "E01_grouped", "1.234,56": "E01_grouped", "1 234": "E03_spaced",
    "(100.00)": "E04_sign_style", "100.00-": "E04_sign_style", "100CR": "E04_sign_style",
    "١٢٣": "E06_foreign_digits", "1_000": "E07_underscore", "1e5": "E08_number_style",
    "0x10": "E08_number_style", "+5": "E08_number_style", ".5": "E08_number_style",
    "5.": "E08_number_style", "NaN": "E09_not_a_number", "Infinity": "E09_not_a_number",
    "-0": "E09_not_a_number", "\u22125": "E10_odd_minus", "12.345": "E11_decimals",
    "1" + "0" * 18: "E13_overflow", "9" * 40: "E13_overflow", "-5.00": "E14_negative",
    "￥100": "E17_currency_sign", "100元": "E17_currency_sign", "3万": "E17_currency_sign",
    "NULL": "E18_empty", "\\N": "E18_empty", "-": "E18_empty", "": "E18_empty",
}  # fmt: skip
DATES = {
    "2026-02-30": "F01_no_such_day", "2026-13-01": "F01_no_such_day",
    "20200203": "F04_date_style", "2020-W01-1": "F04_date_style",
    "01/02/20": "F05_two_digit_year", "0000-00-00": "F06_no_date", "1900-01-01": "F06_no_date",
    "9999-12-31": "F06_no_date", "infinity": "F06_no_date", "today": "F06_no_date",
    "2026-12-24": "F07_future", "2023-02-29": "F01_no_such_day",
    "2020-05-01 24:00": "F11_time_in_date", "2020-05-01T10:00:00+05:00": "F12_zone",
    "115/02/03": "F14_other_calendar", "2569-02-03": "F14_other_calendar",
}  # fmt: skip

TRANSPORT = [
    Case("A01", raw("accounts", b"", 0), R, "A01_empty_file"),
    Case("A02", raw("payments", as_csv("payments", payments()).split(b"\n")[0] + b"\n", 0), A),
    Case("A03", edited("accounts", lambda b: b[:-60]), R, "A03_cut_in_row"),
    Case(
        "A04", edited("accounts", lambda b: b"\n".join(b.split(b"\n")[:-2]) + b"\n"), R, "H01_rows"
    ),
    Case("A05", zipped(cut=40), R, "A05_broken_archive"),
    Case("A06", without("manifest.json"), H, "A06_no_manifest"),
    Case("A10", manifest(portfolio="OTHER"), R, "A10_wrong_portfolio"),
    Case("A11", manifest(environment="uat"), R, "A11_test_data"),
    Case("A15", without("contacts.csv"), H, "A15_part_missing"),
    Case("A18", touched, R, "A18_hash_mismatch"),
    Case(
        "A18-pgp", raw("accounts", b"-----BEGIN PGP MESSAGE-----\n", 3), R, "A18_signed_or_sealed"
    ),
]
ENCODING = [
    Case("B01", manifest(), A),
    Case("B02", edited("accounts", lambda b: b"\xef\xbb\xbf" + b), A, "B02_byte_order_mark"),
    Case("B03", in_encoding("gbk", "gbk", "王小明"), A),
    Case("B04", in_encoding("gb18030", "gb18030", "𬱖䶮㛃𠮷"), A),
    Case("B05", edited("customers", lambda b: b.decode().encode("utf-16")), R, "B05_utf16"),
    Case("B06", edited("customers", lambda b: b.decode().encode("utf-16-le")), R, "B05_utf16"),
    Case("B07", in_encoding("gbk", "utf-8", "王小明"), R, "B07_other_encoding"),
    Case("B08", in_encoding("utf-8", "gb18030", "王小明"), R, "B08_undecodable"),
    Case("B09", cell("customers", "name", "锟斤拷"), A, "B09_mojibake", 3),
    Case(
        "B10",
        edited("customers", lambda b: b.replace(b"MFXU"[:1], b"\xed\xa0\x80", 1)),
        R,
        "B08_undecodable",
    ),
    Case("B11", edited("contacts", lambda b: b.replace(b"bank", b"ba\0k", 1)), A, "B11_nul", 1),
    Case("B12", cell("customers", "name", "王\u200b小明"), A, "B12_invisible"),
    Case("B12-only", cell("customers", "name", "\u200b"), A, "E18_empty", 3),
    Case("B13", cell("customers", "name", "王\ue001"), A, "B13_private_use", 3),
    Case("B14", in_encoding("utf-8", "big5", "林志明"), R, "B08_undecodable"),
    Case("B15", cell("customers", "name", "Jose\u0301"), A, "B15_composed"),
    Case("B16", cell("accounts", "credit_limit", "１２３"), A, "B16_full_width"),
    Case("B17", raw("accounts", "account_ref".encode("cp037"), 1), R, "B08_undecodable"),
    Case("B18", edited("accounts", lambda b: b.replace(b"\n", b"\r\n", 2)), A, "B18_line_ends"),
    Case("B18-cr", edited("accounts", lambda b: b.replace(b"\n", b"\r")), A, "B18_line_ends"),
]
STRUCTURE = [
    Case(
        "C01",
        edited("accounts", lambda b: b.replace(b"principal", b"principle", 1)),
        R,
        "C01_missing_column",
    ),
    Case(
        "C02",
        edited("accounts", lambda b: b.replace(b"card_last4", b"card_ending", 1)),
        A,
        "C02_extra_column",
    ),
    Case(
        "C04",
        edited("accounts", lambda b: b.replace(b"interest", b"principal", 1)),
        R,
        "C04_duplicate_header",
    ),
    Case(
        "C05",
        edited("accounts", lambda b: b.replace(b"principal", b" Principal ", 1)),
        A,
        "C05_header_style",
    ),
    Case(
        "C06-short",
        edited("accounts", lambda b: b.replace(b",open\n", b"\n", 1)),
        A,
        "C06_ragged",
        2,
    ),
    Case(
        "C06-long",
        edited("accounts", lambda b: b.replace(b",open\n", b",open,x\n", 1)),
        A,
        "C06_ragged",
        2,
    ),
    Case(
        "C07",
        edited("accounts", lambda b: b.replace(b"gold", b'"gold', 1)),
        R,
        "C07_unclosed_quote",
    ),
    Case(
        "C08",
        edited("accounts", lambda b: b.replace(b"gold", b'"go"ld"', 1)),
        A,
        "C08_quote_inside",
        2,
    ),
    Case("C09", edited("accounts", lambda b: b.replace(b"gold", b"go,ld", 1)), A, "C06_ragged", 2),
    Case("C10", cell("customers", "city", "上\n海"), A),
    Case("C11", edited("accounts", lambda b: b.replace(b",", b";")), R, "C11_separator"),
    Case("C12", cell("contacts", "value", "9" * 140_000), A, "C12_too_long", 1),
    Case(
        "C13",
        raw("accounts", b",".join(b"c%d" % n for n in range(100_000)) + b"\n", 0),
        R,
        "C13_too_many_columns",
    ),
    Case(
        "C13-huge-line",
        raw("accounts", HEAD + b"\n" + b"x" * (40 << 20), 1),
        R,
        "C13_too_many_columns",
    ),
    Case("C14", edited("accounts", lambda b: b.replace(b"\n", b"\n\n")), A, "C14_blank_lines"),
    Case("C15", edited("accounts", lambda b: b"Confidential\n" + b), R, "C15_preamble"),
    Case(
        "C16",
        raw("accounts", b"ACCOUNT   CUSTOMER   AMOUNT\nA1        C1         10\n", 1),
        R,
        "C16_fixed_width",
    ),
    Case("C17", raw("accounts", b'{"account_ref": "A"}\n', 1), R, "C17_json_lines"),
    Case("C18", raw("accounts", b"<?xml version='1.0'?><a/>", 1), R, "C18_xml"),
]
NUMBERS = [
    *(
        Case(f"E {value[:20]!r}", cell("accounts", "interest", value), A, code, 1)
        for value, code in AMOUNTS.items()
    ),
    Case("E05", cell("accounts", "interest", "１２３"), A, "B16_full_width"),
    Case("E15", rows_of("accounts", lambda r: r[-1].update(_NOTHING)), A, "E15_nothing_owed", 1),
    Case("E11-half", cell("accounts", "interest", "0.125"), A, "E11_decimals", 1),
    Case("E16", cell("accounts", "fees", "900000.00"), A, "E16_fees", 1),
]
DATED = [
    *(
        Case(f"F {value!r}", cell("accounts", "opened_on", value), A, code, 1)
        for value, code in DATES.items()
    ),
    Case("F03", cell("accounts", "opened_on", "02/03/2020"), R, "F03_ambiguous_date"),
    Case("F08", cell("customers", "birth_date", "2015-01-01"), A, "F08_age", 3),
    Case("F09", cell("accounts", "due_on", "2019-01-01"), A, "F09_order", 1),
    Case("F13", manifest(business_date="2026-02-30"), R, "H05_manifest"),
]
KEYS = [
    Case("G01", rows_of("accounts", _twice), A, "G01_repeated"),
    Case("G02", rows_of("accounts", _twice_other), R, "G02_key_twice"),
    Case("G03", rows_of("accounts", _clash), R, "G03_key_clash"),
    Case("G05", cell("customers", "id_number", "11010519491231002A"), A, "", 0),
    Case(
        "G05-digit",
        cell("customers", "id_number", "110105194912310021"),
        A,
        "G05_id_check_digit",
        3,
    ),
    Case("G05-x", cell("customers", "id_number", "11010519491231002x"), A),
    Case("G06", cell("contacts", "value", "021-5555"), A, "G06_phone", 1),
    Case("G06-shared", _many, A, "G06_shared_phone", 22),
    Case(
        "G07",
        rows_of("contacts", lambda r: r[0].update(kind="email", value="test@bank")),
        A,
        "G07_email",
        1,
    ),
    Case("G08", cell("customers", "name", "测试"), A, "G08_placeholder", 3),
    Case("G09", cell("customers", "deceased", "maybe"), A, "G09_flag", 3),
    Case("G10", rows_of("contacts", _guarantor), A, "G10_guarantor_is_debtor", 1),
    Case("G11", cell("accounts", "product", "card 4111 1111 1111 1111"), A, "G11_card_number"),
    Case(
        "G11-key",
        cell("accounts", "account_ref", "4111111111111111"),
        A,
        "G11_card_number_as_key",
        1,
    ),
    Case(
        "G12",
        edited("accounts", lambda b: b.replace(b"card_last4", b"CVV2", 1)),
        R,
        "G12_card_secret",
    ),
    Case("G13", cell("accounts", "currency", "USD"), A, "G13_currency", 1),
    Case("G16", cell("accounts", "customer_ref", "NOBODY"), A, "G16_unknown_customer", 1),
    Case("G17", cell("accounts", "status", "asleep"), A, "G17_not_a_choice", 1),
]
TOTALS = [
    Case("H01", lambda f: write(f, counts={"accounts": 4}), R, "H01_rows"),
    Case("H02", declared_totals("accounts", principal="3003.31"), R, "H02_total"),
    Case("H05", lambda f: write(f, files="none"), R, "H05_manifest"),
    Case("H07", _equal, H, "H07_uniform"),
    Case("H08", cell("payments", "account_ref", "A999999"), A, "H08_unknown_account", 1),
    Case("H09", _reversal(reverses_ref="P999"), A, "H09_no_original", 1),
    Case("H09-more", _reversal(amount="999.00"), A, "H09_reversal", 1),
    Case("H09-fine", _reversal(), A),
    Case(
        "H10",
        rows_of("payments", lambda r: r.append({**r[0], "amount": "7.00"})),
        R,
        "H10_two_amounts",
    ),
    Case("H11", rows_of("payments", lambda r: r.append({**r[0], "payment_ref": "P9"})), A),
    Case("H12", cell("payments", "currency", "USD"), A, "H12_currency", 1),
]
HOSTILE = [
    Case("I01", cell("customers", "city", "=HYPERLINK(1)"), A),
    Case("I02", cell("customers", "city", "<script>{{7*7}}"), A),
    Case("I03", cell("customers", "city", "'); DROP TABLE x;--"), A),
    Case("I04", zipped(bomb), R, "I04_too_large"),
    Case("I05", zipped(lambda z: z.writestr("more.zip", b"PK")), R, "I05_nested"),
    Case("I08", zipped(lambda z: z.writestr("../evil.csv", b"x")), R, "I08_unsafe_path"),
    Case("I09", raw("accounts", b"%PDF-1.7\n", 1), R, "I09_disguised"),
    Case("D09", raw("accounts", b"PK\x03\x04 a workbook", 1), R, "D09_workbook"),
    Case(
        "I09-parquet",
        lambda f: write(f, form="parquet", raw={"accounts": b"PAR1 no"}),
        R,
        "A05_broken_archive",
    ),
    Case("zip", zipped(), A),
]
CASES = [*TRANSPORT, *ENCODING, *STRUCTURE, *NUMBERS, *DATED, *KEYS, *TOTALS, *HOSTILE]
assert len({case.id for case in CASES}) == len(CASES)
