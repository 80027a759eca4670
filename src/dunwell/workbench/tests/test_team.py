"""The lead's room: the team's cases change hands."""

from __future__ import annotations

import pytest
from django.utils import timezone

from dunwell.cases.models import Case
from dunwell.staff.models import Role
from dunwell.testing import make
from dunwell.workbench.tests.conftest import told

MOVE = "/team/reassign/"


def test_a_lead_sees_his_team_only_and_compliance_everybody(house, at):
    theirs = make.case(collector=house.cy, team=house.cy.team)

    own = at(house.bo).get("/team/").context
    all_ = at(make.agent(Role.COMPLIANCE)).get("/team/").context

    assert [case.pk for case in own["page"].cases] == [house.case.pk]
    assert [one["agent"] for one in own["people"]] == [house.ada]
    assert {case.pk for case in all_["page"].cases} == {house.case.pk, theirs.pk}
    assert not all_["may_reassign"]


def test_what_lies_on_a_desk_is_counted(house, at):
    make.case(collector=house.ada, next_step_on=timezone.localdate().replace(year=2100))
    make.case(collector=house.ada, last_worked_at=timezone.now())

    (desk,) = at(house.bo).get("/team/").context["people"]

    assert (desk["cases"], desk["due"], desk["worked"], desk["full"]) == (3, 2, 1, 3)


@pytest.mark.parametrize(("collector", "found"), [("ada", 1), ("nobody", 1), ("cy", 0), ("?", 0)])
def test_the_list_is_narrowed_to_a_collector(collector, found, house, at):
    make.case(collector=None)

    page = at(house.bo).get("/team/", {"collector": collector}).context["page"]

    assert len(page.cases) == found


def test_cases_change_hands_together(house, at):
    dee = make.agent(username="dee")
    cases = [house.case, *(make.case(collector=house.ada) for _ in range(3))]

    answer = at(house.bo).post(
        MOVE, {"case": [c.pk for c in cases], "to": "dee", "reason": "Ada is on leave"}, follow=True
    )

    assert "4 cases changed hands." in answer.content.decode()
    assert set(Case.objects.values_list("collector", flat=True)) == {dee.pk}


def test_a_case_goes_back_to_the_pool(house, at):
    at(house.bo).post(MOVE, {"case": house.case.pk, "to": "pool", "reason": "too many"})

    house.case.refresh_from_db()
    assert house.case.collector is None


@pytest.mark.parametrize(
    ("form", "codes"),
    [
        ({}, "cases.no_collector"),
        ({"to": "nobody.at.all", "reason": "x"}, "cases.no_collector"),
        ({"to": "nul\0", "reason": "x"}, "form.to"),
        ({"to": "pool"}, "cases.none_chosen"),
        ({"to": "pool", "reason": "x", "case": ["one", "-1", "9" * 40]}, "form.case"),
        ({"to": "cy", "reason": "x", "case": ["1"]}, "cases.not_available"),
        ({"to": "pool", "reason": "x" * 501, "case": ["1"]}, "form.reason"),
    ],
)
def test_a_move_that_says_too_little_is_refused(form, codes, house, at):
    answer = at(house.bo).post(MOVE, form)

    assert answer.status_code == 422
    assert told(answer).startswith(codes)
    house.case.refresh_from_db()
    assert house.case.collector == house.ada


def test_one_case_of_another_team_stops_the_whole_move(house, at):
    theirs = make.case(collector=house.cy, team=house.cy.team)

    answer = at(house.bo).post(
        MOVE, {"case": [house.case.pk, theirs.pk], "to": "pool", "reason": "x"}
    )

    assert answer.status_code == 403
    house.case.refresh_from_db()
    assert house.case.collector == house.ada
