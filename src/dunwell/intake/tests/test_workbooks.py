"""Workbooks cell by cell: what is read is what Excel and another reader see."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook as OpenpyxlBook
from python_calamine import CalamineWorkbook

from dunwell.accounts.models import Account, Position
from dunwell.intake import workbook
from dunwell.intake.actions import load_delivery
from dunwell.intake.cell_parts import shown_as
from dunwell.intake.cell_values import plain
from dunwell.intake.layout import KINDS, Column, Type
from dunwell.intake.mapping import Layout
from dunwell.intake.models import QuarantinedRow
from dunwell.intake.sheet_rows import letters
from dunwell.intake.tests import making, sheets
from dunwell.parties.models import Party

TYPES = {"text": Type.TEXT, "amount": Type.SIGNED, "day": Type.DATE, "flag": Type.FLAG}
WANTED = [Column(name, kind) for name, kind in TYPES.items()]


def read(body, folder, layout=None):
    """Return the rows that a workbook's only sheet is written out as, and what was found."""
    path = folder / "book.xlsx"
    path.write_bytes(body)
    with workbook.table(path, file="book.xlsx", sheet="", work=folder) as table:
        table.read_header()
        clean = table.rewrite(WANTED, layout or Layout(), lambda rows: None)
    with clean.path.open(encoding="utf-8", newline="") as source:
        return list(csv.reader(source))[1:], clean


def written(rows, **options):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as book:
        sheet = book.add_worksheet()
        shown = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, list(TYPES))
        for number, (text, amount, day, flag) in enumerate(rows, start=1):
            sheet.write_string(number, 0, text)
            sheet.write_number(number, 1, amount)
            sheet.write_datetime(number, 2, datetime.combine(day, datetime.min.time()), shown)
            sheet.write_boolean(number, 3, flag)
    return out.getvalue()


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
AMOUNT = st.integers(-(10**13), 10**13).map(lambda minor: minor / 100)
ROWS = st.lists(
    st.tuples(TEXT, AMOUNT, st.dates(date(1904, 1, 2), date(2099, 12, 31)), st.booleans()),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, since_1904=st.booleans())
def test_what_was_written_is_read_and_another_reader_agrees(tmp_path_factory, rows, since_1904):
    body = written(rows, date_1904=since_1904)

    found, clean = read(body, tmp_path_factory.mktemp("book"))

    assert [(row[0], row[4]) for row in found] == [
        (str(number), str(flag).lower()) for number, (_, _, _, flag) in enumerate(rows, start=2)
    ]
    other = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    for mine, given_row, theirs in zip(found, rows, other[1:], strict=True):
        assert mine[1].replace("\r\n", "\n") == given_row[0].replace("\r\n", "\n")
        assert float(mine[2]) == round(given_row[1], 2) == theirs[1]
        assert mine[3] == given_row[2].isoformat() == theirs[2].isoformat()[:10]
    assert (clean.faults, clean.broken) == ([], {})


def test_a_book_by_another_writer_reads_the_same(tmp_path):
    book = OpenpyxlBook()
    book.active.append(list(TYPES))
    book.active.append(["王小明\n二", 1000.1, date(2026, 11, 23), True])
    book.active["A4"] = "later"
    out = io.BytesIO()
    book.save(out)

    found, clean = read(out.getvalue(), tmp_path)

    assert found == [
        ["2", "王小明\n二", "1000.1", "2026-11-23", "true"],
        ["4", "later", "", "", ""],
    ]
    assert [(note.code, note.count) for note in clean.findings] == [("intake.C14_blank_lines", 1)]


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("1.1000000000000001", "1.1"),
        ("0.30000000000000004", "0.3"),
        ("1E-3", "0.001"),
        ("1.2345678901234567E+20", "123456789012346000000"),
        ("9999999999999.99", "9999999999999.99"),
        ("-5", "-5"),
    ],
)
def test_a_number_is_read_as_excel_shows_it(kept, shown):
    assert plain(kept) == shown


