"""The files of decision tables: what they may ask of the machine, and of a spreadsheet."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date

import pytest
import xlsxwriter

from dunwell.kernel.refusal import Refused
from dunwell.portfolio.sheets import from_rows, to_rows
from dunwell.portfolio.tables import sha256
from dunwell.strategy import sheet_files
from dunwell.strategy.sheet_files import check_size, read_sheet, to_csv

KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PARTS = {
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    f'relationships"><Relationship Id="a" Type="{KIND}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{KIND}"><sheets>'
    '<sheet name="s" sheetId="1" r:id="b"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/'
    f'2006/relationships"><Relationship Id="b" Type="{KIND}/worksheet" Target="sheet.xml"/>'
    "</Relationships>",
}


def raw(*rows: str, **more: str) -> bytes:
    """Return a workbook whose only sheet has these rows as they are written."""
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**PARTS, "xl/sheet.xml": sheet, **more}.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def book(write) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
        write(made, made.add_worksheet())
    return buffer.getvalue()


def codes(name: str, data: bytes) -> list[str]:
    with pytest.raises(Refused) as refused:
        read_sheet(name, data)
    return [one.code for one in refused.value.refusals]


@pytest.mark.parametrize(
    ("far", "code"),
    [
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "strategy.too_long"),
        ('<row r="2001"><c r="A2001"><v>1</v></c></row>', "strategy.too_long"),
        ('<row r="2"><c r="XFD2"><v>1</v></c></row>', "strategy.too_wide"),
        ('<row r="2"><c r="CW2"><v>1</v></c></row>', "strategy.too_wide"),
    ],
)
def test_two_cells_far_apart_are_refused_before_a_range_is_built(far, code, tmp_path):
    data = raw('<row r="1"><c r="A1"><v>1</v></c></row>', far)

    assert len(data) < 2_000
    assert codes("t.xlsx", data) == [code]


def test_cells_at_the_limits_are_read():
    data = raw(
        '<row r="1"><c r="A1"><v>1</v></c></row>', '<row r="2000"><c r="CV2000"><v>2</v></c></row>'
    )

    rows = read_sheet("t.xlsx", data)

    assert (len(rows), len(rows[-1]), rows[-1][-1]) == (2_000, 100, 2)


def test_a_workbook_that_unpacks_far_is_refused_before_it_is_unpacked():
    inflated = raw(*(f'<row r="{row}"><c><v>1</v></c></row>' for row in range(1, 900)),
                   **{"xl/other.xml": "<x>" + " " * (40 << 20) + "</x>"})  # fmt: skip

    assert len(inflated) < 100_000
    assert codes("t.xlsx", inflated) == ["strategy.not_xlsx", "intake.I04_too_large"]


def test_what_a_workbook_holds_beside_cells_is_refused_in_words():
    data = book(lambda _, sheet: sheet.write_formula("B1", "=1+1"))

    with pytest.raises(Refused, match=r"B: .*formula"):
        read_sheet("t.xlsx", data)


def test_a_day_that_excel_made_of_a_text_is_not_taken_for_a_number():
    def write(made, sheet):
        sheet.write_string("A1", "in:bucket:int")
        sheet.write_datetime("A2", date(2026, 1, 3), made.add_format({"num_format": "d-mmm"}))

    with pytest.raises(Refused, match="Row 2, column A holds a day"):
        read_sheet("t.xlsx", book(write))


def test_a_cell_of_a_workbook_keeps_its_type_and_an_empty_row_its_number():
    def write(_, sheet):
        sheet.write_row("A2", ["first", "", "third"])
        sheet.write_row("A4", [3.0, True, 2.5])

    assert read_sheet("t.xlsx", book(write)) == [["first", None, "third"], [], [3, True, "2.5"]]


@pytest.mark.parametrize("data", [b"a\n" * 2001, b",".join([b"a"] * 101), b"\n" * 1_000_000 + b"a"])
def test_a_csv_is_read_to_its_limits_only(data):
    assert codes("t.csv", data)[0] in ("strategy.too_long", "strategy.too_wide")


def test_a_size_is_judged_before_the_file_is_read():
    check_size(sheet_files.LARGEST_BYTES)
    with pytest.raises(Refused, match="2 MB"):
        check_size(sheet_files.LARGEST_BYTES + 1)


RISKY = ["=HYPERLINK(1)", "+1", "@SUM(A1)", "-2+3", "＝1", "'=1", "''-x", "'plain", "-x"]


def table_with(note: str):
    rows = [["-5", "a", note], ["-", "b", ""]]
    return from_rows(["in:n:int", "out:t:text", "note"], rows, code="t", version=1)


@pytest.mark.parametrize("note", RISKY)
def test_a_cell_that_a_spreadsheet_would_run_goes_out_as_text_and_comes_back(note):
    table = table_with(note)
    data = to_csv(table)
    (_, first, last) = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    header, *rows = read_sheet("t.csv", data)

    assert not first[2].startswith(("=", "+", "@", "＝", "-"))
    assert (first[0], last[0]) == ("-5", "-")
    assert sha256(from_rows(header, rows, code="t", version=1)) == sha256(table)
    assert to_rows(table)[1][0][2] == note
