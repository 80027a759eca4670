"""No day is left without a table, and nobody decides alone which one it is."""

from __future__ import annotations

import inspect
from datetime import date, timedelta

import psycopg
import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from dunwell.cases.tests.test_races import both
from dunwell.database.current import current_url
from dunwell.database.roles import owner_url
from dunwell.kernel.refusal import Refused
from dunwell.staff.access import RIGHTS, Can, Forbidden
from dunwell.staff.models import Role
from dunwell.strategy import actions
from dunwell.strategy.actions import approve_table, default_rows, draft_table, retire_table
from dunwell.strategy.models import TableVersion
from dunwell.strategy.queries import in_force
from dunwell.strategy.rules import day_without
from dunwell.testing import make

DAY, NOW = make.DAY, make.NOW


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def approved(number: int, maker=None) -> TableVersion:
    """Make a version that is in force from a day on."""
    maker, checker = maker or make.agent(Role.STRATEGY), make.agent(Role.STRATEGY)
    draft = draft_table("treatment", default_rows("treatment"), actor=maker, now=NOW)
    return approve_table(draft.pk, in_force_from=day(number), actor=checker, today=DAY, now=NOW)


def retire(version: TableVersion, number: int, actor=None) -> TableVersion:
    actor = actor or make.agent(Role.STRATEGY)
    return retire_table(version.pk, from_day=day(number), actor=actor, today=DAY, now=NOW)


def test_two_retirements_that_are_right_alone_leave_no_gap_together(db):
    first, second = approved(0), approved(10)
    retire(first, 60)

    with pytest.raises(Refused, match=str(day(60))):
        retire(second, 30)

    for number in (0, 10, 30, 59, 60, 400):
        assert in_force("treatment", day(number))


def test_a_table_that_is_still_to_come_is_needed_from_its_day_on(db):
    first, second = approved(0), approved(40)
    retire(first, 40)

    with pytest.raises(Refused, match=str(day(40))):
        retire(second, 5)


def test_two_people_at_once_cannot_retire_both_versions(committed_db):
    versions = [approved(0), approved(1)]
    people = [make.agent(Role.STRATEGY), make.agent(Role.STRATEGY)]

    def decide(number):
        try:
            return retire(versions[number], 5, people[number]).state
        except Refused as refused:
            return refused.refusals[0].code
        finally:
            connections.close_all()

    assert sorted(both(decide, [0, 1])) == ["retired", "strategy.nothing_left"]


def test_two_people_at_once_cannot_approve_for_the_same_day(committed_db):
    maker = make.agent(Role.STRATEGY)
    drafts = [
        draft_table("treatment", default_rows("treatment"), actor=maker, now=NOW) for _ in range(2)
    ]
    people = [make.agent(Role.STRATEGY), make.agent(Role.STRATEGY)]

    def decide(number):
        try:
            return approve_table(
                drafts[number].pk, in_force_from=DAY, actor=people[number], today=DAY, now=NOW
            ).state
        except Refused as refused:
            return refused.refusals[0].code
        finally:
            connections.close_all()

    assert sorted(both(decide, [0, 1])) == ["approved", "strategy.day_taken"]


def test_who_made_a_version_does_not_bring_the_older_one_back_alone(db):
    maker = make.agent(Role.STRATEGY)
    approved(0)
    mine = approved(1, maker)

    with pytest.raises(Refused) as refused:
        retire(mine, 1, maker)

    assert [one.code for one in refused.value.refusals] == ["strategy.own_version"]
    assert retire(mine, 1).state == "retired"


ends = st.one_of(st.none(), st.integers(0, 20))
spans = st.lists(st.tuples(st.integers(0, 20), ends), max_size=5)


@given(spans, st.integers(0, 20), st.integers(0, 20))
def test_the_first_day_without_a_table_is_found(others, begins, asked):
    others = [(day(a), None if b is None else day(b)) for a, b in others]

    found = day_without(others, retired=(day(begins), None), from_day=day(asked))

    missed = [
        one
        for one in map(day, range(max(begins, asked), 30))
        if not any(a <= one and (b is None or one < b) for a, b in others)
    ]
    assert found == (missed[0] if missed else None)


@pytest.mark.usefixtures("test_database")
def test_the_database_keeps_its_tables_from_being_emptied_by_their_owner():
    with (
        psycopg.connect(owner_url(current_url())) as owner,
        pytest.raises(psycopg.Error, match="append-only"),
    ):
        owner.execute("TRUNCATE strategy_tableversion")


# -- who may ------------------------------------------------------------------------------

ACTS = {
    "draft_table": lambda who: draft_table(
        "treatment", default_rows("treatment"), actor=who, now=NOW
    ),
    "approve_table": lambda who: approve_table(
        approved(0).pk, in_force_from=DAY, actor=who, today=DAY, now=NOW
    ),
    "retire_table": lambda who: retire(approved(0), 1, who),
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
@pytest.mark.parametrize("role", [r for r in Role.values if Can.EDIT_TABLES not in RIGHTS[r]])
def test_who_may_not_edit_tables_is_refused_by_the_action_itself(act, role, db):
    with pytest.raises(Forbidden):
        ACTS[act](make.agent(role))


def test_who_left_is_refused_too(db):
    gone = make.agent(Role.STRATEGY, is_active=False)

    with pytest.raises(Forbidden):
        ACTS["draft_table"](gone)
