"""The administrator's page, and the door: sign-in, lock, language."""

from __future__ import annotations

import pytest
from django.test import Client

from dunwell.staff.models import Agent, Role, SignInCount
from dunwell.testing import make
from dunwell.workbench.tests.conftest import told

NEW = {
    "username": "dee", "name": "Dee", "role": "collector", "team": "early", "queues": ["early"],
    "languages": "zh, en", "capacity": "250", "password": "four words of entropy",
}  # fmt: skip


@pytest.fixture
def boss(house, at):
    return at(make.agent(Role.ADMIN, username="boss"))


def test_somebody_joins_and_can_sign_in(boss):
    answer = boss.post("/staff/add/", NEW, follow=True)

    dee = Agent.objects.get(username="dee")
    assert "dee can sign in now." in answer.content.decode()
    assert (dee.team.code, dee.queues, dee.languages, dee.capacity) == (
        "early", ["early"], ["zh", "en"], 250,
    )  # fmt: skip
    assert Client().post("/sign-in/", {"username": "dee", "password": NEW["password"]}).url == "/"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"username": ""}, "staff.bad_name"),
        ({"username": "x" * 65}, "form.username"),
        ({"username": "nul\0"}, "form.username"),
        ({"username": "ada"}, "staff.name_taken"),
        ({"name": " "}, "staff.no_name"),
        ({"name": "x" * 81}, "form.name"),
        ({"role": "king"}, "form.role"),
        ({"team": ""}, "staff.no_team"),
        ({"team": "nowhere"}, "staff.unknown_team"),
        ({"queues": ["nonsense"]}, "form.queues"),
        ({"languages": "zh,klingon-and-more"}, "form.languages"),
        ({"capacity": "many"}, "form.capacity"),
        ({"capacity": "99999999999"}, "form.capacity"),
        ({"capacity": "-1"}, "form.capacity"),
        ({"password": "short"}, "staff.weak_password"),
    ],
)
def test_who_cannot_join_is_told_why_and_the_form_keeps_what_was_typed(change, code, boss):
    answer = boss.post("/staff/add/", {**NEW, **change})

    assert (answer.status_code, told(answer).split(":")[0]) == (422, code)
    assert not Agent.objects.filter(username="dee").exists()
    assert 'value="250"' in answer.content.decode() or "capacity" in change
    assert NEW["password"] not in answer.content.decode()


def test_a_lock_is_seen_and_lifted(boss):
    stranger = Client()
    for _ in range(5):
        stranger.post("/sign-in/", {"username": "ada", "password": "wrong"})
    assert "locked" in boss.get("/staff/").content.decode()

    boss.post("/staff/ada/unlock/")

    assert not SignInCount.objects.exists()
    answer = stranger.post("/sign-in/", {"username": "ada", "password": make.PASSWORD})
    assert answer.status_code == 302


def test_who_leaves_is_out_at_once(house, boss, at):
    ada = at(house.ada)

    boss.post("/staff/ada/leave/")

    assert ada.get("/worklist/").status_code in (302, 403)
    assert not Agent.objects.get(username="ada").is_active


@pytest.mark.parametrize("name", ["boss", "BOSS", "%20Boss"])
def test_nobody_takes_himself_off_the_staff(name, boss):
    answer = boss.post(f"/staff/{name}/leave/")

    assert (answer.status_code, told(answer).split(":")[0]) == (422, "staff.not_oneself")


@pytest.mark.parametrize("username", ["nobody.at.all", "%00"])
def test_somebody_who_is_not_there_does_not_leave(username, boss):
    answer = boss.post(f"/staff/{username}/leave/")

    assert (answer.status_code, told(answer).split(":")[0]) == (422, "staff.unknown")
    assert boss.post(f"/staff/{username}/unlock/").status_code == 302


# -- what people work on ----------------------------------------------------------------

WORK = {"team": "late", "queues": ["late", "mid"], "languages": "zh, en", "capacity": "40"}


def test_the_administrator_changes_what_somebody_works_on(boss):
    form = boss.get("/staff/ada/edit/").context["form"]

    answer = boss.post("/staff/ada/change/", WORK)

    ada = Agent.objects.select_related("team").get(username="ada")
    assert form.initial["queues"] == ["early"] and form.initial["available"] is True
    assert answer["Location"] == "/staff/"
    assert (ada.team.code, sorted(ada.queues), ada.capacity) == ("late", ["late", "mid"], 40)
    assert (ada.languages, ada.available) == (["zh", "en"], False)
    assert "away" in boss.get("/staff/").content.decode()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"team": ""}, "staff.no_team"),
        ({"team": "nowhere"}, "form.team"),
        ({"queues": ["nonsense"]}, "form.queues"),
        ({"capacity": "-1"}, "form.capacity"),
        ({"languages": "?"}, "form.languages"),
    ],
)
def test_work_that_cannot_be_is_refused_and_the_form_keeps_what_was_typed(change, code, boss):
    answer = boss.post("/staff/ada/change/", {**WORK, **change})

    assert (answer.status_code, told(answer).split(":")[0]) == (422, code)
    assert Agent.objects.get(username="ada").capacity == 100
    assert 'value="40"' in answer.content.decode() or "capacity" in change


