"""The administrator's page, and the auditor who may look and may not act."""

from __future__ import annotations

from playwright.sync_api import expect

WORD = "a word for the first day"
CHOSEN = "four words of her own"


def test_somebody_joins_signs_in_and_leaves(sit, demo):
    admin = sit("admin")
    admin.goto("/staff/")
    admin.click("details summary")
    admin.fill("#username", "early.777")
    admin.fill("#name", "新同事")
    admin.select_option("#role", "collector")
    admin.select_option("#queues", ["early"])
    admin.fill("#password", WORD)
    admin.click("form[action$='/add/'] button")
    expect(admin.locator("[role=alert]")).to_be_visible()  # of which team?
    expect(admin.locator("#name")).to_have_value("新同事")

    admin.select_option("#team", "early")
    admin.select_option("#queues", ["early"])
    admin.fill("#password", WORD)
    admin.click("form[action$='/add/'] button")
    expect(admin.locator("[role=status]")).to_contain_text("early.777")

    new = sit("")
    new.goto("/sign-in/")
    new.fill("#username", "early.777")
    new.fill("#password", WORD)
    new.click("main button.btn-primary")
    expect(new.locator("h1")).to_have_text("修改密码")
    new.goto("/worklist/")
    new.fill("#old", WORD)
    new.fill("#new", CHOSEN)
    new.fill("#again", CHOSEN)
    new.click("main button.btn-primary")
    expect(new.locator("h1")).to_have_text("作业清单")

    row = admin.locator("tr", has_text="early.777")
    row.locator("summary").click()
    row.locator("details button").click()
    expect(admin.locator("[role=status]")).to_be_visible()
    new.goto("/worklist/")
    assert "/sign-in/" in new.url
    assert demo.ask("SELECT is_active FROM staff_agent WHERE username = 'early.777'") == [(False,)]


def test_a_locked_name_is_unlocked(sit, demo):
    stranger = sit("")
    stranger.goto("/sign-in/")
    for _ in range(6):
        stranger.fill("#username", "special.001")
        stranger.fill("#password", "wrong")
        stranger.click("main button.btn-primary")
    expect(stranger.locator("[role=alert]")).to_contain_text("锁定")
    admin = sit("admin")
    admin.goto("/staff/")
    row = admin.locator("tr", has_text="special.001")
    expect(row).to_contain_text("已锁定")

    row.locator("form[action$='/unlock/'] button").click()

    expect(admin.locator("tr", has_text="special.001")).not_to_contain_text("已锁定")
    stranger.fill("#username", "special.001")
    stranger.fill("#password", demo.password)
    stranger.click("main button.btn-primary")
    stranger.wait_for_url("**/worklist/")


def test_an_auditor_looks_and_does_not_act(sit, demo):
    page, case = sit("auditor"), demo.case_of("late.001")
    ((delivery,),) = demo.ask("SELECT max(id) FROM intake_delivery WHERE state = 'applied'")
    for path in ("/worklist/", f"/case/{case}/", "/team/", "/deliveries/", "/days/", "/tables/",
                 f"/deliveries/{delivery}/", "/tables/treatment/1/", "/staff/"):  # fmt: skip
        assert page.goto(path).status == 200, path
        acts = page.locator("main form[method=post]")
        assert acts.count() == 0, path
    before = demo.ask("SELECT count(*) FROM cases_entry WHERE case_id = %s", case)

    token = page.locator("header input[name=csrfmiddlewaretoken]").first.input_value()
    for path, form in (
        (f"/case/{case}/note/", {"note": "x"}), (f"/case/{case}/take/", {}), ("/next/", {}),
        ("/team/reassign/", {"case": str(case), "to": "pool", "reason": "x"}),
        ("/staff/early.001/leave/", {}),
    ):  # fmt: skip
        answer = page.request.post(path, form={"csrfmiddlewaretoken": token, **form})
        assert answer.status == 403, path

    assert demo.ask("SELECT count(*) FROM cases_entry WHERE case_id = %s", case) == before
