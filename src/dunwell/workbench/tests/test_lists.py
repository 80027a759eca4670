"""What a list shows: the desk, the pool, and what a search finds in both."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dunwell.staff.models import Role
from dunwell.testing import make
from dunwell.workbench import lists
from dunwell.workbench.lists import Asked, cases_page


@pytest.fixture
def ada(db):
    return make.agent(username="ada", queues=["early"])


@pytest.fixture
def portfolio(db):
    return make.portfolio()


def case(portfolio, name, **fields):
    person = make.party(portfolio, name=name)
    return make.case(portfolio, party=person, **fields)


def names(agent, **asked):
    page = cases_page(agent, Asked(**asked), now=make.NOW)
    return [found.party.name for found in page.cases]


def test_the_desk_is_shown_first_and_the_pool_on_demand(ada, portfolio):
    case(portfolio, "王一", collector=ada)
    case(portfolio, "王二", collector=None, team=ada.team, queue="early")
    case(portfolio, "王三", collector=None, team=ada.team, queue="late")
    case(portfolio, "王四", collector=None, team=make.team("late"), queue="early")
    case(portfolio, "王五", collector=make.agent(username="bo"))

    assert names(ada) == ["王一"]
    assert names(ada, show="pool") == ["王二"]
    assert sorted(names(ada, search="王")) == ["王一", "王二"]


def test_who_may_see_no_cases_sees_no_pool(ada, portfolio):
    case(portfolio, "王二", collector=None, team=ada.team, queue="early")
    ada.is_active = False

    assert names(ada, show="pool") == []


def test_a_lead_sees_desks_and_pool_or_the_pool_alone(ada, portfolio):
    lead = make.agent(Role.LEAD, username="lead", team=ada.team)
    case(portfolio, "王一", collector=ada)
    case(portfolio, "王二", collector=None, team=ada.team, queue="late")

    assert sorted(names(lead)) == ["王一", "王二"]
    assert names(lead, show="pool") == ["王二"]


@pytest.mark.parametrize("text", ["小明", "王", "wang x", "C-77", "c-77", "8877"])
def test_a_search_finds_by_any_way_on_the_desk(ada, portfolio, text):
    person = make.party(portfolio, name="王小明", name_key="wang xiao ming", customer_ref="C-7701")
    make.phone(person, "+8613812348877", ending="8877")
    make.case(portfolio, party=person, collector=ada)
    case(portfolio, "李四", collector=ada)

    assert names(ada, search=text) == ["王小明"]


def test_beyond_the_count_another_order_is_of_the_first_by_priority(ada, portfolio, monkeypatch):
    monkeypatch.setattr(lists, "COUNT_TO", 2)
    for place, name in enumerate(["b", "c", "a"]):
        case(
            portfolio, name, collector=ada, priority=90 - place,
            oldest_unpaid_due_on=make.DAY - timedelta(days=30),
        )  # fmt: skip
    assert names(ada, order="priority") == ["b", "c", "a"]

    # "a" is third by priority: it is not among the two that are put in order by name.
    assert names(ada, order="name") == ["b", "c"]
