from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import Any

import ibis
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.portfolio import schema
from dunwell.portfolio.cases import cardholders, transitions
from dunwell.portfolio.tests import oracle
from dunwell.portfolio.tests.rows import by, rows_of, table

DAY = date(2026, 11, 24)
RULES: dict[str, Any] = {"day": DAY, "grace_days": 3, "tolerance_minor": 1000, "ladder": "card"}
DUE = date(2026, 10, 1)


def holder(party_id: int, bucket: int, due_on: date | None = DUE) -> dict[str, Any]:
    return {
        "party_id": party_id,
        "bucket": bucket,
        "dpd": 0,
        "oldest_unpaid_due_on": due_on,
        "past_due_minor": 0,
        "balance_minor": 0,
        "overdue_accounts": 0,
        "accounts": 1,
        "charged_off": False,
    }


def changes(holders: list[dict[str, Any]], *cases: tuple[int, int, int, date | None]) -> list[Any]:
    names = list(schema.OPEN_CASES)
    opened = table(schema.OPEN_CASES, [dict(zip(names, case, strict=True)) for case in cases])
    found = rows_of(transitions(table(schema.CARDHOLDERS, holders), opened))
    return [(row["party_id"], row["case_id"], row["change"], row["direction"]) for row in found]


def test_the_overdue_without_a_case_opens_one():
    assert changes([holder(1, 2)]) == [(1, None, "open", None)]


def test_nothing_happens_to_who_is_not_overdue_and_has_no_case():
    assert changes([holder(1, 0, None)]) == []


def test_a_case_that_did_not_change_is_not_returned():
    assert changes([holder(1, 2)], (10, 1, 2, DUE)) == []


def test_a_worse_bucket_rolls_forward_and_a_better_one_back():
    found = changes([holder(1, 3), holder(2, 1)], (10, 1, 2, DUE), (20, 2, 2, DUE))

    assert sorted(found) == [(1, 10, "roll", "forward"), (2, 20, "roll", "back")]


def test_another_due_date_in_the_same_bucket_is_a_change_that_stays():
    assert changes([holder(1, 2, date(2026, 10, 5))], (10, 1, 2, DUE)) == [(1, 10, "stay", None)]


def test_a_case_whose_due_date_was_unknown_gets_one():
    assert changes([holder(1, 2)], (10, 1, 2, None)) == [(1, 10, "stay", None)]


def test_who_is_no_longer_overdue_is_cured():
    assert changes([holder(1, 0, None)], (10, 1, 2, DUE)) == [(1, 10, "cure", None)]


def test_a_case_whose_cardholder_has_no_account_left_is_gone_not_cured():
    assert changes([holder(2, 0, None)], (10, 1, 2, DUE)) == [(1, 10, "gone", None)]


ACCOUNTS = st.builds(
    dict,
    party_id=st.integers(1, 4),
    late=st.none() | st.integers(-3, 400),
    past_due_minor=st.sampled_from([0, 1000, 1001, 10**15 - 1]),
    balance_minor=st.integers(0, 10**15 - 1),
    charged_off=st.booleans(),
)


@settings(max_examples=50, deadline=None)
@given(drawn=st.lists(ACCOUNTS, min_size=1, max_size=20))
def test_a_cardholder_is_the_worst_and_the_sum_of_his_accounts(drawn: list[dict[str, Any]]):
    rows = []
    for number, one in enumerate(drawn):
        late = one.pop("late")
        due = None if late is None else DAY - timedelta(days=late)
        rows.append(
            oracle.aged({"account_id": number, "oldest_unpaid_due_on": due, **one}, **RULES)
        )

    found = rows_of(cardholders(table(schema.AGED, rows)))

    rows.sort(key=lambda row: row["party_id"])
    expected = [
        oracle.cardholder(list(own)) for _, own in groupby(rows, lambda row: row["party_id"])
    ]
    assert by("party_id", found) == by("party_id", expected)


def test_sums_reach_the_database_as_64_bits():
    con = ibis.duckdb.connect()
    aged = con.create_table("aged", schema=ibis.schema(schema.AGED))

    described = con.raw_sql(f"DESCRIBE {ibis.to_sql(cardholders(aged), 'duckdb')}").fetchall()

    kinds = {name: kind for name, kind, *_ in described}
    assert kinds["balance_minor"] == kinds["past_due_minor"] == "BIGINT"
