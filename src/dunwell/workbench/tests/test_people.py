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


def test_nobody_takes_himself_off_the_staff(boss):
    answer = boss.post("/staff/boss/leave/")

    assert (answer.status_code, told(answer).split(":")[0]) == (422, "staff.not_oneself")


@pytest.mark.parametrize("username", ["nobody.at.all", "%00"])
def test_somebody_who_is_not_there_does_not_leave(username, boss):
    answer = boss.post(f"/staff/{username}/leave/")

    assert (answer.status_code, told(answer).split(":")[0]) == (422, "staff.unknown")
    assert boss.post(f"/staff/{username}/unlock/").status_code == 302


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
