"""Full card numbers stop at the door, wherever and however they are written."""

from __future__ import annotations

import pytest

from dunwell.accounts.models import Account, Payment
from dunwell.intake.actions import load_delivery
from dunwell.intake.cards import key_without_cards
from dunwell.intake.models import QuarantinedRow
from dunwell.intake.tests import making
from dunwell.kernel.cards import masked
from dunwell.parties.models import ContactPoint

PAN = "4111111111111111"


@pytest.mark.parametrize(
    ("key", "kept"),
    [
        (PAN, "[card ****1111]"),
        (f"AC-{PAN}", "AC-[card ****1111]"),
        (f"000{PAN}", "[card ****1111]"),
        (f"0000000{PAN}", "[card ****1111]"),
        (f"20261123-{PAN}", "20261123-[card ****1111]"),
        (f"{PAN}-{PAN}", "[card ****1111]-[card ****1111]"),
        ("4111-1111-1111-1111", "[card ****1111]"),
        ("X_4111_1111_1111_1111", "X_[card ****1111]"),
        ("3782-822463-10005", "[card ****0005]"),
        ("6222021234567890128", "[card ****0128]"),
        ("4111-1111-1111-1110-005", "[card ****0005]"),
    ],
)
def test_a_card_number_in_a_key_is_cut_to_its_last_four(key, kept):
    assert key_without_cards(key) == kept


@pytest.mark.parametrize(
    "key",
    [
        "4111111111111112",  # the check digit is wrong
        "7111111111111114",  # right, but no network begins so
        "2026112300000017",  # a date and a number
        "41111111111111111111111111",  # longer than any card's
        "4444444444444444",
        "P000001",
        "20261123-4000-0000-17",
    ],
)
def test_a_long_reference_of_a_bank_passes(key):
    assert key_without_cards(key) == key


def test_separators_do_not_hide_a_number_in_text():
    assert masked("card 4111/1111/1111/1111") == "card [card ****1111]"


@pytest.mark.usefixtures("committed_db")
def test_no_column_keeps_a_full_number(tmp_path):
    making.portfolio()
    rows = making.good(5)
    rows["contacts"][0]["source"] = PAN
    rows["customers"][2]["time_zone"] = PAN
    for row, key in zip(rows["accounts"], (f"AC-{PAN}", f"000{PAN}", PAN, "AC-1"), strict=False):
        row["account_ref"] = key
    rows["payments"][1]["payment_ref"] = f"0{PAN}"
    rows["payments"][0].update(account_ref="AC-1", payment_ref="4111111111111112")

    delivery = load_delivery(making.write(tmp_path / "d", rows), now=making.NOW)

    assert delivery.state == "applied"
    assert ContactPoint.objects.filter(source="[card ****1111]").exists()
    assert set(Account.objects.values_list("account_ref", flat=True)) == {"AC-1", "A000004"}
    assert list(Payment.objects.values_list("payment_ref", flat=True)) == ["4111111111111112"]
    waiting = list(QuarantinedRow.objects.values_list("values", "faults"))
    assert "11111111" not in f"{delivery.report} {waiting}".replace("4111111111111112", "")
    codes = {fault["code"] for _, faults in waiting for fault in faults}
    assert {"intake.G11_card_number_as_key", "intake.F12_zone"} <= codes