@pytest.mark.parametrize(
    ("number", "code", "shown"),
    [
        ("0", "", ""),
        ("14", "", "date"),
        ("10", "", "percent"),
        ("44", "", "money"),
        ("164", "#,##0.00;[Red]-#,##0.00", ""),
        ("164", "[$-804]yyyy年m月d日", "date"),
        ("164", "[$-409]#,##0.00", ""),
        ("164", '"￥"#,##0.00', "money"),
        ("164", "[$CNY] #,##0.00", "money"),
        ("164", "0.0%", "percent"),
        ("164", '0.00" days"', ""),
        ("164", "[h]:mm", "date"),
        ("164", "General", ""),
        ("99999", "", ""),
    ],
)
def test_a_format_says_how_a_number_is_shown(number, code, shown):
    assert shown_as(number, code) == shown


@pytest.mark.parametrize(("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (16_383, "XFD")])
def test_columns_are_named_as_people_see_them(place, name):
    assert letters(place) == name


def test_a_layouts_own_dates_and_decimals_are_what_its_cells_become(tmp_path):
    body = written([("a", 1000.5, date(2026, 11, 23), False)])

    found, _ = read(body, tmp_path, Layout(dates="DD/MM/YYYY", decimal=",", thousands="."))

    assert found == [["2", "a", "1000,5", "23/11/2026", "false"]]


def finding(delivery, code):
    return next(f for f in delivery.report["findings"] if f["code"] == f"intake.{code}")


@pytest.mark.usefixtures("committed_db")
class TestDelivered:
    """Workbooks as deliveries."""

    def test_a_refusal_names_the_sheets_row_and_the_column(self, tmp_path):
        making.portfolio()
        path = sheets.cell("account_ref", 622202123456789012)(tmp_path / "d")

        told = finding(load_delivery(path, now=making.NOW), "D01_number_for_text")

        assert (told["file"], told["row"], told["column"]) == ("accounts.xlsx", 4, "account_ref")

    def test_a_row_below_blank_ones_waits_under_its_own_number(self, tmp_path):
        making.portfolio()

        def edit(book, sheet):
            for place, name in enumerate(making.header("accounts", making.accounts())):
                sheet.write_string(9, place, making.accounts(4)[3].get(name, ""))
            sheet.write_string(9, sheets.place("interest"), "1e5")
            sheet.write_string(9, sheets.place("customer_ref"), "C000001")

        delivery = load_delivery(sheets.edited(edit, rows=4)(tmp_path / "d"), now=making.NOW)

        waiting = QuarantinedRow.objects.get()
        assert (waiting.row, waiting.values["account_ref"]) == (10, "A000003")
        assert finding(delivery, "C14_blank_lines")["count"] == 5

    def test_days_since_1904_are_the_same_days(self, tmp_path):
        making.portfolio()
        path = sheets.edited(lambda book, sheet: None, date_1904=True)(tmp_path / "d")

        delivery = load_delivery(path, now=making.NOW)

        assert delivery.state == "applied"
        assert set(Account.objects.values_list("opened_on", flat=True)) == {date(2020, 5, 1)}
        assert Position.objects.first().due_on == date(2026, 11, 20)

    def test_money_and_width_are_taken_as_the_mapping_declares_them(self, tmp_path):
        making.portfolio()
        path = sheets.cell("interest", 24, '"￥"#,##0.00')(tmp_path / "d")
        layout = "accounts:\n  shown_as: money\n  widths: {account_ref: %d}\n"

        narrow = load_delivery(path, now=making.NOW, mapping=layout % 8)
        assert (narrow.state, finding(narrow, "D03_width")["count"]) == ("refused", 3)
        taken = load_delivery(path, now=making.NOW, mapping=layout % 7)

        assert (taken.state, taken.report["findings"]) == ("applied", [])
        assert Position.objects.get(account__account_ref="A000002").interest_minor == 2400

    def test_text_from_a_sheet_is_stored_as_it_was_typed(self, tmp_path):
        making.portfolio()
        rows = making.good()
        rows["customers"][0]["employer"] = "=cmd|' /C calc'!A0 _x0041_ <b>"

        load_delivery(making.write(tmp_path / "d", rows, form="xlsx"), now=making.NOW)

        kept = Party.objects.get(customer_ref="C000000").employer
        assert kept == "=cmd|' /C calc'!A0 _x0041_ <b>"

    def test_the_columns_that_are_known_take_part_and_no_others(self, tmp_path):
        wanted = Layout().wanted(KINDS["payments"], ["amount", "remark", "payment_ref"])

        assert [column and column.name for column in wanted] == ["amount", None, "payment_ref"]
