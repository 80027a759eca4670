from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.portfolio import schema
from dunwell.portfolio.kpis import by_asset_class, by_bucket, delinquency
from dunwell.portfolio.rolls import SIDE, flow_ratios, roll_matrix
from dunwell.portfolio.tests import oracle
from dunwell.portfolio.tests.rows import rows_of, table


def side(*accounts: tuple[int, int, int]) -> list[dict[str, int]]:
    return [dict(zip(SIDE, account, strict=True)) for account in accounts]


def matrix(before: list[dict[str, int]], after: list[dict[str, int]]) -> dict[Any, dict[str, Any]]:
    found = rows_of(roll_matrix(table(SIDE, before), table(SIDE, after)))
    return {(row.pop("from_bucket"), row.pop("to_bucket")): row for row in found}


def test_accounts_are_followed_one_by_one():
    found = matrix(
        side((1, 1, 100), (2, 1, 50), (3, 2, 70)), side((1, 2, 120), (3, 2, 60), (4, 1, 9))
    )

    assert found[("1", "2")] == {
        "accounts": 1, "balance_before_minor": 100, "balance_after_minor": 120,
        "of_accounts": 2, "of_balance_minor": 150,
    }  # fmt: skip
    assert {cell: row["accounts"] for cell, row in found.items()} == {
        ("1", "2"): 1, ("1", "gone"): 1, ("2", "2"): 1, ("new", "1"): 1,
    }  # fmt: skip
    assert found[("new", "1")]["of_balance_minor"] == 9


SIDES = st.dictionaries(
    st.integers(1, 12), st.tuples(st.integers(0, 7), st.integers(0, 10**15 - 1)), max_size=12
).map(lambda drawn: side(*((who, *rest) for who, rest in drawn.items())))


@settings(max_examples=40, deadline=None)
@given(before=SIDES, after=SIDES)
def test_every_row_adds_up_to_its_whole(before, after):
    found = matrix(before, after)

    rows: Counter[str] = Counter()
    for (row, _), cell in found.items():
        rows[row] += cell["accounts"]
    assert all(rows[row] == cell["of_accounts"] for (row, _), cell in found.items())
    was = Counter(str(one["bucket"]) for one in before)
    assert {row: count for row, count in rows.items() if row != "new"} == dict(was)
    assert sum(c["balance_after_minor"] for c in found.values()) == sum(
        one["balance_minor"] for one in after
    )


def test_the_flow_ratio_is_of_balances_and_follows_no_account():
    before = side((1, 2, 60), (2, 2, 40), (3, 7, 5))
    after = side((4, 3, 40))

    found = rows_of(flow_ratios(table(SIDE, before), table(SIDE, after)))

    assert found == [{"from_bucket": 2, "base_minor": 100, "to_bucket": 3, "flow_minor": 40}]


def aged(*accounts: tuple[int, int, bool]) -> Any:
    """Accounts by days past due, balance, and whether they are charged off."""
    rows = [
        {
            "account_id": number, "party_id": number, "oldest_unpaid_due_on": None,
            "past_due_minor": 0, "balance_minor": balance, "charged_off": charged_off,
            "overdue": days > 0, "dpd": days, "bucket": oracle.bucket(days),
            "asset_class": oracle.asset_class(days, "card"),
        }
        for number, (days, balance, charged_off) in enumerate(accounts)
    ]  # fmt: skip
    return table(schema.AGED, rows)


def test_buckets_and_classes_are_counted_and_summed():
    accounts = aged((0, 5, False), (10, 7, False), (30, 8, False), (200, 9, True))

    assert [tuple(row.values()) for row in rows_of(by_bucket(accounts))] == [
        (0, 1, 5), (1, 2, 15), (7, 1, 9),
    ]  # fmt: skip
    assert [tuple(row.values()) for row in rows_of(by_asset_class(accounts))] == [
        ("loss", 1, 9), ("normal", 1, 5), ("special_mention", 2, 15),
    ]  # fmt: skip


def test_delinquency_leaves_charge_offs_out_of_both_parts():
    accounts = aged(
        (29, 1, False), (30, 10, False), (60, 100, False), (90, 1000, False), (95, 7, True)
    )

    assert [tuple(row.values()) for row in rows_of(delinquency(accounts))] == [
        (30, 3, 1110, 4, 1111), (60, 2, 1100, 4, 1111), (90, 1, 1000, 4, 1111),
    ]  # fmt: skip


def test_delinquency_of_nothing_is_nothing():
    assert [row["of_accounts"] for row in rows_of(delinquency(aged()))] == [0, 0, 0]


def test_a_table_that_breaks_its_contract_is_named_by_column():
    wrong = table({**SIDE, "bucket": "float64"}, [])

    with pytest.raises(schema.WrongColumns, match="bucket is float64, not int32"):
        roll_matrix(wrong, table(SIDE, []))


def test_narrower_whole_numbers_are_fine_and_wider_ones_are_not():
    schema.check(table({"dpd": "int16"}, []), {"dpd": "int32"})
    with pytest.raises(schema.WrongColumns):
        schema.check(table({"dpd": "int64"}, []), {"dpd": "int32"})
    with pytest.raises(schema.WrongColumns, match="minor is missing"):
        schema.check(table({"dpd": "int16"}, []), {"minor": "int64"})
