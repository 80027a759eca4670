from datetime import timedelta

import pytest
from django.db import connections

from dunwell.audit.models import Event
from dunwell.cases.models import Case
from dunwell.cases.tests.test_races import both
from dunwell.kernel.refusal import Refused
from dunwell.staff.access import RIGHTS, Can, Forbidden, case_scope, may, require, require_case
from dunwell.staff.actions import add_agent, add_team, leave, set_password, unlock
from dunwell.staff.models import Role, SignInCount
from dunwell.staff.signing_in import LOCKED_FOR, TRIES, Locked, sign_in, sign_out
from dunwell.testing import make

NOW, PASSWORD = make.NOW, make.PASSWORD


def test_the_right_password_signs_in_and_is_on_record(db):
    agent = make.agent()
    assert sign_in(f" {agent.username.upper()} ", PASSWORD, now=NOW) == agent
    assert Event.objects.get(kind="staff.signed_in").actor == agent
    sign_out(agent, now=NOW)
    assert Event.objects.filter(kind="staff.signed_out").exists()


def test_five_wrong_passwords_lock_the_name_even_for_the_right_one(db):
    agent = make.agent()
    for _ in range(TRIES):
        assert sign_in(agent.username, "wrong", now=NOW) is None
    with pytest.raises(Locked) as locked:
        sign_in(agent.username, PASSWORD, now=NOW + timedelta(minutes=29))
    assert locked.value.until == NOW + LOCKED_FOR
    assert Event.objects.get(kind="staff.locked_out").data == {"username": agent.username}
    assert sign_in(agent.username, PASSWORD, now=NOW + timedelta(minutes=31)) == agent
    assert not SignInCount.objects.exists()


def test_a_lock_that_is_over_gives_five_new_tries(db):
    agent = make.agent()
    for _ in range(TRIES):
        sign_in(agent.username, "wrong", now=NOW)
    after = NOW + LOCKED_FOR + timedelta(seconds=1)
    for _ in range(TRIES):
        assert sign_in(agent.username, "wrong", now=after) is None
    with pytest.raises(Locked):
        sign_in(agent.username, PASSWORD, now=after)


def test_a_right_password_forgets_the_wrong_ones(db):
    agent = make.agent()
    for _ in range(3):
        for _ in range(TRIES - 1):
            sign_in(agent.username, "wrong", now=NOW)
        assert sign_in(agent.username, PASSWORD, now=NOW) == agent


def test_unknown_names_are_locked_like_known_ones(db):
    for _ in range(TRIES):
        assert sign_in("nobody", "x", now=NOW) is None
    with pytest.raises(Locked):
        sign_in("nobody", "x", now=NOW)


def test_parallel_guesses_cannot_share_a_count(committed_db):
    agent = make.agent()

    def guess(number):
        try:
            return sign_in(agent.username, f"guess {number}", now=NOW)
        except Locked:
            return "locked"
        finally:
            connections.close_all()

    answers = both(guess, list(range(40)))
    assert answers.count(None) == TRIES
    assert answers.count("locked") == 40 - TRIES


def test_who_left_cannot_sign_in_and_may_nothing(db):
    agent = make.agent()
    leave(agent.username, actor=None, now=NOW)
    agent.refresh_from_db()
    assert sign_in(agent.username, PASSWORD, now=NOW) is None
    assert not any(may(agent, can) for can in Can)


