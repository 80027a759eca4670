from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.portfolio import schema
from dunwell.portfolio.ageing import age
from dunwell.portfolio.tests import oracle
from dunwell.portfolio.tests.rows import by, rows_of, table

DAY = date(2026, 11, 24)
RULES: dict[str, Any] = {"grace_days": 3, "tolerance_minor": 1000, "ladder": "stricter"}


def position(account_id: int = 1, **changed: Any) -> dict[str, Any]:
    row = {
        "account_id": account_id,
        "party_id": 1,
        "oldest_unpaid_due_on": DAY - timedelta(days=40),
        "past_due_minor": 50_000,
        "balance_minor": 900_000,
        "charged_off": False,
    }
    return {**row, **changed}


def aged_one(*, day: date = DAY, rules: dict[str, Any] = RULES, **changed: Any) -> dict[str, Any]:
    return rows_of(age(table(schema.POSITIONS, [position(**changed)]), day=day, **rules))[0]


def days_late(days: int, **more: Any) -> dict[str, Any]:
    return aged_one(oldest_unpaid_due_on=DAY - timedelta(days=days), **more)


def test_within_grace_nothing_is_overdue():
    row = days_late(3)

    assert (row["overdue"], row["dpd"], row["bucket"], row["asset_class"]) == (
        False, 0, 0, "normal",
    )  # fmt: skip


def test_after_grace_days_count_from_the_due_date():
    row = days_late(4)

    assert (row["overdue"], row["dpd"], row["bucket"]) == (True, 4, 1)


def test_on_the_due_date_itself_nothing_is_overdue_even_without_grace():
    row = days_late(0, rules={**RULES, "grace_days": 0})

    assert not row["overdue"]


def test_the_day_after_is_day_one_without_grace():
    row = days_late(1, rules={**RULES, "grace_days": 0})

    assert (row["overdue"], row["dpd"]) == (True, 1)


def test_a_due_date_to_come_is_not_overdue():
    assert not days_late(-5)["overdue"]


def test_without_an_unpaid_due_date_nothing_is_overdue():
    row = aged_one(oldest_unpaid_due_on=None)

    assert (row["overdue"], row["dpd"]) == (False, 0)


@pytest.mark.parametrize(("past_due", "overdue"), [(999, False), (1000, False), (1001, True)])
def test_the_tolerance_itself_is_tolerated(past_due, overdue):
    assert aged_one(past_due_minor=past_due)["overdue"] is overdue


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (120, 4), (121, 5),
     (150, 5), (151, 6), (180, 6), (181, 7), (5000, 7)],
)  # fmt: skip
def test_buckets_change_the_day_after_thirty(days, bucket):
    assert days_late(days)["bucket"] == bucket


@pytest.mark.parametrize(
    ("days", "card", "general"),
    [
        (90, "special_mention", "special_mention"),
        (91, "substandard", "substandard"),
        (120, "substandard", "substandard"),
        (121, "doubtful", "substandard"),
        (180, "doubtful", "substandard"),
        (181, "loss", "substandard"),
        (270, "loss", "substandard"),
        (271, "loss", "doubtful"),
        (360, "loss", "doubtful"),
        (361, "loss", "loss"),
    ],
)
def test_the_two_ladders_of_asset_classes(days, card, general):
    found = {
        ladder: days_late(days, rules={**RULES, "ladder": ladder})["asset_class"]
        for ladder in ("card", "general", "stricter")
    }

    assert found == {"card": card, "general": general, "stricter": card}


def test_a_charged_off_account_ages_on():
    assert days_late(400, charged_off=True)["dpd"] == 400


def test_the_leap_day_is_a_day():
    row = aged_one(day=date(2028, 3, 1), oldest_unpaid_due_on=date(2028, 2, 24))

    assert row["dpd"] == 6


def test_other_columns_pass_through():
    positions = table(schema.POSITIONS, [position()]).mutate(was=ibis.literal(3))

    assert rows_of(age(positions, day=DAY, **RULES))[0]["was"] == 3


def test_an_unknown_ladder_is_an_error():
    with pytest.raises(ValueError, match="ladder"):
        aged_one(rules={**RULES, "ladder": "steep"})


EDGES = [
    0,
    1,
    2,
    3,
    4,
    29,
    30,
    31,
    60,
    61,
    90,
    91,
    120,
    121,
    150,
    151,
    180,
    181,
    270,
    271,
    360,
    361,
]
POSITIONS = st.builds(
    dict,
    party_id=st.integers(1, 9),
    late=st.none() | st.sampled_from(EDGES) | st.integers(-40, 800),
    past_due_minor=st.sampled_from([0, 999, 1000, 1001]) | st.integers(0, 10**15 - 1),
    balance_minor=st.integers(-(10**6), 10**15 - 1),
    charged_off=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(
    drawn=st.lists(POSITIONS, min_size=1, max_size=40),
    day=st.dates(date(2019, 1, 1), date(2032, 12, 31)) | st.sampled_from([date(2028, 2, 29), date(2028, 3, 1)]),
    grace=st.integers(0, 5),
    tolerance=st.sampled_from([0, 1000]),
    ladder=st.sampled_from(["card", "general", "stricter"]),
    order=st.randoms(use_true_random=False),
)  # fmt: skip
def test_every_row_is_what_the_oracle_says_in_any_order(
    drawn: list[dict[str, Any]], day: date, grace: int, tolerance: int, ladder: str, order: random.Random
):  # fmt: skip
    rules = {"grace_days": grace, "tolerance_minor": tolerance, "ladder": ladder}
    rows = []
    for number, one in enumerate(drawn):
        late = one.pop("late")
        due = None if late is None else day - timedelta(days=late)
        rows.append({"account_id": number, "oldest_unpaid_due_on": due, **one})
    shuffled = order.sample(rows, len(rows))

    found = rows_of(age(table(schema.POSITIONS, shuffled), day=day, **rules))

    expected = [oracle.aged(row, day=day, **rules) for row in rows]
    assert by("account_id", found) == by("account_id", expected)


def test_the_result_keeps_its_contract_without_floats():
    aged = age(table(schema.POSITIONS, [position()]), day=DAY, **RULES)

    schema.check(aged, schema.AGED)
    assert not any(kind.is_floating() for kind in aged.schema().types)
