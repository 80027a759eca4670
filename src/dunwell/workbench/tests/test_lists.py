"""What a list shows: the desk, the pool, and what a search finds in both."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dunwell.parties.models import Party
from dunwell.staff.models import Role
from dunwell.testing import make
from dunwell.workbench import lists, searching
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


# -- a search among what one may see ----------------------------------------------------


@pytest.fixture
def two_at_a_time(monkeypatch):
    monkeypatch.setattr(searching, "SEARCH_TO", 2)


def test_others_people_of_that_name_take_no_place_in_a_search(ada, portfolio, two_at_a_time):
    lead, elsewhere = make.agent(Role.LEAD, team=ada.team), make.team("late")
    for place in range(6):
        case(portfolio, f"王{place}", team=elsewhere, queue="late", priority=99)
    case(portfolio, "王小", collector=ada)
    case(portfolio, "王中", team=ada.team, queue="early")

    page = cases_page(lead, Asked(search="王"), now=make.NOW)

    assert {found.party.name for found in page.cases} == {"王小", "王中"}
    assert not page.cut
    assert set(names(ada, search="王")) == {"王小", "王中"}


def test_what_was_asked_beside_the_search_comes_first_too(ada, portfolio, two_at_a_time):
    lead = make.agent(Role.LEAD, team=ada.team)
    for _ in range(4):
        case(portfolio, "王一", collector=ada, priority=99, bucket=1)
    case(portfolio, "王三", collector=ada, bucket=3)

    assert names(lead, search="王", bucket="3") == ["王三"]


def test_a_search_that_was_cut_shows_the_best_and_says_so(ada, portfolio, two_at_a_time, at):
    lead = make.agent(Role.LEAD, team=ada.team)
    for place in range(4):
        case(portfolio, f"王{place}", collector=ada, priority=place)

    page = cases_page(lead, Asked(search="王"), now=make.NOW)

    assert [found.party.name for found in page.cases] == ["王3", "王2"]
    assert page.cut
    assert "not all are shown" in at(lead).get("/team/?q=王").content.decode()
    assert "not all are shown" not in at(lead).get("/team/?q=王3").content.decode()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("小明", ["王小明", "欧阳小明"]),
        ("明", ["王小明"]),
        ("阳小", ["欧阳小明"]),
        ("smith", ["John Smith"]),
        ("OHN S", ["John Smith"]),
        ("%", []),
        ("__明", []),
        ("\\", []),
    ],
)
@pytest.mark.parametrize("role", [Role.LEAD, Role.COMPLIANCE])
def test_a_name_is_found_from_within(role, text, found, ada, portfolio):
    for name in ("王小明", "欧阳小明", "John Smith", "李四"):
        case(portfolio, name, collector=ada)
    agent = make.agent(role, team=ada.team if role == Role.LEAD else None)

    assert sorted(names(agent, search=text)) == sorted(found)


def test_a_closed_case_is_found_by_who_had_it(ada, portfolio):
    case(portfolio, "王一", collector=ada, state="closed", closed_as="cured", closed_on=make.DAY)

    assert names(ada, search="王一", show="closed") == ["王一"]
    assert names(ada, search="王一") == []


def test_the_inside_of_a_name_is_looked_up_by_an_index(ada, portfolio):
    lead = make.agent(Role.LEAD, team=ada.team)
    case(portfolio, "王小明", collector=ada)
    some = [
        Party(portfolio=portfolio, customer_ref=f"X{n}", name=f"李{n}号", name_key="", country="CN")
        for n in range(3000)
    ]
    Party.objects.bulk_create(some)
    plans = []
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE parties_party")
        for text in ("小明", "john"):
            with CaptureQueriesContext(connection) as asked:
                names(lead, search=text)
            # Of each query the condition on the name alone: one case has a plan of its own.
            for condition in re.findall(INSIDE, " ".join(one["sql"] for one in asked)):
                cursor.execute(f"EXPLAIN SELECT 1 FROM parties_party WHERE {condition}")
                plans.append(" ".join(row[0] for row in cursor.fetchall()))

    indexes = ("party_given_name", "party_last_name_part", "party_latin_name")
    assert len(plans) == 3
    for plan, index in zip(plans, indexes, strict=True):
        assert index in plan and "Index Cond" in plan


INSIDE = r"""(?:SUBSTRING|LOWER)\("parties_party"\."name"[^)]*\)(?:::text)? LIKE '[^']*'"""
