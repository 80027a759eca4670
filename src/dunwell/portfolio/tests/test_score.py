from __future__ import annotations

import random
import time
from typing import Any

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.portfolio import schema
from dunwell.portfolio.score import (
    FACTS,
    Attribute,
    BadCard,
    Characteristic,
    Scorecard,
    score,
)
from dunwell.portfolio.tests.rows import rows_of, table
from dunwell.strategy.scorecard.model import shipped

LARGEST = 10**15 - 1
SMALL = Scorecard(
    name="small",
    currency="CNY",
    characteristics=(
        Characteristic(
            "PS1",
            "mark",
            (
                Attribute(0, marks="23", reason="LATE"),
                Attribute(30, marks="1", reason="LATE"),
                Attribute(50, marks="NPR"),
            ),
            unknown=20,
            statement=1,
        ),
        Characteristic(
            "UTIL",
            "utilisation",
            (Attribute(10), Attribute(5, since=500), Attribute(0, since=900, reason="UTIL")),
            unknown=6,
        ),
        Characteristic(
            "LIMIT",
            "limit",
            (Attribute(0, reason="LIMIT"), Attribute(10, since=100_000)),
            unknown=4,
        ),
        Characteristic(
            "PAYR",
            "repaid",
            (
                Attribute(0, reason="PAYR"),
                Attribute(10, since=1, reason="PAYR"),
                Attribute(40, since=1000),
            ),
            unknown=9,
        ),
    ),
    lowest=0,
    propensity_ppm=tuple(range(100_000, 100_000 + 111)),
    bands=(("A", 100_080), ("B", 100_040), ("C", 0)),
)


def account(**changed: Any) -> dict[str, Any]:
    row = {
        "payment_profile": "RRRRRR",
        "credit_limit_minor": 200_000,
        "balance_minor": 50_000,
        "statement_balance_minor": 50_000,
        "last_payment_minor": 50_000,
    }
    return {**row, **changed}


def scored(card: Scorecard, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    numbered = [{**row, "place": place} for place, row in enumerate(rows)]
    given_ = table({**FACTS, "place": "int64"}, numbered)
    return sorted(rows_of(score(given_, card)), key=lambda row: row["place"])


# -- the oracle: one account at a time, in the words of the card's documentation --------


def part_of(one: Characteristic, row: dict[str, Any]) -> tuple[int, int] | None:
    """Return thousandths' numerator and denominator; a limit is counted in thousandths too."""
    owed = row["statement_balance_minor"]
    numbers = {
        "limit": (row["credit_limit_minor"], 1000),
        "paid": (row["last_payment_minor"], row["credit_limit_minor"]),
        "repaid": (row["last_payment_minor"], owed),
        "utilisation": (row["balance_minor"] if owed is None else owed, row["credit_limit_minor"]),
    }
    number, whole = numbers[one.measure]
    if number is None or whole is None or whole <= 0:
        return None
    return None if one.measure == "limit" and number <= 0 else (number, whole)


def fitting(one: Characteristic, row: dict[str, Any]) -> Attribute | None:
    if one.measure == "mark":
        mark = (row["payment_profile"] or "")[one.statement - 1 : one.statement]
        return next((a for a in one.attributes if mark and mark in a.marks), None)
    part = part_of(one, row)
    if part is None:
        return None
    number, whole = part
    found = one.attributes[0]
    for attribute in one.attributes[1:]:
        if number * 1000 >= whole * attribute.since:
            found = attribute
    return found


def by_hand(card: Scorecard, row: dict[str, Any]) -> tuple[int, str, list[str | None]]:
    total, losses = 0, []
    for place, one in enumerate(card.characteristics):
        attribute = fitting(one, row)
        total += one.unknown if attribute is None else attribute.points
        if attribute and attribute.reason and one.best > attribute.points:
            losses.append((attribute.points - one.best, place, attribute.reason))
    ppm = card.propensity_ppm[total - card.lowest]
    band = next(letter for letter, least in card.bands if ppm >= least)
    reasons: list[str | None] = [reason for _, _, reason in sorted(losses)[:3]]
    return ppm, band, reasons + [None] * (3 - len(reasons))


def answer(row: dict[str, Any]) -> tuple[int, str, list[str | None]]:
    reasons = [row["reason_1"], row["reason_2"], row["reason_3"]]
    return row["propensity_ppm"], row["score_band"], reasons


EDGES = [0, 1, 2_999_999, 3_000_000, 5_000_100, 36_000_000, LARGEST]
AMOUNTS = st.one_of(st.none(), st.sampled_from(EDGES), st.integers(0, 50_000_000))
ROWS = st.fixed_dictionaries(
    {
        "payment_profile": st.one_of(
            st.none(), st.text("NPR123456789X", max_size=8), st.just("é字NP1R")
        ),
        "credit_limit_minor": AMOUNTS,
        "balance_minor": AMOUNTS,
        "statement_balance_minor": st.one_of(AMOUNTS, st.sampled_from([-1, -LARGEST])),
        "last_payment_minor": AMOUNTS,
    }
)


@pytest.mark.parametrize("card", [SMALL, shipped(), shipped("CNY")], ids=["small", "own", "cny"])
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=40))
def test_the_engine_scores_as_plain_python_does(card, rows):
    assert [answer(row) for row in scored(card, *rows)] == [by_hand(card, row) for row in rows]