@pytest.mark.parametrize("name", ["nobody", "%00"])
def test_the_work_of_nobody_has_no_page(name, boss):
    assert boss.get(f"/staff/{name}/edit/").status_code == 404
    assert boss.post(f"/staff/{name}/change/", WORK).status_code == 404


def test_a_lead_says_who_of_his_own_people_is_away(house, at):
    bo = at(house.bo)

    away = bo.post("/team/ada/away/", follow=True)

    assert "Ada is away" in away.content.decode()
    assert not Agent.objects.get(username="ada").available
    assert bo.post("/team/cy/away/").status_code == 403
    assert bo.post("/team/nobody/away/").status_code == 403
    assert Agent.objects.get(username="cy").available
    bo.post("/team/ada/back/")
    assert Agent.objects.get(username="ada").available


# -- one's own password -------------------------------------------------------------------

CHOSEN = "five quite other words here"


def change(browser, old=make.PASSWORD, new=CHOSEN, again=None):
    form = {"old": old, "new": new, "again": new if again is None else again}
    return browser.post("/password/", form)


def test_the_own_password_is_changed_and_other_sessions_end(house, at):
    here, there = at(house.ada), at(house.ada)

    answer = change(here)

    assert answer["Location"] == "/"
    assert here.get("/worklist/").status_code == 200
    assert there.get("/worklist/")["Location"].startswith("/sign-in/")
    form = {"username": "ada", "password": CHOSEN}
    assert Client().post("/sign-in/", form)["Location"] == "/"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"old": "wrong"}, "staff.wrong_password"),
        ({"new": "short"}, "staff.weak_password"),
        ({"again": "another"}, "staff.typed_twice"),
        ({"new": make.PASSWORD}, "staff.same_password"),
    ],
)
def test_a_password_that_cannot_be_is_refused(given, code, house, at):
    browser = at(house.ada)

    answer = change(browser, **given)

    assert (answer.status_code, told(answer).split(":")[0]) == (422, code)
    assert Agent.objects.get(username="ada").check_password(make.PASSWORD)


def test_the_present_password_is_not_guessed_through_a_session_left_open(house, at):
    browser = at(house.ada)
    for _ in range(5):
        change(browser, old="wrong")

    answer = change(browser)

    assert told(answer).split(":")[0] == "staff.locked"
    assert Agent.objects.get(username="ada").check_password(make.PASSWORD)


def test_a_stranger_has_no_password_to_change(db):
    assert Client().get("/password/")["Location"].startswith("/sign-in/")


def test_who_was_given_a_password_changes_it_before_anything_else(boss):
    boss.post("/staff/add/", NEW)
    dee = Client(headers={"accept-language": "en"})
    dee.post("/sign-in/", {"username": "dee", "password": NEW["password"]})

    page = dee.get("/worklist/")
    part = dee.get("/worklist/", headers={"HX-Request": "true"})
    act = dee.post("/next/")

    assert (page["Location"], act["Location"]) == ("/password/", "/password/")
    assert (part.status_code, part["HX-Redirect"]) == (204, "/password/")
    assert "Somebody else has chosen" in dee.get("/password/").content.decode()
    change(dee, old=NEW["password"])
    assert dee.get("/worklist/").status_code == 200


# -- the door -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "leads"),
    [("", "/"), ("/worklist/?q=x", "/worklist/?q=x"), ("https://elsewhere.example/", "/"),
     ("//elsewhere.example/", "/"), ("javascript:alert(1)", "/")],
)  # fmt: skip
def test_the_sign_in_leads_to_our_own_pages_only(asked, leads, house):
    form = {"username": "ADA ", "password": make.PASSWORD, "next": asked}

    assert Client().post("/sign-in/", form)["Location"] == leads


@pytest.mark.parametrize("name", ["ada", "nobody", "nul\0", "x" * 5000])
def test_a_wrong_password_says_nothing_about_the_name(name, house):
    answer = Client(headers={"accept-language": "en"}).post(
        "/sign-in/", {"username": name, "password": "wrong"}
    )

    assert answer.status_code == 422
    assert "Name or password is wrong." in answer.content.decode()


def test_the_sixth_guess_is_locked_out_even_with_the_right_password(house):
    browser = Client(headers={"accept-language": "en"})
    for _ in range(5):
        browser.post("/sign-in/", {"username": "ada", "password": "wrong"})

    answer = browser.post("/sign-in/", {"username": "ada", "password": make.PASSWORD})

    assert (answer.status_code, "is locked until" in answer.content.decode()) == (422, True)


def test_signing_out_is_a_form_and_ends_the_session(house, at):
    browser = at(house.ada)

    assert browser.get("/sign-out/").status_code == 405
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"
    assert browser.get("/worklist/").status_code == 302


def test_chinese_comes_first_and_the_language_is_kept(house, at):
    browser = at(house.ada, **{"accept-language": "fr"})
    assert '<html lang="zh-hans">' in browser.get("/worklist/").content.decode()

    browser.post("/i18n/setlang/", {"language": "en", "next": "/worklist/"})

    assert '<html lang="en">' in browser.get("/worklist/").content.decode()
