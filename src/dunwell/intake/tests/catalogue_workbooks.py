"""Part D of the bad-input catalogue, and what else a workbook can do to its reader."""

from __future__ import annotations

from dunwell.intake.tests import sheets, spoiling
from dunwell.intake.tests.catalogue import A, Case, R
from dunwell.intake.tests.making import as_xlsx, good, write

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
INTEREST = b'<c r="P4"><v>20.05</v></c>'
EXTERNAL = ' TargetMode="External"'

EXCEL = [
    Case("D01", sheets.cell("account_ref", 622202123456789012), R, "D01_number_for_text"),
    Case("D01-true", sheets.cell("customer_ref", True), R, "D01_number_for_text"),
    Case("D01-text", sheets.cell("product", 7), R, "D01_number_for_text"),
    Case("D02", sheets.cell("account_ref", "6.22202E+18"), R, "D02_exponent"),
    Case("D02-csv", spoiling.cell("accounts", "account_ref", "6.22202E+18"), R, "D02_exponent"),
    Case("D04", sheets.cell("opened_on", 45000), A, "D04_day_numbers"),
    Case("D05-59", sheets.cell("opened_on", 59), A, "D05_day_number", 1),
    Case("D05-60", sheets.cell("opened_on", 60, "yyyy-mm-dd"), A, "D05_day_number", 1),
    Case("D05-minus", sheets.cell("opened_on", -1), A, "D05_day_number", 1),
    Case("D05-beyond", sheets.cell("opened_on", 2958466), A, "D05_day_number", 1),
    Case("D05-time", sheets.cell("opened_on", 45000.5, "yyyy-mm-dd"), A, "F11_time_in_date", 1),
    Case("D06", sheets.edited(lambda b, s: None, date_1904=True), A, "D06_since_1904"),
    Case("D07", sheets.cell("opened_on", "13/05/2020"), A, "D07_day_as_text", 1),
    Case("D07-ambiguous", sheets.cell("opened_on", "03/05/2020"), A, "D07_day_as_text", 1),
    Case("D07-iso", sheets.cell("opened_on", "2020-05-13"), A),
    Case("D08", sheets.edited(sheets.formula), R, "D08_formula"),
    Case("D09-macro", sheets.related("vbaProject"), R, "D09_active"),
    Case("D09-link", sheets.related("externalLink"), R, "D09_active"),
    Case("D09-ole", sheets.related("oleObject"), R, "D09_active"),
    Case("D09-fetch", sheets.related("image", EXTERNAL), R, "D09_active"),
    Case("D09-mail", sheets.related("hyperlink", EXTERNAL), A),
    Case("D09-password", sheets.delivered(lambda: OLE), R, "D09_protected"),
    Case("D09-xls", sheets.named("accounts.xls", OLE), R, "D09_protected"),
    Case("D09-ods", sheets.named("a.ods", sheets.other_zip("mimetype")), R, "D09_workbook"),
    Case("D09-zip", sheets.delivered(lambda: sheets.other_zip("a.csv")), R, "D09_workbook"),
    Case("D09-html", sheets.delivered(lambda: b"<html><table>"), R, "I09_disguised"),
    Case(
        "D09-csv",
        lambda folder: write(folder, raw={"accounts": as_xlsx("accounts", good()["accounts"])}),
        R,
        "D09_workbook",
    ),
    Case("D10-row", sheets.edited(sheets.hidden_row), R, "D10_hidden"),
    Case("D10-column", sheets.edited(sheets.hidden_column), R, "D10_hidden"),
    Case("D10-filter", sheets.edited(sheets.filtered), R, "D10_hidden"),
    Case("D10-merged", sheets.edited(sheets.merged), R, "D10_merged"),
    Case("D10-sheets", sheets.edited(sheets.second_sheet), R, "D10_sheets"),
    Case("D10-hidden-sheet", sheets.edited(sheets.hidden_sheet), R, "D10_sheets"),
    Case("D10-named", sheets.named_sheet, A),
    Case(
        "D11",
        sheets.part(sheets.SHEET, b'<dimension ref="A1:S4"/>', b'<dimension ref="A1:A1"/>'),
        A,
    ),
    Case("D12", sheets.edited(sheets.cut), R, "D12_last_row"),
    Case("D13", sheets.edited(sheets.formatted_rows), A, "D13_empty_rows"),
    Case(
        "D14",
        sheets.part(sheets.SHEET, INTEREST, b'<c r="P4" t="e"><v>#N/A</v></c>'),
        A,
        "D14_error_cell",
        1,
    ),
    Case("D15-percent", sheets.cell("interest", 0.24, "0.00%"), A, "D15_shown_otherwise", 1),
    Case("D15-money", sheets.cell("interest", 24, '"￥"#,##0.00'), A, "D15_shown_otherwise", 1),
    Case("D15-date", sheets.cell("interest", 24, "yyyy-mm-dd"), A, "D15_shown_otherwise", 1),
    Case("D15-grouped", sheets.cell("interest", 2400.5, "#,##0.00;[Red]-#,##0.00"), A),
]
SHAPE = [
    Case("D-inexact", sheets.part(sheets.SHEET, INTEREST, INTEREST.replace(b"20.05", b"20.050000000000001")), A),
    Case("D-E11", sheets.cell("interest", 0.125), A, "E11_decimals", 1),
    Case("D-E14", sheets.cell("interest", -5), A, "E14_negative", 1),
    Case("D-E01", sheets.cell("interest", "1,234.56"), A, "E01_grouped", 1),
    Case("D-C01", sheets.edited(lambda b, s: s.write_string(0, 0, "konto")), R, "C01_missing_column"),
    Case("D-C04", sheets.edited(lambda b, s: s.write_string(0, 0, "product")), R, "C04_duplicate_header"),
    Case("D-C06", sheets.edited(lambda b, s: s.write_string(3, 40, "x")), A, "C06_ragged", 1),
    Case("D-C15", sheets.edited(lambda b, s: [s.write_string(0, n, "") for n in range(1, 30)]), R, "C15_preamble"),
    Case("D-H01", sheets.edited(lambda b, s: None, rows=4), R, "H01_rows"),
    Case("D-C10", sheets.cell("product", "go\r\nl\nd\r"), A),
    Case("D-inline", sheets.part(sheets.SHEET, INTEREST, b'<c r="P4" t="inlineStr"><is><t>20.05</t></is></c>'), A),
    Case("D-unplaced", sheets.part(sheets.SHEET, INTEREST, b"<c><v>20.05</v></c>"), A),
]  # fmt: skip
HOSTILE = [
    Case("D-C18", sheets.delivered(lambda: sheets.bomb("entities")), R, "C18_xml"),
    Case("D-I04", sheets.delivered(lambda: sheets.bomb("zeros")), R, "I04_too_large"),
    Case("D-deep", sheets.delivered(lambda: sheets.bomb("deep")), R, "A05_broken_archive"),
    Case("D-tag", sheets.delivered(lambda: sheets.bomb("tag")), R, "A05_broken_archive"),
    Case("D-names", sheets.delivered(lambda: sheets.bomb("names")), R, "A05_broken_archive"),
    Case("D-cut", sheets.delivered(lambda: as_xlsx("accounts", good()["accounts"])[:-60]), R, "A05_broken_archive"),
    Case("D-twice", sheets.part(sheets.SHEET, b'<c r="P4">', b'<c r="O4">'), R, "A05_broken_archive"),
    Case("D-elsewhere", sheets.part(sheets.SHEET, b'<c r="P4">', b'<c r="P9">'), R, "A05_broken_archive"),
    Case("D-backwards", sheets.part(sheets.SHEET, b'<row r="4"', b'<row r="2"'), R, "A05_broken_archive"),
    Case("D-no-text", sheets.part(sheets.SHEET, b't="s"><v>0<', b't="s"><v>999<'), R, "A05_broken_archive"),
    Case("D-no-xml", sheets.part(sheets.SHEET, b"<sheetData>", b"<sheetData"), R, "A05_broken_archive"),
]  # fmt: skip
WORKBOOKS = [*EXCEL, *SHAPE, *HOSTILE]