def test_somebody_joins(db):
    add_team("late", "Late", now=NOW)
    agent = add_agent(
        username=" Li.Wei ", name="Li Wei", role=Role.COLLECTOR, team="late", queues=("late",),
        languages=("zh",), capacity=50, password=PASSWORD, actor=None, now=NOW,
    )  # fmt: skip
    assert (agent.username, agent.team.code) == ("li.wei", "late")
    assert agent.must_change_password
    assert sign_in("li.wei", PASSWORD, now=NOW) == agent


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"username": " "}, {"staff.bad_name"}),
        ({"name": ""}, {"staff.no_name"}),
        ({"role": "king"}, {"staff.unknown_role"}),
        ({"role": "lead"}, {"staff.no_team"}),
        ({"role": "lead", "team": "none"}, {"staff.unknown_team"}),
        ({"password": "password"}, {"staff.weak_password"}),
        ({"capacity": -1}, {"staff.bad_capacity"}),
        ({"queues": ("q" * 33,)}, {"staff.too_long"}),
    ],
)
def test_somebody_who_cannot_join_is_told_why(db, fields, codes):
    given = {"username": "new", "name": "New", "role": "admin", "password": PASSWORD}
    with pytest.raises(Refused) as refused:
        add_agent(**{**given, **fields}, actor=None, now=NOW)
    assert {one.code for one in refused.value.refusals} == codes


def test_a_name_is_given_once(db):
    agent = make.agent()
    with pytest.raises(Refused, match="taken"):
        add_agent(
            username=agent.username, name="x", role="admin", password=PASSWORD, actor=None, now=NOW
        )


def test_a_new_password_lifts_the_lock(db):
    agent = make.agent()
    for _ in range(TRIES):
        sign_in(agent.username, "wrong", now=NOW)
    with pytest.raises(Refused):
        set_password(agent.username, "short", actor=None, now=NOW)
    set_password(agent.username, "another good long one", actor=None, now=NOW)
    assert sign_in(agent.username, "another good long one", now=NOW) == agent
    with pytest.raises(Refused, match="nobody"):
        set_password("nobody", PASSWORD, actor=None, now=NOW)


def test_an_administrator_unlocks(db):
    agent = make.agent()
    for _ in range(TRIES):
        sign_in(agent.username, "wrong", now=NOW)
    unlock(agent.username, actor=None, now=NOW)
    assert sign_in(agent.username, PASSWORD, now=NOW) == agent


# -- who may see what ---------------------------------------------------------------------


def seen(agent):
    return set(Case.objects.filter(case_scope(agent)).values_list("pk", flat=True))


def test_each_role_sees_its_cases_and_no_others(db):
    of = make.portfolio()
    collector, colleague = make.agent(), make.agent()
    own = make.case(of, collector=collector)
    theirs = make.case(of, collector=colleague)
    pool = make.case(of)
    unskilled = make.case(of, queue="late")
    other = make.case(of, team=make.team("other"))
    everything = {own.pk, theirs.pk, pool.pk, unskilled.pk, other.pk}
    assert seen(collector) == {own.pk, pool.pk}
    assert seen(make.agent(Role.LEAD)) == everything - {other.pk}
    assert seen(make.agent(Role.COMPLIANCE)) == everything
    assert seen(make.agent(Role.AUDITOR)) == everything
    for role in (Role.STRATEGY, Role.OPERATIONS, Role.ADMIN, Role.LEGAL):
        assert seen(make.agent(role)) == set()


def test_what_one_may_not_see_answers_like_what_is_not_there(db):
    collector = make.agent()
    foreign = make.case(team=make.team("other"))
    for number in (foreign.pk, foreign.pk + 999):
        with pytest.raises(Forbidden):
            require_case(Case, number, collector, Can.SEE_CASES)


def test_every_role_has_its_rights_and_nobody_writes_who_only_reads():
    assert set(RIGHTS) == set(Role.values)
    writes = {Can.WORK_CASE, Can.REASSIGN, Can.SET_HOLD, Can.LOAD_DELIVERY, Can.CORRECT_ROWS,
              Can.RUN_DAY, Can.EDIT_TABLES, Can.EDIT_STAFF, Can.UNMASK, Can.SET_AWAY}  # fmt: skip
    assert not RIGHTS[Role.AUDITOR] & writes
    assert Can.SEE_CASES not in RIGHTS[Role.STRATEGY] | RIGHTS[Role.ADMIN] | RIGHTS[Role.OPERATIONS]


def test_a_right_one_has_not_is_forbidden(db):
    with pytest.raises(Forbidden):
        require(make.agent(Role.AUDITOR), Can.WORK_CASE)
