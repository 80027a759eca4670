from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.kernel import masking
from dunwell.kernel.calendars import holidays_of
from dunwell.kernel.days import add_working_days, is_working_day
from dunwell.kernel.money import LARGEST_MINOR, BadAmount, Money, UnknownCurrency
from dunwell.kernel.refusal import Refusal, Refused


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("1234.50", "CNY", 123450), ("-0.01", "USD", -1), ("7", "JPY", 7), ("1.5", "KWD", 1500)],
)
def test_an_amount_becomes_whole_minor_units(text, currency, minor):
    assert Money.of(text, currency).minor == minor


@pytest.mark.parametrize(
    "text",
    ["", "1e3", "NaN", "inf", "1,000", "+1", " 1", "1.", ".5", "1.005", "１２", "--1", "1" * 16],
)
def test_whatever_is_not_plain_digits_is_no_amount(text):
    with pytest.raises(BadAmount):
        Money.of(text, "CNY")


def test_a_currency_that_is_not_listed_is_refused_not_guessed():
    with pytest.raises(UnknownCurrency):
        Money.of("1", "XXX")


@given(st.integers(-LARGEST_MINOR, LARGEST_MINOR), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_money_survives_its_own_text(minor, currency):
    money = Money(minor, currency)
    assert Money.of(str(money.decimal), currency) == money


def test_currencies_do_not_mix_and_floats_do_not_pass():
    with pytest.raises(ValueError, match="do not mix"):
        Money(1, "CNY") + Money(1, "USD")
    with pytest.raises(TypeError):
        Money(1.0, "CNY")
    assert str(Money(123456789, "CNY") - Money(1, "CNY")) == "1,234,567.88"
    assert Money(1, "CNY") < Money(2, "CNY")


def test_working_days_step_over_weekends_and_holidays():
    friday = date(2026, 3, 6)
    assert add_working_days(friday, 1) == date(2026, 3, 9)
    assert add_working_days(date(2026, 3, 7), 0) == date(2026, 3, 9)
    assert add_working_days(friday, 1, {date(2026, 3, 9)}) == date(2026, 3, 10)
    with pytest.raises(ValueError, match="forward"):
        add_working_days(friday, -1)


def test_public_holidays_are_known_by_country():
    assert date(2026, 10, 1) in holidays_of("CN")
    assert not is_working_day(date(2026, 10, 1), holidays_of("CN"))
    assert date(2026, 10, 1) not in holidays_of("ZZ")


@pytest.mark.parametrize(
    ("kind", "value", "seen"),
    [
        ("mobile", "+86 138 0000 1234", "86 •••• 1234"),
        ("mobile", "13800001234", "1 •••• 1234"),
        ("mobile", "91234567", "•••• 4567"),
        ("mobile", "+85291234567", "8 •••• 4567"),
        ("mobile", "12345", "•••• 45"),
        ("mobile", "1", "••••"),
        ("email", "wei@example.org", "w••••@example.org"),
        ("email", "a@b.c", "••••@b.c"),
        ("email", "broken", "••••••"),
        ("address", "臺南市東區假想路12號", "臺南市東區••••••"),
        ("address", "12 Elm Street", "••••••"),
        ("address", "12 Elm Street, Springfield", "•••••• Springfield"),
        ("address", "12 Elm Street, AB1 2CD", "•••••• AB• •CD"),
        ("address", "Elm, Springfield upon Avon", "••••••"),
        ("address", "短", "••••••"),
    ],
)
def test_a_contact_point_is_masked_by_its_kind(kind, value, seen):
    assert masking.mask_contact(kind, value) == seen


def test_names_and_numbers_are_masked():
    assert masking.mask_name("张伟明") == "张••"
    assert masking.mask_name("John Doe") == "J••• D•••"
    assert masking.mask_name("") == ""
    assert masking.mask_id("110101199001011237") == "••••••37"
    assert masking.mask_id("") == ""


NUMBERS = st.one_of(
    st.text("0123456789", max_size=24),
    st.text("0123456789+ -()", max_size=24),
    st.text(max_size=40),
)


def digits_in(value):
    return sum(character.isdecimal() for character in value)


@given(NUMBERS)
def test_a_mask_shows_at_most_half_of_the_digits_of_a_number(value):
    for kind in ("mobile", "landline", "work_phone"):
        assert digits_in(masking.mask_contact(kind, value)) <= digits_in(value) / 2
    assert len(masking.mask_id(value).replace(masking.DOT, "")) <= len(value) / 2


@given(
    st.one_of(
        st.text(max_size=60),
        st.text("甲乙丙市區路號0123456789", max_size=30),
        st.builds(
            "{} {} Street, {}".format,
            st.integers(1, 9999),
            st.text(max_size=12),
            st.text(max_size=30),
        ),
    )
)
def test_a_mask_shows_at_most_half_of_an_address_and_no_digit(value):
    shown = masking.mask_contact("address", value).strip(masking.DOT).strip()

    assert len(shown) <= len(value) / 2
    assert digits_in(shown) == 0


def test_a_refusal_says_its_reason_with_what_it_names():
    no = Refusal("x.y", "Within %(days)s days.", named={"days": 3})
    assert no.text == "Within 3 days."
    assert str(Refused(no, Refusal("a.b", "100 % no"))) == "x.y: Within 3 days.; a.b: 100 % no"
