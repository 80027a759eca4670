"""What the database itself forbids on promises, cases, entries, holds and leases."""

import pytest
from django.db import IntegrityError, connection

from dunwell.cases.holds import set_hold
from dunwell.cases.leases import take_case
from dunwell.cases.models import Case, Hold, Lease
from dunwell.plans.actions import take_promise
from dunwell.plans.models import Promise
from dunwell.strategy.rules import TRACKS
from dunwell.testing import make

EVER = ("'infinity'", "'-infinity'")
DATES = {
    "promise_dates_are_finite": (Promise, ["due_on", "counts_until", "taken_on", "taken_at"]),
    "case_dates_are_finite": (
        Case,
        ["opened_on", "oldest_unpaid_due_on", "next_step_on", "last_worked_at", "last_rpc_at",
         "follow_up_at"],
    ),
    "hold_dates_are_finite": (Hold, ["from_on", "until_on", "review_on", "lifted_on"]),
    "lease_ends": (Lease, ["taken_at", "until"]),
}  # fmt: skip
WORDS = {
    "promise_state_is_known": (Promise, "state = 'maybe', decided_on = taken_on"),
    "case_words_are_known": (Case, "track = 'street'"),
    "hold_kind_is_known": (Hold, "kind = 'whim'"),
}


@pytest.fixture
def rows(db):
    ada = make.agent()
    case = make.case(collector=ada)
    take_promise(case.pk, amount_minor=100, due_on=make.DAY, actor=ada, now=make.NOW)
    set_hold(case.pk, "dispute", evidence="x", actor=ada, now=make.NOW)
    take_case(case.pk, actor=ada, now=make.NOW)
    return case


def change(model, what):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {what}")


def refused_by(name, model, what):
    # Another rule of the same row may speak first; that none lets it pass is what counts.
    constraints = {one.name for one in model._meta.constraints}
    with pytest.raises(IntegrityError) as refused:
        change(model, what)
    said = refused.value.__cause__.diag.constraint_name
    assert said == name or said in constraints


@pytest.mark.parametrize("ever", EVER)
@pytest.mark.parametrize(
    ("name", "column"), [(name, one) for name, (_, columns) in DATES.items() for one in columns]
)
def test_no_date_is_without_end(name, column, ever, rows):
    refused_by(name, DATES[name][0], f"{column} = {ever}")


@pytest.mark.parametrize("name", WORDS)
def test_no_word_is_unknown(name, rows):
    model, what = WORDS[name]

    with pytest.raises(IntegrityError, match=name):
        change(model, what)


@pytest.mark.parametrize(
    "what", ["stage = 'limbo'", "state='closed', closed_on=opened_on, closed_as='x'"]
)
def test_a_case_has_a_known_stage_and_end(what, rows):
    with pytest.raises(IntegrityError, match="case_words_are_known"):
        change(Case, what)


@pytest.mark.parametrize("column", ["business_date", "happened_at", "recorded_at"])
@pytest.mark.parametrize("ever", EVER)
def test_no_line_of_a_timeline_is_without_a_day(column, ever, rows):
    given = {"business_date": "'2026-03-09'", "happened_at": "now()", "recorded_at": "now()"}
    given[column] = ever
    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="entry_dates_are_finite"),
    ):
        cursor.execute(
            f"INSERT INTO cases_entry (case_id, kind, channel, outcome, note, data,"
            f" {', '.join(given)}) VALUES ({rows.pk}, 'note', '', '', '', '{{}}',"
            f" {', '.join(given.values())})"
        )


def test_what_a_decision_table_may_say_the_database_takes():
    assert set(TRACKS) == set(Case.Track.values)
