import pytest

from dunwell.cases.leases import take_case
from dunwell.cases.models import Entry, Lease
from dunwell.cases.reassigning import reassign
from dunwell.kernel.refusal import Refused
from dunwell.staff.access import Forbidden
from dunwell.staff.models import Role
from dunwell.testing import make

NOW = make.NOW


@pytest.fixture
def lead(db):
    return make.agent(Role.LEAD)


def test_cases_change_hands_with_their_lines_and_leases(lead):
    was, now_his = make.agent(), make.agent()
    of = make.portfolio()
    cases = [make.case(of, collector=was), make.case(of), make.case(of, collector=now_his)]
    take_case(cases[0].pk, actor=was, now=NOW)
    moved = reassign([c.pk for c in cases], to=now_his, reason="leave", actor=lead, now=NOW)
    assert moved == 2
    for case in cases:
        case.refresh_from_db()
        assert case.collector == now_his
    assert not Lease.objects.exists()
    lines = Entry.objects.filter(kind="assigned").order_by("case")
    assert [line.data["was"] for line in lines] == [was.username, None]
    assert {line.note for line in lines} == {"leave"}


def test_cases_go_back_to_the_pool(lead):
    case = make.case(collector=make.agent())
    assert reassign([case.pk], to=None, reason="leave", actor=lead, now=NOW) == 1
    case.refresh_from_db()
    assert case.collector is None
    assert case.team_id is not None


@pytest.mark.parametrize("wrong", ["another team", "a lead", "away", "gone"])
def test_only_a_collector_at_work_of_the_team_is_given_cases(lead, wrong):
    to = {
        "another team": lambda: make.agent(team=make.team("other")),
        "a lead": lambda: make.agent(Role.LEAD),
        "away": lambda: make.agent(available=False),
        "gone": lambda: make.agent(is_active=False),
    }[wrong]()
    case = make.case()
    with pytest.raises(Refused) as refused:
        reassign([case.pk], to=to, reason="x", actor=lead, now=NOW)
    assert [one.code for one in refused.value.refusals] == ["cases.not_available"]


def test_all_or_none(lead):
    of = make.portfolio()
    mine, foreign = make.case(of), make.case(of, team=make.team("other"))
    to = make.agent()
    with pytest.raises(Forbidden):
        reassign([mine.pk, foreign.pk], to=to, reason="x", actor=lead, now=NOW)
    mine.refresh_from_db()
    assert mine.collector is None
    with pytest.raises(Forbidden):
        reassign([mine.pk], to=to, reason="x", actor=to, now=NOW)


def test_too_many_none_and_without_a_reason(lead):
    with pytest.raises(Refused) as refused:
        reassign([], to=make.agent(), reason=" ", actor=lead, now=NOW)
    assert {one.code for one in refused.value.refusals} == {
        "cases.none_chosen",
        "cases.no_move_reason",
    }
    with pytest.raises(Refused) as refused:
        reassign(range(501), to=make.agent(), reason="x", actor=lead, now=NOW)
    assert [one.code for one in refused.value.refusals] == ["cases.too_many"]
