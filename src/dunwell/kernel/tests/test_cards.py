"""Card numbers in what people type: masked whole, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from dunwell.kernel.cards import LONGEST, SHORTEST, without_card_data

CARD = "4111111111111111"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("card 4111 1111 1111 1111 cvv 123", "card [card ****1111] cvv ***"),
        ("4111-1111-1111-1111", "[card ****1111]"),
        ("4111\n1111\t1111 1111", "[card ****1111]"),
        ("4111\u200b1111\u200b1111\u200b1111", "[card ****1111]"),
        (
            "卡号４１１１１１１１１１１１１１１１，安全码：１２３",
            "卡号[card ****1111]，安全码：***",
        ),
        ("٤١١١١١١١١١١١١١١١", "[card ****1111]"),
        ("CVV2 is 9876 and cvc=123", "CVV2 is *** and cvc=***"),
    ],
)
def test_card_data_is_masked_however_it_is_typed(typed, kept):
    assert without_card_data(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "asked for 1,200.50 by 2026-03-14",
        "call 13800138000 after 18:00",
        "+8613800138000",
        "account 6222 **** 1234",
        "4111 1111 1111 1112",
        "room 123",
    ],
)
def test_other_numbers_stay_as_they_were_typed(typed):
    assert without_card_data(typed) == typed


@given(
    st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=20),
    st.text("0123456789", min_size=SHORTEST - 1, max_size=LONGEST - 1),
    st.sampled_from(["", " ", "-", "."]),
    st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=20),
)
def test_no_card_number_survives(before, digits, between, after):
    number = digits + luhn.calc_check_digit(digits)
    if len(set(number)) == 1:
        number = CARD
    typed = between.join(number[at : at + 4] for at in range(0, len(number), 4))

    kept = without_card_data(f"{before}a{typed}a{after}")

    assert typed not in kept
    assert kept.startswith(f"{before}a") and kept.endswith(f"a{after}")
