"""No page asks the database once a row: few rows and many take the same queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dunwell.cases.models import Hold
from dunwell.plans.models import Promise
from dunwell.staff.models import Role
from dunwell.testing import make
from dunwell.workbench.tests.conftest import deliver, entry, run_day, waiting

FEW, MANY = 2, 45


def queries(browser, path: str) -> list[str]:
    browser.get(path)  # what is asked once a process is not counted
    with CaptureQueriesContext(connection) as found:
        assert browser.get(path).status_code == 200
    return [query["sql"] for query in found.captured_queries]


def grows(browser, path: str, add) -> None:
    """Fail if the page takes more queries with MANY rows than with FEW."""
    for number in range(FEW):
        add(number)
    few = queries(browser, path)
    for number in range(FEW, MANY):
        add(number)
    many = queries(browser, path)

    assert len(many) == len(few), "\n".join(sql[:160] for sql in many)


@pytest.mark.parametrize(
    ("role", "path"),
    [(Role.COLLECTOR, "/worklist/"), (Role.COLLECTOR, "/worklist/?q=1234"),
     (Role.COLLECTOR, "/worklist/?order=name&show=never"), (Role.LEAD, "/team/"),
     (Role.LEAD, "/team/?q=13"), (Role.AUDITOR, "/worklist/"), (Role.AUDITOR, "/team/")],
)  # fmt: skip
def test_lists_of_cases(role, path, house, at):
    agent = {Role.COLLECTOR: house.ada, Role.LEAD: house.bo}.get(role) or make.agent(role)
    of = house.case.portfolio

    def add(number):
        case = make.case(of, collector=house.ada if number % 2 else None)
        make.phone(case.party, f"+86138000{number:05}")
        make.position(make.account(case.party))

    grows(at(agent), path, add)


def test_the_teams_people(house, at):
    grows(at(house.bo), "/team/", lambda number: make.case(collector=make.agent()))


def test_a_case_with_many_contacts(house, at):
    def add(number):
        make.phone(house.case.party, f"+86137000{number:05}", last_rpc_at=make.NOW)

    grows(at(house.ada), f"/case/{house.case.pk}/", add)


def test_a_case_with_many_accounts(house, at):
    def add(number):
        make.position(make.account(house.case.party, card_last4=f"{number:04}"))

    grows(at(house.ada), f"/case/{house.case.pk}/", add)


@pytest.mark.parametrize("part", ["", "timeline/"])
def test_a_case_with_a_long_timeline(part, house, at):
    def add(number):
        entry(house.case, "call", actor=make.agent(), outcome="no_answer", note=str(number),
              contact_point=make.phone(house.case.party, f"+86136000{number:05}"))  # fmt: skip

    grows(at(house.ada), f"/case/{house.case.pk}/{part}", add)


def test_a_case_with_many_promises_and_holds(house, at):
    kinds = [kind for kind in Hold.Kind.values if kind != "dispute"]

    def add(number):
        Promise.objects.create(
            case=house.case, amount_minor=100, currency="CNY", due_on=make.DAY,
            counts_until=make.DAY, tolerance_minor=1, state="broken", decided_on=make.DAY,
            taken_by=make.agent(), taken_at=make.NOW, taken_on=make.DAY,
        )  # fmt: skip
        if number < len(kinds):
            Hold.objects.create(
                party=house.case.party, kind=kinds[number], from_on=make.DAY, set_by=make.agent()
            )

    grows(at(house.bo), f"/case/{house.case.pk}/", add)


def test_deliveries(house, at):
    def add(number):
        day = make.DAY + timedelta(days=number + 1)
        made = deliver(house.case.portfolio, name=f"D{number}.zip", day=day)
        made.loaded_by = make.agent(Role.OPERATIONS)
        made.save()
        waiting(made, 2)

    grows(at(make.agent(Role.OPERATIONS)), "/deliveries/", add)


def test_quarantine(house, at):
    def add(number):
        row = waiting(house.delivery, number + 10)
        if number % 2:
            row.state, row.decided_at = "dismissed", make.NOW
            row.decided_by = make.agent(Role.OPERATIONS)
            row.save()

    grows(at(make.agent(Role.OPERATIONS)), f"/deliveries/{house.delivery.pk}/?state=all", add)


def test_days(house, at):
    def add(number):
        run_day(house.case.portfolio, make.DAY + timedelta(days=number + 1))

    grows(at(make.agent(Role.OPERATIONS)), "/days/", add)


def test_tables(house, at):
    def add(number):
        table = house.table
        table.pk, table.version, table.state, table.in_force_from = None, number + 2, "draft", None
        table.made_by, table.approved_by = make.agent(Role.STRATEGY), None
        table.save()

    grows(at(make.agent(Role.STRATEGY)), "/tables/", add)


def test_staff(house, at):
    def add(number):
        make.agent(team=make.team(f"t{number}"))

    grows(at(make.agent(Role.ADMIN)), "/staff/", add)


def test_the_count_would_see_a_query_a_row(house, at):
    def slow(browser, path):
        rows = browser.get(path).context["page"].cases
        with CaptureQueriesContext(connection) as found:
            for case in rows:
                case.party.contact_points.count()
        return len(found)

    browser = at(house.ada)
    one = slow(browser, "/worklist/")
    make.case(collector=house.ada)

    assert slow(browser, "/worklist/") == one + 1
