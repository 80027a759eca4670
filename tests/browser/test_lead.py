"""A lead's day: who has what, cases change hands, holds are set and lifted."""

from __future__ import annotations

from datetime import date

from playwright.sync_api import expect

TODAY = date(2026, 10, 26)
LEAD = "lead.mid"


def test_the_team_is_seen_with_what_lies_on_each_desk(sit, demo):
    page = sit(LEAD)
    page.goto("/team/")

    desks = demo.ask(
        "SELECT a.name, (SELECT count(*) FROM cases_case c"
        "                WHERE c.collector_id = a.id AND c.state = 'open')"
        " FROM staff_agent a JOIN staff_team t ON t.id = a.team_id"
        " WHERE t.code = 'mid' AND a.role = 'collector' ORDER BY a.username"
    )
    for name, count in desks:
        desk = page.locator(".desk", has_text=name)
        expect(desk).to_contain_text(f"{count}")
    expect(page.locator(".desk")).to_have_count(len(desks))
    page.locator(".desk").first.click()
    expect(page.locator("#collector")).to_have_value("mid.001")
    shown = page.locator("#list tbody td:nth-child(7)").all_inner_texts()
    assert set(shown) == {desks[0][0]}


def test_cases_change_hands_in_bulk(sit, demo):
    page = sit(LEAD)
    page.goto("/team/?collector=mid.001&order=name")
    boxes = page.locator("#list input[name=case]")
    chosen = [int(boxes.nth(n).get_attribute("value")) for n in range(3)]
    for number in range(3):
        boxes.nth(number).check()
    expect(page.locator("[data-picked]")).to_have_text("3")

    page.select_option("#to", "mid.002")
    page.click("#reassign button")
    expect(page.locator("[role=alert]")).to_contain_text("请")  # no reason was given
    page.goto("/team/?collector=mid.001&order=name")
    for number in range(3):
        boxes.nth(number).check()
    page.select_option("#to", "mid.002")
    page.fill("#why", "同事休假")
    page.click("#reassign button")

    expect(page.locator("[role=status]").first).to_contain_text("3")
    now_with = demo.ask(
        "SELECT DISTINCT a.username FROM cases_case c JOIN staff_agent a ON a.id = c.collector_id"
        " WHERE c.id = ANY(%s)",
        chosen,
    )
    assert now_with == [("mid.002",)]
    page.goto(f"/case/{chosen[0]}/")
    expect(page.locator(".entry-assigned").first).to_contain_text("同事休假")


def test_a_whole_page_is_chosen_at_once_and_the_choice_goes_with_the_list(sit):
    page = sit(LEAD)
    page.goto("/team/")

    page.check("[data-pick-all]")
    count = page.locator("#list input[name=case]").count()
    expect(page.locator("[data-picked]")).to_have_text(str(count))
    with page.expect_response(lambda answer: "/team/?" in answer.url):
        page.select_option("#bucket", "7")

    # Other rows stand there now: none of them was chosen.
    expect(page.locator("[data-picked]")).to_have_text("0")


def test_a_hold_is_set_and_lifted(sit, demo):
    page, case = sit(LEAD), demo.case_of("mid.001")
    page.goto(f"/case/{case}/")
    page.click("details.card-footer summary")
    page.select_option("#hold-kind", "litigation")
    page.click(".hold-form button")
    expect(page.locator("[role=alert]")).to_be_visible()  # it rests on nothing

    page.click("details.card-footer summary")
    page.select_option("#hold-kind", "litigation")
    page.fill("#hold-evidence", "法院受理通知书")
    page.click(".hold-form button")
    expect(page.locator(".holds")).to_contain_text("法院受理通知书")
    page.click(".holds summary")
    page.fill(".holds input[name=reason]", "已撤诉")
    page.click(".holds form button")

    expect(page.locator(".holds")).to_have_count(0)
    expect(page.locator(".entry-hold_lifted").first).to_contain_text("已撤诉")
    assert demo.ask(
        "SELECT h.kind, h.lifted_on FROM cases_hold h JOIN cases_case c ON c.party_id = h.party_id"
        " WHERE c.id = %s AND h.kind = 'litigation'", case,
    ) == [("litigation", TODAY)]  # fmt: skip


def test_another_teams_case_is_not_shown(sit, demo):
    page = sit(LEAD)
    answer = page.goto(f"/case/{demo.case_of('late.001')}/")

    assert answer.status == 403
    expect(page.locator(".empty-title")).to_be_visible()
