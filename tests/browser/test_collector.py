"""A collector's day: the list, Next, calls, promises, numbers, notes, the keyboard."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

TODAY = date(2026, 10, 26)
ME = "early.001"
SPOKE = {"reason": "income_late", "willingness": "3", "ability": "2"}


def names(page: Page) -> list[str]:
    return page.locator("#list tbody .who a").all_inner_texts()


def column(page: Page, number: int) -> list[str]:
    return [
        text.split()[0]
        for text in page.locator(f"#list tbody td:nth-child({number})").all_inner_texts()
    ]


def choose(page: Page, name: str, value: str) -> None:
    """Choose in a filter; the list comes anew without the page."""
    with page.expect_response(re.compile(r"/worklist/\?")):
        page.select_option(f"#{name}", value)
    expect(page.locator("#list")).not_to_have_class(re.compile("htmx-"))


def open_call(page: Page, case: int, outcome: str, **fields: str) -> None:
    page.goto(f"/case/{case}/")
    page.select_option("#outcome", outcome)
    for name, value in fields.items():
        field = page.locator(f".call-form [name={name}]")
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def save(page: Page, then: str = "stay") -> None:
    with page.expect_navigation():
        page.click(f".call-form button[value={then}]")


# -- the list -------------------------------------------------------------------------


def test_the_list_is_filtered_ordered_and_searched(sit, demo):
    page = sit(ME)
    page.goto("/worklist/")
    assert column(page, 9) == sorted(column(page, 9), key=int, reverse=True)

    choose(page, "bucket", "2")
    assert set(column(page, 2)) == {"M2"}
    assert "bucket=2" in page.url
    choose(page, "order", "name")
    in_order = demo.ask(
        "SELECT p.name FROM cases_case c JOIN parties_party p ON p.id = c.party_id"
        " JOIN staff_agent a ON a.id = c.collector_id"
        " WHERE a.username = %s AND c.state = 'open' AND c.bucket = 2"
        " ORDER BY p.name_key, c.id LIMIT 50",
        ME,
    )
    assert names(page) == [name for (name,) in in_order]
    page.click("#list .list-count a")
    expect(page.locator("#bucket")).to_have_value("")


@pytest.mark.parametrize("by", ["name", "reference", "phone"])
def test_a_case_is_found_as_it_is_typed(by, sit, demo):
    case = demo.case_of(ME)
    ((name, reference, phone),) = demo.ask(
        "SELECT p.name, p.customer_ref, max(k.ending) FROM cases_case c"
        " JOIN parties_party p ON p.id = c.party_id"
        " JOIN parties_contactpoint k ON k.party_id = p.id AND k.kind = 'mobile'"
        " WHERE c.id = %s GROUP BY 1, 2",
        case,
    )
    page = sit(ME)
    page.goto("/worklist/")

    with page.expect_response(re.compile(r"/worklist/\?q=")):
        page.locator("#q").press_sequentially({"name": name, "reference": reference}.get(by, phone))

    expect(page.locator(f"#list tbody a[href='/case/{case}/']")).to_be_visible()
    assert len(names(page)) < 5


def test_nothing_found_says_what_to_do(sit):
    page = sit(ME)
    page.goto("/worklist/?q=无此人")

    expect(page.locator(".empty-title")).to_have_text("没有符合条件的案件。")


# -- Next, and the case in hand -------------------------------------------------------


def test_next_gives_a_case_that_is_due_and_holds_it(sit, demo):
    page = sit("early.002")
    page.goto("/worklist/")

    page.click(".btn-next")

    case = int(re.search(r"/case/(\d+)/", page.url).group(1))
    ((holder,),) = demo.ask(
        "SELECT a.username FROM cases_lease l JOIN staff_agent a ON a.id = l.holder_id"
        " WHERE l.case_id = %s",
        case,
    )
    assert holder == "early.002"
    expect(page.locator(".case-do")).to_contain_text("由您占用至")
    # Somebody else is told, and gets another.
    lead = sit("lead.early")
    lead.goto(f"/case/{case}/")
    expect(lead.locator(".case-do")).to_contain_text("正在占用此案件")
    expect(lead.locator(".call")).to_have_count(0)


def test_the_case_page_shows_what_is_owed_and_why(sit, demo):
    case = demo.case_of(ME)
    ((name, table, version, row, owed),) = demo.ask(
        "SELECT p.name, c.table_code, c.table_version, c.table_row,"
        " (SELECT sum(s.past_due_minor) FROM accounts_position s"
        "  JOIN accounts_account a ON a.id = s.account_id WHERE a.party_id = p.id"
        "  AND s.snapshot_id = (SELECT max(id) FROM accounts_snapshot))"
        " FROM cases_case c JOIN parties_party p ON p.id = c.party_id WHERE c.id = %s",
        case,
    )
    page = sit(ME)
    page.goto(f"/case/{case}/")

    expect(page.locator("h1")).to_have_text(name)
    expect(page.locator(".case-sums .big")).to_contain_text(f"{owed / 100:,.2f}")
    expect(page.locator(".why-source")).to_contain_text(f"{table}")
    expect(page.locator(".why-source")).to_contain_text(f"{version}")
    expect(page.locator(".why-source")).to_contain_text(f"{row}")
    expect(page.locator("[data-chart=ribbon] canvas")).to_be_visible()
    assert page.locator("text=/09\\d{8}|\\+8869\\d{8}/").count() == 0  # masked


# -- calls ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "parts"),
    [("no_answer", []), ("rpc_unable", ["rpc"]), ("rpc_promise", ["promise", "rpc"]),
     ("rpc_callback", ["callback", "rpc"]), ("rpc_complaint", ["hold", "rpc"]),
     ("deceased_reported", ["hold"])],
)  # fmt: skip
def test_the_form_asks_what_the_outcome_needs(outcome, parts, sit, demo):
    page = sit(ME)
    open_call(page, demo.case_of(ME), outcome)

    shown = page.locator("[data-part]:visible").evaluate_all("n => n.map(x => x.dataset.part)")

    assert sorted(shown) == sorted(parts)


def test_an_incomplete_record_is_refused_in_place_and_then_completed(sit, demo):
    page, case = sit(ME), demo.case_of(ME)
    open_call(page, case, "rpc_unable", note="失业，下月找到工作后还款")

    save(page)

    expect(page.locator("[role=alert]")).to_contain_text("请询问并选择逾期原因。")
    expect(page.locator("[role=alert]")).to_be_focused()
    expect(page.locator("#call-note")).to_have_value("失业，下月找到工作后还款")
    expect(page.locator("#outcome")).to_have_value("rpc_unable")
    for name, value in SPOKE.items():
        page.select_option(f"#{name}", value)
    save(page)
    expect(page.locator("[role=status] .alert")).to_contain_text("已登记催记")
    assert demo.ask("SELECT outcome, note FROM cases_entry WHERE case_id = %s AND kind = 'call'"
                    " ORDER BY id DESC LIMIT 1", case) == [
        ("rpc_unable", "失业，下月找到工作后还款")
    ]  # fmt: skip


def test_a_promise_is_taken(sit, demo):
    page, case = sit(ME), demo.case_of(ME)
    due = TODAY + timedelta(days=7)
    open_call(
        page, case, "rpc_promise", **SPOKE, promise_amount="500", promise_due=str(due),
        promise_method="app",
    )  # fmt: skip

    save(page)

    assert demo.ask(
        "SELECT amount_minor, due_on, method, state FROM plans_promise WHERE case_id = %s"
        " AND state = 'open'", case,
    ) == [(50_000, due, "app", "open")]  # fmt: skip
    expect(page.locator(".badge.promise-open")).to_be_visible()
    expect(page.locator(".entry-promise_taken").first).to_contain_text("500.00")


def test_a_promise_of_more_than_is_owed_is_refused(sit, demo):
    page, case = sit(ME), demo.case_of(ME)
    open_call(
        page, case, "rpc_promise", **SPOKE, promise_amount="999999999",
        promise_due=str(TODAY + timedelta(days=7)),
    )  # fmt: skip

    save(page)

    expect(page.locator("[role=alert]")).to_be_visible()
    expect(page.locator("#promise-amount")).to_have_value("999999999")
    assert demo.ask("SELECT 1 FROM plans_promise WHERE case_id = %s AND state='open'", case) == []


def test_a_promise_is_withdrawn(sit, demo):
    page, case = sit(ME), demo.case_of(ME)
    due = str(TODAY + timedelta(days=7))
    open_call(page, case, "rpc_promise", **SPOKE, promise_amount="300", promise_due=due)
    save(page)

    page.click("[aria-labelledby=promises-title] summary")
    page.fill("[aria-labelledby=promises-title] input[name=reason]", "客户改口")
    page.click("[aria-labelledby=promises-title] form button")

    expect(page.locator("[role=status]")).to_contain_text("已撤回")
    expect(page.locator(".badge.promise-withdrawn").first).to_be_visible()
    assert demo.ask("SELECT 1 FROM plans_promise WHERE case_id = %s AND state='open'", case) == []


def test_a_call_back_is_agreed(sit, demo):
    page, case = sit(ME), demo.case_of(ME)
    open_call(page, case, "rpc_callback", **SPOKE, callback_at="2026-10-27T15:30")

    save(page)

    ((at,),) = demo.ask("SELECT follow_up_at FROM cases_case WHERE id = %s", case)
    assert at == datetime.fromisoformat("2026-10-27T15:30:00+08:00")


def test_an_outcome_sets_the_hold_that_it_names(sit, demo):
    page, case = sit(ME), demo.case_of(ME)
    open_call(page, case, "rpc_complaint", **SPOKE, note="投诉来电过早")
    expect(page.locator("[data-hold-name]")).to_have_text("投诉")

    save(page)

    expect(page.locator(".holds")).to_contain_text("投诉来电过早")
    assert demo.ask(
        "SELECT h.kind FROM cases_hold h JOIN cases_case c ON c.party_id = h.party_id"
        " WHERE c.id = %s AND h.lifted_on IS NULL", case,
    ) == [("complaint",)]  # fmt: skip
    expect(page.locator(".holds summary")).to_have_count(0)  # a collector lifts none


def test_save_and_next_goes_on(sit, demo):
    page, case = sit(ME), demo.case_of(ME)
    open_call(page, case, "no_answer")

    save(page, "next")

    assert re.search(r"/case/\d+/$", page.url) and f"/case/{case}/" not in page.url
    assert demo.ask("SELECT last_outcome FROM cases_case WHERE id = %s", case) == [("no_answer",)]


def test_a_note_and_a_hold_by_hand(sit, demo):
    page, case = sit(ME), demo.case_of(ME)
    page.goto(f"/case/{case}/")
    page.fill("#note-text", "客户要求下午联系 <b>13 点后</b>")
    page.click(".note-form button")
    expect(page.locator("p.entry-note").first).to_have_text("客户要求下午联系 <b>13 点后</b>")

    page.click("details.card-footer summary")
    page.select_option("#hold-kind", "vulnerable")
    page.fill("#hold-until", str(TODAY + timedelta(days=30)))
    page.fill("#hold-evidence", "家属电话说明住院")
    page.click(".hold-form button")

    expect(page.locator(".holds")).to_contain_text("家属电话说明住院")
    assert demo.ask(
        "SELECT h.kind, h.until_on FROM cases_hold h JOIN cases_case c ON c.party_id = h.party_id"
        " WHERE c.id = %s AND h.lifted_on IS NULL", case,
    ) == [("vulnerable", TODAY + timedelta(days=30))]  # fmt: skip


def test_a_number_is_shown_for_a_reason_that_is_kept(sit, demo):
    page, case = sit(ME), demo.case_of(ME)
    ((point, value),) = demo.ask(
        "SELECT k.id, k.value FROM parties_contactpoint k JOIN cases_case c"
        " ON c.party_id = k.party_id WHERE c.id = %s AND k.kind = 'mobile' LIMIT 1", case,
    )  # fmt: skip
    page.goto(f"/case/{case}/")
    expect(page.locator(f"#cp-{point}")).not_to_have_text(value)
    item = page.locator(".contacts li", has=page.locator(f"#cp-{point}"))

    item.locator("summary").click()
    item.locator("input[name=reason]").fill("   ")
    item.locator("form button").click()
    expect(page.locator(f"#cp-{point} [role=alert]")).to_be_visible()
    item.locator("input[name=reason]").fill("核对号码")
    item.locator("form button").click()

    expect(page.locator(f"#cp-{point}")).to_have_text(value)
    assert demo.ask(
        "SELECT data->>'reason' FROM audit_event WHERE kind = 'parties.unmasked'"
        " AND subject = %s", f"case:{case}",
    ) == [("核对号码",)]  # fmt: skip


def test_what_was_typed_survives_until_it_is_saved(sit, demo):
    page, case = sit(ME), demo.case_of(ME)
    open_call(page, case, "rpc_unable", note="写到一半")

    page.goto("/worklist/")
    page.goto(f"/case/{case}/")
    expect(page.locator("#call-note")).to_have_value("写到一半")
    expect(page.locator("[data-part=rpc]")).to_be_visible()
    for name, value in SPOKE.items():
        page.select_option(f"#{name}", value)
    save(page)

    expect(page.locator("[role=status] .alert")).to_be_visible()
    page.goto(f"/case/{case}/")
    expect(page.locator("#call-note")).to_have_value("")


def test_what_was_typed_survives_a_session_that_ended(sit, demo):
    page, case = sit("mid.001"), demo.case_of("mid.001")
    open_call(page, case, "no_answer", note="响铃六声")
    cookies = [one for one in page.context.cookies() if one["name"] != "sessionid"]
    page.context.clear_cookies()
    page.context.add_cookies(cookies)

    save(page)
    page.fill("#username", "mid.001")
    page.fill("#password", demo.password)
    page.click("main button.btn-primary")

    page.wait_for_url(f"**/case/{case}/")
    expect(page.locator("#call-note")).to_have_value("响铃六声")
    assert (
        demo.ask("SELECT 1 FROM cases_entry WHERE case_id = %s AND note = '响铃六声'", case) == []
    )


# -- the keyboard ---------------------------------------------------------------------


def test_the_list_is_worked_by_keyboard(sit, demo):
    page = sit(ME)
    page.goto("/worklist/")

    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Tab")
    page.locator("h1").click()
    for key in "jjk":
        page.keyboard.press(key)
    rows = page.locator("#list tbody tr")
    expect(rows.nth(0)).to_have_class(re.compile("at"))
    target = rows.nth(0).locator("a").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")
    page.keyboard.press("W")
    page.wait_for_url("**/worklist/")


def test_the_case_is_worked_by_keyboard(sit, demo):
    page, case = sit(ME), demo.case_of(ME)
    page.goto(f"/case/{case}/")

    page.keyboard.press("m")
    expect(page.locator("#note-text")).to_be_focused()
    page.locator("h1").click()
    page.keyboard.press("c")
    expect(page.locator("#outcome")).to_be_focused()
    page.select_option("#outcome", "busy")
    page.focus("#call-note")
    page.keyboard.type("nwcm/?")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")

    assert demo.ask(
        "SELECT outcome, note FROM cases_entry WHERE case_id = %s AND kind = 'call'"
        " ORDER BY id DESC LIMIT 1", case,
    ) == [("busy", "nwcm/?")]  # fmt: skip
    page.wait_for_url(re.compile(r"/case/\d+/"))
    page.goto("/worklist/")
    with page.expect_navigation(url=re.compile(r"/case/\d+/")):
        page.keyboard.press("n")
    in_hand = demo.ask(
        "SELECT l.case_id FROM cases_lease l JOIN staff_agent a ON a.id = l.holder_id"
        " WHERE a.username = %s",
        ME,
    )
    assert [f"/case/{pk}/" for (pk,) in in_hand] == [re.search(r"/case/\d+/", page.url).group()]


def test_the_keys_are_listed(sit):
    page = sit(ME)
    page.goto("/worklist/")

    page.keyboard.press("?")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("n")  # not through the list of keys
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.click("[data-keys]")
    page.click("#keys button")
    expect(page.locator("#keys")).to_be_hidden()


# -- language and the door ------------------------------------------------------------


def test_the_language_is_switched_where_one_stands(sit, demo):
    page = sit(ME)
    page.goto("/worklist/?bucket=2")
    expect(page.locator("h1")).to_have_text("作业清单")

    page.click("header button[lang=en]")
    expect(page.locator("h1")).to_have_text("Worklist")
    assert page.url.endswith("/worklist/?bucket=2")
    page.goto(f"/case/{demo.case_of(ME)}/")
    page.click(".call-form button[value=stay]")
    expect(page.locator("[role=alert]")).to_contain_text("Choose what the call ended with.")
    page.click("header button[lang=zh-hans]")

    expect(page.locator("#call-title")).to_contain_text("登记通话")


def test_the_door(sit, demo):
    page = sit("")
    page.goto("/worklist/")
    page.fill("#username", "late.001")
    page.fill("#password", "not the word")
    page.click("main button.btn-primary")
    expect(page.locator("[role=alert]")).to_contain_text("登录名或密码错误")

    page.fill("#password", demo.password)
    page.click("main button.btn-primary")
    page.wait_for_url("**/worklist/")
    page.click("header button[aria-label=退出登录]")

    page.wait_for_url("**/sign-in/")
    page.goto("/worklist/")
    assert "/sign-in/" in page.url


def test_a_part_of_the_page_leads_to_the_door_when_the_session_ended(sit):
    page = sit("mid.002")
    page.goto("/worklist/")
    page.context.clear_cookies()

    page.select_option("#bucket", "2")

    page.wait_for_url("**/sign-in/**")
    expect(page.locator("#username")).to_be_visible()
