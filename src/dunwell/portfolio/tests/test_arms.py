from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.portfolio.arms import arm_of, assign_arms
from dunwell.portfolio.tests.rows import rows_of, table

SHARES = {"champion": 8_000, "challenger": 1_500, "control": 500}
GIVEN = {"key": "a secret", "experiment": "autumn"}


def draw(customers: list[str | None], shares: dict[str, int] = SHARES) -> list[str | None]:
    drawn = assign_arms(
        table({"ref": "string"}, [{"ref": ref} for ref in customers]),
        customer_column="ref", shares=shares, **GIVEN,
    )  # fmt: skip
    arms = {row["ref"]: row["arm"] for row in rows_of(drawn)}
    return [arms[ref] for ref in customers]


@settings(max_examples=40, deadline=None)
@given(
    customers=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), min_size=1),
    shares=st.sampled_from([SHARES, {"only": 10_000}, {"a": 1, "b": 9_999}, {"a": 0, "b": 10_000}]),
)  # fmt: skip
def test_the_engine_draws_as_plain_python_does(customers, shares):
    assert draw(customers, shares) == [arm_of(ref, shares=shares, **GIVEN) for ref in customers]


def test_arms_come_out_in_their_shares():
    arms = Counter(arm_of(f"C{number}", shares=SHARES, **GIVEN) for number in range(20_000))

    chi_square = sum((arms[arm] - 2 * share) ** 2 / (2 * share) for arm, share in SHARES.items())
    # Two degrees of freedom: one fair draw in a thousand exceeds 13.8.
    assert chi_square < 13.8


def test_changing_later_shares_moves_nobody_of_an_earlier_arm():
    customers = [f"C{number}" for number in range(2_000)]
    later = {"challenger": 1_500, "champion": 8_300, "control": 200}

    before, after = draw(customers), draw(customers, later)

    moved = {(was, now) for was, now in zip(before, after, strict=True) if was != now}
    assert moved == {("control", "champion")}


def test_the_order_in_which_shares_are_written_does_not_matter():
    customers = [f"C{number}" for number in range(500)]

    assert draw(customers) == draw(customers, dict(reversed(SHARES.items())))


def test_another_key_draws_anew():
    drawn = [arm_of(f"C{n}", key=k, experiment="autumn", shares={"a": 5_000, "b": 5_000})
             for k in ("one", "two") for n in range(200)]  # fmt: skip

    assert drawn[:200] != drawn[200:]


def test_without_a_customer_there_is_no_arm():
    assert draw([None]) == [None]


@pytest.mark.parametrize("shares", [{}, {"a": 9_999}, {"a": 10_001}, {"a": -1, "b": 10_001}])
def test_shares_that_are_no_whole_are_an_error(shares):
    with pytest.raises(ValueError, match="10000"):
        draw(["C1"], shares)