def test_bounds_are_reached_exactly_and_never_by_rounding():
    card = shipped()
    limit = 999_999_999
    bounds = [
        attribute.since
        for one in card.characteristics
        if one.measure == "utilisation"
        for attribute in one.attributes[1:]
    ]
    owed = [max(bound * limit // 1000 + step, 0) for bound in bounds for step in (-1, 0, 1)]
    rows = [account(credit_limit_minor=limit, statement_balance_minor=amount) for amount in owed]

    found = [answer(row) for row in scored(card, *rows)]

    assert found == [by_hand(card, row) for row in rows]
    assert len({ppm for ppm, _, _ in found}) > 3


def test_the_largest_amounts_do_not_overflow():
    row = account(
        credit_limit_minor=LARGEST,
        balance_minor=4 * LARGEST,
        statement_balance_minor=None,
        last_payment_minor=LARGEST,
    )

    assert answer(scored(shipped(), row)[0]) == by_hand(shipped(), row)


def test_the_best_account_has_the_most_points_and_no_reason():
    assert answer(scored(SMALL, account())[0]) == (100_110, "A", [None, None, None])


def test_the_reason_that_cost_most_comes_first():
    row = account(payment_profile="2", statement_balance_minor=190_000, last_payment_minor=0)

    assert answer(scored(SMALL, row)[0])[2] == ["LATE", "PAYR", "UTIL"]


def test_equal_losses_keep_the_order_of_the_card():
    row = account(credit_limit_minor=1_000, statement_balance_minor=1_000, last_payment_minor=1_000)

    assert answer(scored(SMALL, row)[0])[2] == ["UTIL", "LIMIT", None]


def test_what_is_lost_without_a_reason_is_not_told():
    row = account(statement_balance_minor=100_000, last_payment_minor=100_000)

    assert answer(scored(SMALL, row)[0]) == (100_105, "A", [None, None, None])


def test_nothing_known_is_the_usual_account_and_no_reason():
    row = dict.fromkeys(FACTS)

    assert answer(scored(SMALL, row)[0]) == (100_039, "C", [None, None, None])


def test_where_no_statement_is_known_the_balance_stands_in():
    known, unknown = scored(
        SMALL,
        account(statement_balance_minor=190_000, last_payment_minor=None),
        account(statement_balance_minor=None, balance_minor=190_000, last_payment_minor=None),
    )

    assert answer(known) == answer(unknown)
    assert "UTIL" in answer(known)[2]


def test_other_columns_pass_through_and_nothing_else_is_added():
    (row,) = scored(SMALL, account())

    added = {"propensity_ppm", "score_band", "reason_1", "reason_2", "reason_3"}
    assert set(row) == {*FACTS, "place", *added}


def test_a_missing_column_is_named():
    bare = table({"payment_profile": "string"}, [{"payment_profile": "R"}])

    with pytest.raises(schema.WrongColumns, match="credit_limit_minor is missing"):
        score(bare, SMALL)


@pytest.mark.parametrize(
    "changed",
    [
        {"propensity_ppm": SMALL.propensity_ppm[:-1]},
        {"propensity_ppm": SMALL.propensity_ppm[::-1]},
        {"lowest": 1},
    ],
    ids=["too short", "falling", "beginning late"],
)
def test_a_card_that_contradicts_itself_is_refused(changed):
    with pytest.raises(BadCard):
        Scorecard(**{**vars_of(SMALL), **changed})


def vars_of(card: Scorecard) -> dict[str, Any]:
    names = ("name", "currency", "characteristics", "lowest", "propensity_ppm", "bands")
    return {name: getattr(card, name) for name in names}


def test_a_million_accounts_are_scored_within_seconds():
    chance = random.Random(3)
    profiles = ["".join(chance.choices("NPR123", k=6)) for _ in range(1_000)]
    rows = [
        account(payment_profile=one, last_payment_minor=chance.randrange(9**7)) for one in profiles
    ]
    con = ibis.duckdb.connect()
    few = con.create_table("few", table(FACTS, rows).to_pyarrow())
    thousand = con.create_table("thousand", ibis.range(1_000).unnest().name("n").as_table())
    many = con.create_table("many", few.cross_join(thousand))

    began = time.perf_counter()
    con.create_table("scored", score(many, shipped()))
    took = time.perf_counter() - began

    assert con.table("scored").count().execute() == 1_000_000
    # 0.7 s where it was written, of the 2 s it may take; a busy machine gets more.
    assert took < 6
