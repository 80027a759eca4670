"""Who is at work on what, whose password it is, and who may say so."""

from __future__ import annotations

import inspect
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from dunwell.audit.models import Event
from dunwell.kernel.refusal import Refused
from dunwell.staff import actions
from dunwell.staff.access import RIGHTS, Can, Forbidden
from dunwell.staff.actions import (
    add_agent,
    add_team,
    change_agent,
    leave,
    set_available,
    set_password,
    unlock,
)
from dunwell.staff.models import Agent, Role, SignInCount
from dunwell.staff.signing_in import LOCKED_FOR, TRIES, Locked, change_password, sign_in
from dunwell.testing import make

NOW, PASSWORD = make.NOW, make.PASSWORD
CHOSEN = "five quite other words here"


def test_what_somebody_works_on_is_changed_and_on_record(db):
    boss, ada = make.agent(Role.ADMIN), make.agent()
    make.team("late")

    changed = change_agent(
        ada.username.upper(), actor=boss, now=NOW, team="late", queues=["late"], languages=["zh_CN"],
        capacity=0, available=False,
    )  # fmt: skip
    change_agent(ada.username, actor=boss, now=NOW, capacity=0)

    assert (changed.team.code, changed.queues, changed.capacity) == ("late", ["late"], 0)
    event = Event.objects.get(kind="staff.changed")  # what changed nothing is no event
    assert event.actor == boss
    assert event.data == {
        "team": "late", "queues": ["late"], "languages": ["zh-cn"], "capacity": 0, "available": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"team": "none"}, "staff.unknown_team"),
        ({"team": ""}, "staff.no_team"),
        ({"capacity": -1}, "staff.bad_capacity"),
        ({"capacity": 10_001}, "staff.bad_capacity"),
        ({"queues": ["q" * 33]}, "staff.too_long"),
        ({"languages": ["l" * 13]}, "staff.too_long"),
    ],
)
def test_work_that_cannot_be_is_refused(given, code, db):
    ada = make.agent()

    with pytest.raises(Refused) as refused:
        change_agent(ada.username, actor=None, now=NOW, **given)

    assert [one.code for one in refused.value.refusals] == [code]
    assert not Event.objects.exists()


def test_who_left_or_never_came_is_not_changed(db):
    gone = make.agent(is_active=False, available=False)

    for act in (
        lambda: change_agent(gone.username, actor=None, now=NOW, available=True),
        lambda: set_available(gone.username, True, actor=None, now=NOW),
        lambda: change_agent("nobody", actor=None, now=NOW, capacity=1),
    ):
        with pytest.raises(Refused):
            act()
    assert not Agent.objects.get(pk=gone.pk).available


def test_a_lead_sends_his_own_collectors_home_and_nobody_else(db):
    lead, ada = make.agent(Role.LEAD), make.agent()
    others = [make.agent(team=make.team("late")), make.agent(Role.LEAD), lead]

    set_available(ada.username, False, actor=lead, now=NOW)
    set_available(ada.username, False, actor=lead, now=NOW)

    assert not Agent.objects.get(pk=ada.pk).available
    assert Event.objects.get(kind="staff.changed").data == {"available": False}
    for other in others:
        with pytest.raises(Forbidden):
            set_available(other.username, False, actor=lead, now=NOW)
    with pytest.raises(Forbidden):
        set_available("nobody", False, actor=lead, now=NOW)
    set_available(others[0].username, False, actor=make.agent(Role.ADMIN), now=NOW)


def test_an_administrator_does_not_take_himself_off_whatever_the_letters(db):
    boss = make.agent(Role.ADMIN, username="root1")

    with pytest.raises(Refused, match="himself"):
        leave(" ROOT1 ", actor=boss, now=NOW)

    assert Agent.objects.get(pk=boss.pk).is_active


@pytest.mark.parametrize(("code", "name"), [("", "x"), ("a b", "x"), ("a" * 33, "x"), ("a", "")])
def test_a_team_that_cannot_be_is_refused(code, name, db):
    with pytest.raises(Refused, match="A team has"):
        add_team(code, name, now=NOW)


# -- passwords -----------------------------------------------------------------------------


def test_a_given_password_is_changed_by_its_owner_and_then_his_alone(db):
    ada = make.agent()
    set_password(ada.username, "another good long one", actor=make.agent(Role.ADMIN), now=NOW)
    ada.refresh_from_db()
    assert ada.must_change_password

    change_password(ada, "another good long one", CHOSEN, now=NOW)

    ada.refresh_from_db()
    assert not ada.must_change_password
    assert sign_in(ada.username, CHOSEN, now=NOW) == ada
    assert Event.objects.get(kind="staff.password_changed").actor == ada


