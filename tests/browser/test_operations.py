"""A day in operations: a delivery with faults, its rows decided, the day run and read."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

ME = "operations"


@pytest.fixture(scope="module")
def delivery(demo) -> int:
    return demo.ask("SELECT id FROM intake_delivery WHERE business_date = '2026-10-26'")[0][0]


def row_of(demo, delivery: int, kind: str) -> int:
    rows = demo.ask(
        "SELECT id FROM intake_quarantinedrow WHERE delivery_id = %s AND kind = %s", delivery, kind
    )
    assert len(rows) == 1
    return rows[0][0]


def state_of(demo, row: int) -> str:
    return demo.ask("SELECT state FROM intake_quarantinedrow WHERE id = %s", row)[0][0]


def test_a_row_is_corrected_and_released(sit, demo, delivery):
    row = row_of(demo, delivery, "accounts")
    page = sit(ME)
    page.goto("/deliveries/")
    page.click(f"a[href='/deliveries/{delivery}/']")
    expect(page.locator("body")).to_contain_text("1e5")
    page.click(f"a[href='/quarantine/{row}/']")

    expect(page.locator("#v-interest")).to_have_class("form-control is-invalid")
    page.fill("#v-interest", "2e5")
    page.click("form.card:has(#v-interest) button.btn-primary")
    expect(page.locator("[role=alert]")).to_be_visible()
    expect(page.locator("#v-interest")).to_have_value("2e5")
    page.fill("#v-interest", "12.50")
    page.click("form.card:has(#v-interest) button.btn-primary")

    expect(page.locator("[role=status]")).to_contain_text("已")
    assert state_of(demo, row) == "released"
    reference = page_value(demo, row)
    assert demo.ask(
        "SELECT s.interest_minor FROM accounts_position s JOIN accounts_account a"
        " ON a.id = s.account_id WHERE a.account_ref = %s ORDER BY s.snapshot_id DESC LIMIT 1",
        reference,
    ) == [(1250,)]


def page_value(demo, row: int) -> str:
    return demo.ask("SELECT values->>'account_ref' FROM intake_quarantinedrow WHERE id = %s", row)[
        0
    ][0]


def test_a_row_is_dismissed_for_a_reason(sit, demo, delivery):
    row = row_of(demo, delivery, "contacts")
    page = sit(ME)
    page.goto(f"/quarantine/{row}/")

    page.click("form.dismiss button")
    expect(page.locator("[role=alert]")).to_be_visible()
    page.fill("#reason", "号码无效，客户已换号")
    page.click("form.dismiss button")

    expect(page.locator("[role=status]")).to_be_visible()
    assert state_of(demo, row) == "dismissed"
    page.goto(f"/deliveries/{delivery}/?state=dismissed")
    expect(page.locator("tbody", has_text="罗丹").last).to_be_visible()
    page.goto(f"/quarantine/{row}/")
    expect(page.locator("form.dismiss")).to_have_count(0)


def test_a_file_that_is_no_delivery_is_told(sit, demo):
    page = sit(ME)
    page.goto("/deliveries/")

    page.set_input_files(
        "#file",
        {"name": "2026-10-27.zip", "mimeType": "application/zip", "buffer": b"not an archive"},
    )
    page.click("form.load button")

    expect(page.locator(".state-refused, [role=alert]").first).to_be_visible()


def test_the_day_is_run_and_read(sit, demo):
    page = sit(ME)
    page.goto("/days/")
    expect(page.locator("#day")).to_have_value("2026-10-26")
    page.fill("#day", "2062-10-26")
    page.click("form[action$='/run/'] button")
    expect(page.locator("[role=alert]")).to_contain_text("尚未到来")

    page.fill("#day", "2026-10-26")
    page.click("form[action$='/run/'] button")
    page.wait_for_url("**/progress/")
    expect(page.locator("#progress a.btn-primary")).to_be_visible(timeout=60_000)
    page.click("#progress a.btn-primary")

    expect(page.locator("canvas")).to_have_count(3)
    expect(page.locator("h1")).to_contain_text("2026年10月26日")
    assert demo.ask("SELECT count(*) FROM daybook_steprun WHERE day = '2026-10-26'") == [(5,)]
    page.goto("/days/")
    expect(page.locator("#list, .list tbody tr").first).to_contain_text("2026")
    page.fill("#day", "2026-10-26")
    page.click("form[action$='/run/'] button")
    expect(page.locator("[role=alert]")).to_be_visible()
