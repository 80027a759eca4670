"""A closed case shows what belongs to it, and is no window into the cardholder's next one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dunwell.cases.models import Case, Hold
from dunwell.plans.models import Promise
from dunwell.staff.access import Can, Forbidden, require_case
from dunwell.staff.models import Role
from dunwell.testing import make
from dunwell.workbench.tests.conftest import entry


@dataclass
class Two:
    """Ada's case of last month, closed, and Cy's of today: one cardholder."""

    old: Case
    new: Case
    phone: int


@pytest.fixture
def two(house):
    old = house.case
    Case.objects.filter(pk=old.pk).update(state="closed", closed_as="cured", closed_on=make.DAY)
    old.refresh_from_db()
    new = make.case(old.portfolio, party=old.party, collector=house.cy, team=house.cy.team)
    entry(new, "note", actor=house.cy, note="names his lawyer")
    Hold.objects.create(
        party=old.party, kind="represented", from_on=make.DAY, evidence="of the new case"
    )
    Promise.objects.create(
        case=new, amount_minor=77_700, currency="CNY", due_on=make.DAY, counts_until=make.DAY,
        tolerance_minor=0, taken_by=house.cy, taken_at=make.NOW, taken_on=make.DAY,
    )  # fmt: skip
    return Two(old, new, make.phone(old.party, "+8613977778888", role="guarantor").pk)


@pytest.mark.parametrize("who", ["ada", "bo"])
def test_he_who_had_it_sees_no_more_than_what_belongs_to_it(who, house, two, at):
    browser = at(getattr(house, who))

    page = browser.get(f"/case/{two.old.pk}/").content.decode()
    more = browser.get(f"/case/{two.old.pk}/timeline/").content.decode()

    assert "first of all" in page and "first of all" in more
    assert "500.00" in page  # his own promise
    for foreign in ("names his lawyer", "of the new case", "777.00", "10,000.00", "letter of 3"):
        assert foreign not in page + more
    assert "13977778888" not in page
    assert "contact/" not in page  # nothing to reveal it by


@pytest.mark.parametrize("who", ["ada", "bo"])
def test_he_who_had_it_reaches_the_cardholder_no_more(who, house, two, at):
    browser = at(getattr(house, who))
    case = f"/case/{two.old.pk}/"

    answers = [
        browser.post(f"{case}contact/{two.phone}/", {"reason": "x"}),
        browser.post(f"{case}hold/", {"kind": "cease_requested", "evidence": "x"}),
        browser.post(f"{case}hold/represented/lift/", {"reason": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert Hold.objects.filter(kind="cease_requested").count() == 0
    assert Hold.objects.get(kind="represented").lifted_on is None


def test_the_list_of_closed_cases_tells_no_balance_of_today(house, two, at):
    page = at(house.bo).get("/worklist/?show=closed").context["page"]

    assert [(case.pk, case.balance_minor) for case in page.cases] == [(two.old.pk, None)]


def test_who_works_the_cardholder_now_sees_what_was_before(house, two, at):
    page = at(house.cy).get(f"/case/{two.new.pk}/").content.decode()

    for known in ("names his lawyer", "first of all", "777.00", "500.00", "10,000.00"):
        assert known in page


def test_compliance_sees_all_from_either_case_and_acts_on_both(house, two, at):
    compliance = make.agent(Role.COMPLIANCE)

    page = at(compliance).get(f"/case/{two.old.pk}/").content.decode()

    assert "names his lawyer" in page
    assert require_case(Case, two.old.pk, compliance, Can.SET_HOLD) == two.old
    with pytest.raises(Forbidden):
        require_case(Case, two.old.pk, house.bo, Can.SET_HOLD)


def test_a_promise_is_withdrawn_through_its_case_or_the_open_one(house, two, at):
    def withdrawn(agent, case, promise):
        path = f"/case/{case.pk}/promise/{promise}/withdraw/"
        return at(agent).post(path, {"reason": "asked for a plan"}).status_code

    new = Promise.objects.get(case=two.new).pk

    assert withdrawn(house.ada, two.old, new) == 403
    assert withdrawn(house.ada, two.new, new) == 403
    assert withdrawn(house.ada, two.old, new + 99) == 403
    assert withdrawn(house.cy, two.new, house.promise.pk) == 302
    assert withdrawn(house.cy, two.new, new) == 302
    assert set(Promise.objects.values_list("state", flat=True)) == {"withdrawn"}