def test_wrong_present_passwords_count_like_guesses(db):
    ada = make.agent()
    for _ in range(TRIES):
        with pytest.raises(Refused):
            change_password(ada, "wrong", CHOSEN, now=NOW)

    with pytest.raises(Locked):
        change_password(ada, PASSWORD, CHOSEN, now=NOW)


def test_names_that_nobody_guesses_at_any_more_are_forgotten(db):
    for number in range(20):
        sign_in(f"ghost{number}", "x", now=NOW)
    for _ in range(TRIES):
        sign_in("locked", "x", now=NOW + LOCKED_FOR - timedelta(seconds=1))

    sign_in("late", "x", now=NOW + 2 * LOCKED_FOR - timedelta(seconds=2))
    assert SignInCount.objects.filter(username__startswith="ghost").count() == 20
    with pytest.raises(Locked):
        sign_in("locked", "x", now=NOW + 2 * LOCKED_FOR - timedelta(seconds=2))

    sign_in("later", "x", now=NOW + 2 * LOCKED_FOR)
    names = set(SignInCount.objects.values_list("username", flat=True))
    assert names == {"locked", "late", "later"}


def test_wrong_passwords_of_long_ago_do_not_add_up(db):
    ada = make.agent()
    for _ in range(TRIES - 1):
        sign_in(ada.username, "wrong", now=NOW)

    for _ in range(TRIES - 1):
        assert sign_in(ada.username, "wrong", now=NOW + LOCKED_FOR) is None

    assert sign_in(ada.username, PASSWORD, now=NOW + LOCKED_FOR) == ada


# -- who may -------------------------------------------------------------------------------

ACTS = {
    "add_agent": lambda who, ada: add_agent(
        username="new", name="New", role="admin", password=PASSWORD, actor=who, now=NOW
    ),
    "add_team": lambda who, ada: add_team("new", "New", actor=who, now=NOW),
    "change_agent": lambda who, ada: change_agent(ada, actor=who, now=NOW, capacity=1),
    "leave": lambda who, ada: leave(ada, actor=who, now=NOW),
    "set_available": lambda who, ada: set_available(ada, False, actor=who, now=NOW),
    "set_password": lambda who, ada: set_password(ada, CHOSEN, actor=who, now=NOW),
    "unlock": lambda who, ada: unlock(ada, actor=who, now=NOW),
}


def test_no_action_is_left_out():
    with_actor = {
        name
        for name, one in inspect.getmembers(actions, inspect.isfunction)
        if one.__module__ == actions.__name__
        and not name.startswith("_")
        and "actor" in inspect.signature(one).parameters
    }
    assert with_actor == set(ACTS)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", [r for r in Role.values if Can.EDIT_STAFF not in RIGHTS[r]])
def test_who_may_not_edit_the_staff_is_refused_by_the_action_itself(act, role, db):
    ada = make.agent(team=make.team("late"))

    with pytest.raises(Forbidden):
        ACTS[act](make.agent(role), ada.username)
    assert not Event.objects.exists()


@pytest.mark.parametrize("act", ACTS)
def test_an_administrator_and_the_machine_s_owner_may(act, db):
    for who in (make.agent(Role.ADMIN), None):
        Agent.objects.filter(username="new").delete()
        ada = make.agent()
        ACTS[act](who, ada.username)


# -- the command ---------------------------------------------------------------------------


def test_the_command_changes_what_it_is_told(db, capsys):
    ada = make.agent(username="ada")

    call_command("staff", "set", "ada", "--away", "--capacity", "5", "--queues", "mid, late")

    ada.refresh_from_db()
    assert (ada.available, ada.capacity, ada.queues, ada.languages) == (
        False, 5, ["mid", "late"], ["zh"],
    )  # fmt: skip
    assert "5 cases at most, away" in capsys.readouterr().out
    call_command("staff", "set", "ada", "--available", "--languages", "en")
    ada.refresh_from_db()
    assert (ada.available, ada.capacity, ada.languages) == (True, 5, ["en"])


def test_the_command_tells_what_cannot_be(db):
    make.agent(username="ada")

    with pytest.raises(CommandError, match="no team nowhere"):
        call_command("staff", "set", "ada", "--team", "nowhere")
    with pytest.raises(CommandError, match="nobody called"):
        call_command("staff", "set", "nobody", "--away")
