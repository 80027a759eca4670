"""Every page: who sees it, who is refused, and by which method it is asked."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from dunwell.staff.access import RIGHTS, Can
from dunwell.staff.models import Role
from dunwell.testing import make
from dunwell.workbench.urls import urlpatterns

CASE = {"case_id": "case"}
# Name of the page: what its path needs, how it is asked, which rights open it.
PAGES = {
    "worklist": ({}, "get", {Can.SEE_CASES}),
    "next": ({}, "post", {Can.WORK_CASE}),
    "case": (CASE, "get", {Can.SEE_CASES}),
    "take": (CASE, "post", {Can.WORK_CASE}),
    "call": (CASE, "post", {Can.WORK_CASE}),
    "note": (CASE, "post", {Can.WORK_CASE}),
    "hold": (CASE, "post", {Can.SET_HOLD}),
    "lift": ({**CASE, "kind": "dispute"}, "post", {Can.SET_HOLD}),
    "withdraw": ({**CASE, "promise_id": "promise"}, "post", {Can.WORK_CASE}),
    "reveal": ({**CASE, "point_id": "phone"}, "post", {Can.UNMASK}),
    "timeline": (CASE, "get", {Can.SEE_CASES}),
    "team": ({}, "get", {Can.SEE_TEAM}),
    "reassign": ({}, "post", {Can.REASSIGN}),
    "away": ({"username": "ada"}, "post", {Can.SET_AWAY}),
    "back": ({"username": "ada"}, "post", {Can.SET_AWAY}),
    "deliveries": ({}, "get", {Can.SEE_DELIVERIES}),
    "load": ({}, "post", {Can.LOAD_DELIVERY}),
    "delivery": ({"delivery_id": "delivery"}, "get", {Can.SEE_DELIVERIES}),
    "approve": ({"delivery_id": "delivery"}, "post", {Can.LOAD_DELIVERY}),
    "mappings": ({}, "get", {Can.SEE_DELIVERIES}),
    "keep-mapping": ({}, "post", {Can.LOAD_DELIVERY}),
    "row": ({"row_id": "row"}, "get", {Can.CORRECT_ROWS}),
    "reveal-row": ({"row_id": "row"}, "post", {Can.CORRECT_ROWS}),
    "release": ({"row_id": "row"}, "post", {Can.CORRECT_ROWS}),
    "dismiss": ({"row_id": "row"}, "post", {Can.CORRECT_ROWS}),
    "days": ({}, "get", {Can.SEE_DAYS}),
    "run-day": ({}, "post", {Can.RUN_DAY}),
    "day": ({"code": "code", "day": make.DAY}, "get", {Can.SEE_DAYS}),
    "day-progress": ({"code": "code", "day": make.DAY}, "get", {Can.SEE_DAYS}),
    "tables": ({}, "get", {Can.SEE_TABLES}),
    "upload-table": ({}, "post", {Can.EDIT_TABLES}),
    "table": ({"code": "treatment", "version": 1}, "get", {Can.SEE_TABLES}),
    "approve-table": ({"code": "treatment", "version": 1}, "post", {Can.EDIT_TABLES}),
    "retire-table": ({"code": "treatment", "version": 1}, "post", {Can.EDIT_TABLES}),
    "download-table": (
        {"code": "treatment", "version": 1, "kind": "csv"}, "get", {Can.SEE_TABLES},
    ),
    "staff": ({}, "get", {Can.SEE_STAFF}),
    "add-agent": ({}, "post", {Can.EDIT_STAFF}),
    "agent": ({"username": "Ada"}, "get", {Can.EDIT_STAFF}),
    "change-agent": ({"username": "ada"}, "post", {Can.EDIT_STAFF}),
    "unlock-agent": ({"username": "ada"}, "post", {Can.EDIT_STAFF}),
    "leave-agent": ({"username": "ada"}, "post", {Can.EDIT_STAFF}),
}  # fmt: skip


def path_of(name, house) -> str:
    needs = PAGES[name][0]
    given = {
        key: getattr(getattr(house, value), "pk", getattr(house, value))
        if isinstance(value, str) and hasattr(house, value)
        else value
        for key, value in needs.items()
    }
    return reverse(f"workbench:{name}", kwargs=given)


def test_no_page_is_left_out():
    assert {pattern.name for pattern in urlpatterns} == {*PAGES, "home"}


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_asked_to_sign_in(name, house):
    answer = getattr(Client(), PAGES[name][1])(path_of(name, house))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("staff:sign-in"))


@pytest.mark.parametrize(
    ("name", "role"), [(n, r) for n, (_, _, rights) in PAGES.items() for r in Role.values
                       if not rights & RIGHTS[r]],
)  # fmt: skip
def test_a_role_without_the_right_is_refused(name, role, house, at):
    agent = make.agent(role, team=make.team())

    answer = getattr(at(agent), PAGES[name][1])(path_of(name, house))

    assert answer.status_code == 403
    assert "not yours to see" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "role"), [(n, r) for n, (_, method, rights) in PAGES.items() for r in Role.values
                       if method == "get" and rights & RIGHTS[r]],
)  # fmt: skip
def test_a_role_with_the_right_sees_the_page(name, role, house, at):
    agent = house.ada if role == Role.COLLECTOR else make.agent(role, team=make.team())

    assert at(agent).get(path_of(name, house)).status_code == 200


@pytest.mark.parametrize("name", [n for n, (_, method, _) in PAGES.items() if method == "post"])
def test_an_act_is_not_done_by_looking(name, house, at):
    assert at(house.bo).get(path_of(name, house)).status_code == 405


@pytest.mark.parametrize("name", [n for n, (_, method, _) in PAGES.items() if method == "get"])
def test_a_page_takes_no_form(name, house, at):
    assert at(house.bo).post(path_of(name, house)).status_code == 405


@pytest.mark.parametrize("name", [n for n, (_, method, _) in PAGES.items() if method == "post"])
def test_a_form_without_its_token_is_refused(name, house):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(house.ada, backend="dunwell.staff.backend.CountedBackend")

    answer = strict.post(path_of(name, house))

    assert answer.status_code == 403
    assert "nothing was saved" in answer.content.decode() or "保存" in answer.content.decode()


@pytest.mark.parametrize("name", [n for n, (needs, _, _) in PAGES.items() if "case_id" in needs])
def test_a_case_of_another_team_is_nobody_elses(name, house, at):
    method = PAGES[name][1]

    for agent in (house.cy, make.agent(Role.LEAD, team=make.team("late"))):
        answer = getattr(at(agent), method)(path_of(name, house), {"reason": "x", "note": "x"})

        assert answer.status_code == 403


def test_whoever_sends_a_form_after_his_session_ended_comes_back_to_his_page(house):
    path = path_of("note", house)
    came_from = f"http://testserver/case/{house.case.pk}/?x=1"

    answer = Client(headers={"referer": came_from}).post(path, {"note": "x"})

    assert answer["Location"] == f"/sign-in/?next=/case/{house.case.pk}/"


def test_a_link_from_elsewhere_leads_home_after_the_sign_in(house):
    answer = Client(headers={"referer": "https://elsewhere.example/a"}).post("/next/")

    assert answer["Location"] == "/sign-in/?next=/"


def test_a_part_of_a_page_sends_the_whole_page_to_the_sign_in(house):
    headers = {"HX-Request": "true", "referer": "http://testserver/worklist/"}

    answer = Client(headers=headers).get("/worklist/?q=x")

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["HX-Redirect"] == "/sign-in/?next=/worklist/"


def test_what_was_searched_for_stands_in_no_address(house, at):
    asked = "q=13800000001&bucket=1"
    headers = {"HX-Request": "true", "referer": f"http://testserver/worklist/?{asked}"}

    for path in ("/worklist/", "/team/"):
        shown = at(house.bo, **{"HX-Request": "true"}).get(f"{path}?{asked}")
        sent = [Client().get(f"{path}?{asked}"), Client(headers=headers).get(f"{path}?{asked}")]

        assert shown["HX-Push-Url"] == f"{path}?bucket=1"
        assert sent[0]["Location"] == f"/sign-in/?next={path}"
        assert sent[1]["HX-Redirect"] == "/sign-in/?next=/worklist/"


def test_every_page_is_guarded_by_a_right():
    for pattern in get_resolver("dunwell.workbench.urls").url_patterns:
        if pattern.name != "home":
            assert getattr(pattern.callback, "guarded_by", None), pattern.name


def test_one_who_left_sees_nothing(house, at):
    browser = at(house.ada)
    house.ada.is_active = False
    house.ada.save()

    assert browser.get("/worklist/").status_code in (302, 403)


@pytest.mark.parametrize(
    ("role", "page"),
    [("collector", "worklist"), ("lead", "team"), ("compliance", "worklist"),
     ("strategy", "tables"), ("operations", "deliveries"), ("admin", "staff"),
     ("auditor", "worklist")],
)  # fmt: skip
def test_home_is_where_one_works(role, page, house, at):
    answer = at(make.agent(role, team=make.team())).get("/")

    assert answer["Location"] == reverse(f"workbench:{page}")


def test_legal_is_told_that_there_is_no_page_yet(house, at):
    answer = at(make.agent(Role.LEGAL)).get("/")

    assert answer.status_code == 200
    assert "There is no page for your role yet." in answer.content.decode()


def test_home_of_a_stranger_is_the_sign_in_page(db):
    assert Client().get("/")["Location"] == reverse("staff:sign-in")


@pytest.mark.parametrize(
    "path",
    ["/case/99999999999999999999/", "/case/0/", "/case/999999/timeline/"],
)
def test_an_unknown_case_answers_as_somebody_elses(path, house, at):
    assert at(house.ada).get(path).status_code == 403


@pytest.mark.parametrize(
    ("role", "path"),
    [("operations", "/deliveries/999999/"), ("operations", "/quarantine/999999/"),
     ("operations", "/days/NONE/2026-03-09/"), ("operations", "/days/NONE/2026-03-09/progress/"),
     ("operations", "/days/NONE/2026-99-99/"), ("operations", "/days/%00/2026-03-09/"),
     ("operations", "/days/a%00b/2026-03-09/progress/"), ("strategy", "/tables/treatment/999/"),
     ("strategy", "/tables/nothing/1/"), ("strategy", "/tables/treatment/999/file.csv"),
     ("strategy", "/tables/treatment/1/file.exe"), ("strategy", "/nowhere/")],
)  # fmt: skip
def test_what_is_not_there_is_told(role, path, house, at):
    answer = at(make.agent(role)).get(path)

    assert answer.status_code == 404
    assert "There is nothing here." in answer.content.decode()


def test_a_day_that_did_not_run_has_no_page(house, at):
    assert at(make.agent(Role.OPERATIONS)).get(f"/days/{house.code}/2026-03-10/").status_code == 404
