"""The bad-input catalogue: one case an entry, with what must follow."""

from __future__ import annotations

from dataclasses import dataclass

from dunwell.intake.tests import spoiling as spoil
from dunwell.intake.tests.making import accounts, as_csv, payments, write
from dunwell.intake.tests.spoiling import Make


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
    Case("A01", spoil.raw("accounts", b"", 0), R, "A01_empty_file"),
    Case(
        "A02", spoil.raw("payments", as_csv("payments", payments()).split(b"\n")[0] + b"\n", 0), A
    ),
    Case("A03", spoil.edited("accounts", lambda b: b[:-60]), R, "A03_cut_in_row"),
    Case(
        "A04",
        spoil.edited("accounts", lambda b: b"\n".join(b.split(b"\n")[:-2]) + b"\n"),
        R,
        "H01_rows",
    ),
    Case("A05", spoil.zipped(cut=40), R, "A05_broken_archive"),
    Case("A06", spoil.without("manifest.json"), H, "A06_no_manifest"),
    Case("A10", spoil.manifest(portfolio="OTHER"), R, "A10_wrong_portfolio"),
    Case("A11", spoil.manifest(environment="uat"), R, "A11_test_data"),
    Case("A15", spoil.without("contacts.csv"), H, "A15_part_missing"),
    Case("A17", spoil.oddly_named("-账户 (终)\u202e.csv"), A, "A17_odd_name"),
    Case("A17-long", spoil.oddly_named("a" * 200 + ".csv"), A, "A17_odd_name"),
    Case("A17-away", spoil.called("../accounts.csv"), R, "I08_unsafe_path"),
    Case("A17-nul", spoil.called("a\0.csv"), R, "I08_unsafe_path"),
    Case("A18", spoil.touched, R, "A18_hash_mismatch"),
    Case(
        "A18-pgp",
        spoil.raw("accounts", b"-----BEGIN PGP MESSAGE-----\n", 3),
        R,
        "A18_signed_or_sealed",
    ),
]
ENCODING = [
    Case("B01", spoil.manifest(), A),
    Case("B02", spoil.edited("accounts", lambda b: b"\xef\xbb\xbf" + b), A, "B02_byte_order_mark"),
    Case("B03", spoil.in_encoding("gbk", "gbk", "王小明"), A),
    Case("B04", spoil.in_encoding("gb18030", "gb18030", "𬱖䶮㛃𠮷"), A),
    Case("B05", spoil.edited("customers", lambda b: b.decode().encode("utf-16")), R, "B05_utf16"),
    Case(
        "B06", spoil.edited("customers", lambda b: b.decode().encode("utf-16-le")), R, "B05_utf16"
    ),
    Case("B07", spoil.in_encoding("gbk", "utf-8", "王小明"), R, "B07_other_encoding"),
    Case("B08", spoil.in_encoding("utf-8", "gb18030", "王小明"), R, "B08_undecodable"),
    Case("B09", spoil.cell("customers", "name", "锟斤拷"), A, "B09_mojibake", 3),
    Case(
        "B10",
        spoil.edited("customers", lambda b: b.replace(b"MFXU"[:1], b"\xed\xa0\x80", 1)),
        R,
        "B08_undecodable",
    ),
    Case(
        "B11", spoil.edited("contacts", lambda b: b.replace(b"bank", b"ba\0k", 1)), A, "B11_nul", 1
    ),
    Case("B12", spoil.cell("customers", "name", "王\u200b小明"), A, "B12_invisible"),
    Case("B12-only", spoil.cell("customers", "name", "\u200b"), A, "E18_empty", 3),
    Case("B13", spoil.cell("customers", "name", "王\ue001"), A, "B13_private_use", 3),
    Case("B14", spoil.in_encoding("utf-8", "big5", "林志明"), R, "B08_undecodable"),
    Case("B15", spoil.cell("customers", "name", "Jose\u0301"), A, "B15_composed"),
    Case("B16", spoil.cell("accounts", "credit_limit", "１２３"), A, "B16_full_width"),
    Case("B17", spoil.raw("accounts", "account_ref".encode("cp037"), 1), R, "B08_undecodable"),
    Case(
        "B18", spoil.edited("accounts", lambda b: b.replace(b"\n", b"\r\n", 2)), A, "B18_line_ends"
    ),
    Case("B18-cr", spoil.edited("accounts", lambda b: b.replace(b"\n", b"\r")), A, "B18_line_ends"),
]
STRUCTURE = [
    Case(
        "C01",
        spoil.edited("accounts", lambda b: b.replace(b"principal", b"principle", 1)),
        R,
        "C01_missing_column",
    ),
    Case(
        "C02",
        spoil.edited("accounts", lambda b: b.replace(b"card_last4", b"card_ending", 1)),
        A,
        "C02_extra_column",
    ),
    Case("C03", spoil.backwards, A),
    Case(
        "C04",
        spoil.edited("accounts", lambda b: b.replace(b"interest", b"principal", 1)),
        R,
        "C04_duplicate_header",
    ),
    Case(
        "C05",
        spoil.edited("accounts", lambda b: b.replace(b"principal", b" Principal ", 1)),
        A,
        "C05_header_style",
    ),
    Case(
        "C06-short",
        spoil.edited("accounts", lambda b: b.replace(b",open\n", b"\n", 1)),
        A,
        "C06_ragged",
        2,
    ),
    Case(
        "C06-long",
        spoil.edited("accounts", lambda b: b.replace(b",open\n", b",open,x\n", 1)),
        A,
        "C06_ragged",
        2,
    ),
    Case(
        "C07",
        spoil.edited("accounts", lambda b: b.replace(b"gold", b'"gold', 1)),
        R,
        "C07_unclosed_quote",
    ),
    Case(
        "C08",
        spoil.edited("accounts", lambda b: b.replace(b"gold", b'"go"ld"', 1)),
        A,
        "C08_quote_inside",
        2,
    ),
    Case(
        "C09",
        spoil.edited("accounts", lambda b: b.replace(b"gold", b"go,ld", 1)),
        A,
        "C06_ragged",
        2,
    ),
    Case("C10", spoil.cell("customers", "city", "上\n海"), A),
    Case(
        "C10-return",
        spoil.edited("customers", lambda b: b.replace("上海".encode(), '"上\r海"'.encode(), 1)),
        A,
        "B18_line_ends",
    ),
    Case("C10-both", spoil.cell("customers", "city", "上\r\n海\n市\r"), A, "B18_line_ends"),
    Case("C11", spoil.edited("accounts", lambda b: b.replace(b",", b";")), R, "C11_separator"),
    Case("C12", spoil.cell("contacts", "value", "9" * 140_000), A, "C12_too_long", 1),
    Case(
        "C13",
        spoil.raw("accounts", b",".join(b"c%d" % n for n in range(100_000)) + b"\n", 0),
        R,
        "C13_too_many_columns",
    ),
    Case(
        "C13-huge-line",
        spoil.raw("accounts", HEAD + b"\n" + b"x" * (40 << 20), 1),
        R,
        "C13_too_many_columns",
    ),
    Case(
        "C14", spoil.edited("accounts", lambda b: b.replace(b"\n", b"\n\n")), A, "C14_blank_lines"
    ),
    Case("C15", spoil.edited("accounts", lambda b: b"Confidential\n" + b), R, "C15_preamble"),
    Case(
        "C16",
        spoil.raw("accounts", b"ACCOUNT   CUSTOMER   AMOUNT\nA1        C1         10\n", 1),
        R,
        "C16_fixed_width",
    ),
    Case("C17", spoil.raw("accounts", b'{"account_ref": "A"}\n', 1), R, "C17_json_lines"),
    Case("C18", spoil.raw("accounts", b"<?xml version='1.0'?><a/>", 1), R, "C18_xml"),
]
NUMBERS = [
    *(
        Case(f"E {value[:20]!r}", spoil.cell("accounts", "interest", value), A, code, 1)
        for value, code in AMOUNTS.items()
    ),
    Case("E05", spoil.cell("accounts", "interest", "１２３"), A, "B16_full_width"),
    Case(
        "E15", spoil.rows_of("accounts", lambda r: r[-1].update(_NOTHING)), A, "E15_nothing_owed", 1
    ),
    Case("E11-half", spoil.cell("accounts", "interest", "0.125"), A, "E11_decimals", 1),
    Case("E20", spoil.cell("accounts", "balance", "1027.16"), A, "E20_balance", 1),
    Case("E20-sum", spoil.cell("accounts", "balance", "1027.15"), A),
    Case("E20-credit", spoil.rows_of("accounts", spoil.credit), A),
    Case("E16", spoil.cell("accounts", "fees", "900000.00"), A, "E16_fees", 1),
]
DATED = [
    *(
        Case(f"F {value!r}", spoil.cell("accounts", "opened_on", value), A, code, 1)
        for value, code in DATES.items()
    ),
    Case("F03", spoil.cell("accounts", "opened_on", "02/03/2020"), R, "F03_ambiguous_date"),
    Case("F08", spoil.cell("customers", "birth_date", "2015-01-01"), A, "F08_age", 3),
    Case("F09", spoil.cell("accounts", "due_on", "2019-01-01"), A, "F09_order", 1),
    Case("F13", spoil.manifest(business_date="2026-02-30"), R, "H05_manifest"),
]
KEYS = [
    Case("G01", spoil.rows_of("accounts", spoil.twice), A, "G01_repeated"),
    Case("G02", spoil.rows_of("accounts", spoil.twice_other), R, "G02_key_twice"),
    Case("G03", spoil.rows_of("accounts", spoil.clash), R, "G03_key_clash"),
    Case("G05", spoil.cell("customers", "id_number", "11010519491231002A"), A, "", 0),
    Case(
        "G05-digit",
        spoil.cell("customers", "id_number", "110105194912310021"),
        A,
        "G05_id_check_digit",
        3,
    ),
    Case("G05-x", spoil.cell("customers", "id_number", "11010519491231002x"), A),
    Case("G06", spoil.cell("contacts", "value", "021-5555"), A, "G06_phone", 1),
    Case("G06-shared", spoil.many, A, "G06_shared_phone", 22),
    Case(
        "G07",
        spoil.rows_of("contacts", lambda r: r[0].update(kind="email", value="test@bank")),
        A,
        "G07_email",
        1,
    ),
    Case("G08", spoil.cell("customers", "name", "测试"), A, "G08_placeholder", 3),
    Case("G09", spoil.cell("customers", "deceased", "maybe"), A, "G09_flag", 3),
    Case("G10", spoil.rows_of("contacts", spoil.guarantor), A, "G10_guarantor_is_debtor", 1),
    Case(
        "G11", spoil.cell("accounts", "product", "card 4111 1111 1111 1111"), A, "G11_card_number"
    ),
    Case(
        "G11-key",
        spoil.cell("accounts", "account_ref", "4111111111111111"),
        A,
        "G11_card_number_as_key",
        1,
    ),
    Case(
        "G12",
        spoil.edited("accounts", lambda b: b.replace(b"card_last4", b"CVV2", 1)),
        R,
        "G12_card_secret",
    ),
    Case("G13", spoil.cell("accounts", "currency", "USD"), A, "G13_currency", 1),
    Case("G16", spoil.cell("accounts", "customer_ref", "NOBODY"), A, "G16_unknown_customer", 1),
    Case("G17", spoil.cell("accounts", "status", "asleep"), A, "G17_not_a_choice", 1),
]
TOTALS = [
    Case("H01", lambda f: write(f, counts={"accounts": 4}), R, "H01_rows"),
    Case("H02", spoil.declared_totals("accounts", principal="3003.31"), R, "H02_total"),
    Case("H03", spoil.declared_totals("accounts", account_ref="4"), R, "H03_hash_total"),
    Case("H03-right", spoil.declared_totals("accounts", account_ref="3"), A),
    Case("H03-unproven", spoil.unproven_hash, A, "H02_unproven", 1),
    Case("H05", lambda f: write(f, files="none"), R, "H05_manifest"),
    Case("H07", spoil.equal, H, "H07_uniform"),
    Case("H08", spoil.cell("payments", "account_ref", "A999999"), A, "H08_unknown_account", 1),
    Case("H09", spoil.reversal(reverses_ref="P999"), A, "H09_no_original", 1),
    Case("H09-more", spoil.reversal(amount="999.00"), A, "H09_reversal", 1),
    Case("H09-fine", spoil.reversal(), A),
    Case(
        "H10",
        spoil.rows_of("payments", lambda r: r.append({**r[0], "amount": "7.00"})),
        R,
        "H10_two_amounts",
    ),
    Case("H11", spoil.rows_of("payments", lambda r: r.append({**r[0], "payment_ref": "P9"})), A),
    Case("H12", spoil.cell("payments", "currency", "USD"), A, "H12_currency", 1),
]
HOSTILE = [
    Case("I01", spoil.cell("customers", "city", "=HYPERLINK(1)"), A),
    Case("I02", spoil.cell("customers", "city", "<script>{{7*7}}"), A),
    Case("I03", spoil.cell("customers", "city", "'); DROP TABLE x;--"), A),
    Case("I04", spoil.zipped(spoil.bomb), R, "I04_too_large"),
    Case("I05", spoil.zipped(lambda z: z.writestr("more.zip", b"PK")), R, "I05_nested"),
    Case("I08", spoil.zipped(lambda z: z.writestr("../evil.csv", b"x")), R, "I08_unsafe_path"),
    Case("I09", spoil.raw("accounts", b"%PDF-1.7\n", 1), R, "I09_disguised"),
    Case("D09", spoil.raw("accounts", b"PK\x03\x04 a workbook", 1), R, "D09_workbook"),
    Case(
        "I09-parquet",
        lambda f: write(f, form="parquet", raw={"accounts": b"PAR1 no"}),
        R,
        "A05_broken_archive",
    ),
    Case("zip", spoil.zipped(), A),
]
CASES = [*TRANSPORT, *ENCODING, *STRUCTURE, *NUMBERS, *DATED, *KEYS, *TOTALS, *HOSTILE]
assert len({case.id for case in CASES}) == len(CASES)
