"""Strategy: the table comes down, is edited, goes up as a draft, a second person approves."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect


def sheet(page) -> bytes:
    page.goto("/tables/treatment/1/")
    with page.expect_download() as got:
        page.click("a[href$='file.csv']")
    assert got.value.suggested_filename == "treatment-v1.csv"
    return Path(got.value.path()).read_bytes()


def upload(page, data: bytes) -> None:
    page.goto("/tables/")
    page.set_input_files("#file", {"name": "treatment.csv", "mimeType": "text/csv", "buffer": data})
    page.fill("#note", "M1 首次逾期提前一天联系")
    page.click("form[action$='/upload/'] button")


def test_a_table_is_drafted_by_one_and_approved_by_another(sit, demo):
    lin = sit("strategy")
    changed = sheet(lin).replace(b",60,", b",61,", 1)

    upload(lin, changed)

    lin.wait_for_url("**/tables/treatment/2/")
    expect(lin.locator("tr.new")).to_have_count(1)
    expect(lin.locator(".state-draft")).to_be_visible()
    lin.click("form[action$='/approve/'] button")
    expect(lin.locator("[role=alert]")).to_be_visible()
    assert demo.ask("SELECT state FROM strategy_tableversion WHERE version = 2") == [("draft",)]

    other = sit("strategy.2")
    other.goto("/tables/treatment/2/")
    other.fill("#day", "2026-11-01")
    other.click("form[action$='/approve/'] button")
    expect(other.locator("[role=status]")).to_contain_text("2026-11-01")
    expect(other.locator(".state-approved")).to_be_visible()
    assert demo.ask(
        "SELECT state, in_force_from::text FROM strategy_tableversion WHERE version = 2"
    ) == [("approved", "2026-11-01")]


def test_a_sheet_with_faults_is_refused_with_their_rows(sit, demo):
    page = sit("strategy")
    rows = sheet(page).split(b"\r\n")
    rows[3] = rows[3].replace(b",", b",??,", 1)

    upload(page, b"\r\n".join(rows))

    expect(page.locator("[role=alert]")).to_contain_text("4")
    assert demo.ask("SELECT count(*) FROM strategy_tableversion WHERE note = %s",
                    "M1 首次逾期提前一天联系")[0][0] <= 1  # fmt: skip


def test_a_workbook_comes_down(sit):
    page = sit("strategy.2")
    page.goto("/tables/")

    with page.expect_download() as got:
        page.locator("a[href$='file.xlsx']").first.click()

    assert Path(got.value.path()).read_bytes().startswith(b"PK")


def test_the_row_that_decided_is_lit(sit, demo):
    page, case = sit("lead.late"), demo.case_of("late.001")
    page.goto(f"/case/{case}/")

    page.click(".why-source a")

    ((row,),) = demo.ask("SELECT table_row FROM cases_case WHERE id = %s", case)
    expect(page.locator("tr.lit td").first).to_have_text(str(row))
    expect(page.locator("form[action$='/approve/'], form[action$='/upload/']")).to_have_count(0)
