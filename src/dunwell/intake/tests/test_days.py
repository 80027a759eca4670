"""A delivery against the days before it: shape, movements, people and closed accounts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dunwell.accounts.models import Account, Payment, Position
from dunwell.cases.models import Case, Entry, Hold
from dunwell.intake.actions import load_delivery
from dunwell.intake.models import QuarantinedRow
from dunwell.intake.tests import making
from dunwell.parties.models import Party

pytestmark = pytest.mark.usefixtures("committed_db")
NEXT = date(2026, 11, 24)


def two_days(folder, change, *, count=30, first=None, **manifest):
    """Load a day and the next, whose rows ``change`` edits; return the next and its codes."""
    making.portfolio()
    before = making.good(count)
    if first:
        first(before)
    done = load_delivery(making.write(folder / "d", before, with_totals=False), now=making.NOW)
    assert done.state == "applied", done.report["findings"]
    rows = making.good(count)
    rows["payments"] = []
    change(rows)
    path = making.write(folder / "e", rows, day=NEXT, with_totals=False, **manifest)
    delivery = load_delivery(path, now=making.NOW)
    codes = {f["code"].removeprefix("intake.") for f in delivery.report["findings"]}
    return delivery, codes - {"G15_vanished"}


def scaled(column, factor, rows):
    for row in rows["accounts"]:
        row[column] = str(Decimal(row[column]) * factor)


@pytest.mark.parametrize(
    ("factor", "held"),
    [("0.19", True), ("0.21", False), ("4.9", False), ("5.1", True), ("100", True)],
)
def test_interest_in_another_unit_is_held(tmp_path, factor, held):
    def change(rows):
        for row in rows["accounts"]:
            row["interest"] = f"{Decimal('20') * Decimal(factor):.2f}"

    def first(rows):
        scaled("interest", 0, rows)
        for row in rows["accounts"][:20]:
            row["interest"] = "20.00"

    delivery, codes = two_days(tmp_path, change, first=first)

    assert ("E19_unit_flip" in codes, delivery.state) == (held, "held" if held else "applied")


def fallen(which, by):
    def change(rows):
        for row in rows["accounts"][:which]:
            row["principal"] = str(Decimal(row["principal"]) - Decimal(by))

    return change


def test_a_balance_that_fell_unpaid_waits_if_the_sender_says_that_all_is_there(tmp_path):
    delivery, codes = two_days(tmp_path, fallen(1, "0.01"), all_movements=True)

    assert (delivery.state, codes) == ("held", {"E21_movements", "E21_movements_many"})
    assert Position.objects.filter(account__account_ref="A000000").count() == 1


def test_one_of_many_such_balances_waits_alone(tmp_path):
    delivery, codes = two_days(tmp_path, fallen(1, "0.01"), count=1001, all_movements=True)

    assert (delivery.state, codes) == ("applied", {"E21_movements"})
    waiting = QuarantinedRow.objects.get()
    assert waiting.values["account_ref"] == "A000000"


def test_a_balance_may_fall_by_what_was_paid_less_what_was_reversed(tmp_path):
    def change(rows):
        fallen(1, "40.00")(rows)
        paid = making.payments(1)[0] | {"payment_ref": "Q1", "amount": "60.00"}
        back = paid | {"payment_ref": "Q2", "kind": "reversal", "amount": "20.00"}
        rows["payments"] = [paid, back | {"reverses_ref": "Q1"}]

    assert two_days(tmp_path, change, all_movements=True)[1] == set()


def test_without_that_word_no_fall_is_judged(tmp_path):
    assert two_days(tmp_path, fallen(30, "50.00"))[1] == set()


@pytest.mark.parametrize(
    ("change", "held"),
    [
        (lambda rows: rows["accounts"].__delitem__(slice(20, None)), True),  # 33 % fewer
        (lambda rows: rows["accounts"].__delitem__(slice(25, None)), False),  # 17 % fewer
        (lambda rows: scaled("principal", Decimal("1.25"), rows), True),
        (lambda rows: scaled("principal", Decimal("0.75"), rows), True),
        (lambda rows: scaled("principal", Decimal("1.10"), rows), False),
    ],
)
def test_rows_or_principal_that_jump_are_held(tmp_path, change, held):
    def rounded(rows):
        change(rows)
        for row in rows["accounts"]:
            row["principal"] = f"{Decimal(row['principal']):.2f}"

    delivery, codes = two_days(tmp_path, rounded)

    assert ("H06_jump" in codes, delivery.state == "held") == (held, held)


def test_a_customer_reference_given_to_another_person_waits(tmp_path):
    def known(rows):
        rows["customers"][0]["id_number"] = "11010519491231002X"

    def change(rows):
        rows["customers"][0] |= {"id_number": "110105194912310046", "name": "另一人"}
        rows["customers"][0]["id_type"] = "passport"

    delivery, codes = two_days(tmp_path, change, first=known)

    assert (delivery.state, codes) == ("applied", {"G04_key_reused"})
    assert Party.objects.get(customer_ref="C000000").name == "王小明"


def test_an_account_given_to_another_customer_waits(tmp_path):
    delivery, codes = two_days(
        tmp_path, lambda rows: rows["accounts"][0].update(customer_ref="C000001")
    )

    assert (delivery.state, codes) == ("applied", {"G04_key_reused"})
    account = Account.objects.get(account_ref="A000000")
    assert account.party.customer_ref == "C000000"
    assert Position.objects.get(account=account, snapshot__business_date=NEXT).carried


def close_first(rows):
    rows["accounts"][0]["status"] = "closed"
    rows["payments"] = []


def test_an_account_that_was_closed_and_is_back_waits(tmp_path):
    delivery, codes = two_days(tmp_path, lambda rows: None, first=close_first)

    assert (delivery.state, codes) == ("applied", {"G14_closed_before"})
    assert Account.objects.get(account_ref="A000000").status == "closed"


def test_a_payment_on_a_closed_account_waits_to_be_refunded(tmp_path):
    def change(rows):
        close_first(rows)
        rows["payments"] = [making.payments(1)[0] | {"payment_ref": "Q1"}]

    delivery, codes = two_days(tmp_path, change, first=close_first)

    assert (delivery.state, codes) == ("applied", {"H13_after_settlement"})
    assert (Payment.objects.count(), QuarantinedRow.objects.get().kind) == (0, "payments")


@pytest.mark.parametrize("day", [making.DAY, date(2026, 11, 20)])
def test_a_correction_of_a_day_that_was_applied_is_refused_with_what_to_do(tmp_path, day):
    making.portfolio()
    load_delivery(making.write(tmp_path / "d"), now=making.NOW)
    rows = making.good()
    scaled("principal", 2, rows)

    path = making.write(tmp_path / "e", rows, day=day, correction=True)
    delivery = load_delivery(path, now=making.NOW)

    assert delivery.state == "refused"
    assert [f["code"] for f in delivery.report["findings"]] == ["intake.H14_correction"]
    assert Position.objects.get(account__account_ref="A000000").principal_minor == 100010


def test_a_payment_that_was_late_is_taken_in_with_the_day_it_was_made(tmp_path):
    def change(rows):
        rows["payments"] = [making.payments(1)[0] | {"payment_ref": "Q1", "value_on": "2026-11-02"}]

    delivery, codes = two_days(tmp_path, change)

    assert (delivery.state, codes) == ("applied", set())
    assert Payment.objects.get(payment_ref="Q1").value_on == date(2026, 11, 2)


def test_a_hold_that_a_delivery_sets_stands_on_the_timeline_of_the_open_case(tmp_path):
    def change(rows):
        rows["customers"][0] |= {"deceased": "true", "bankrupt": "true"}
        rows["customers"][1] |= {"bankrupt": "true"}
        rows["customers"][2] |= {"bankrupt": "true"}

    def cases(rows):
        for row in rows["customers"]:
            row["bankrupt"] = "false"

    making.portfolio()
    rows = making.good(30)
    cases(rows)
    load_delivery(making.write(tmp_path / "d", rows, with_totals=False), now=making.NOW)
    people = list(Party.objects.order_by("customer_ref")[:3])
    given = {"stage": "early", "bucket": 1, "opened_on": making.DAY}
    for person in people:
        state = {} if person != people[2] else {
            "state": "closed", "closed_as": "cured", "closed_on": making.DAY,
        }  # fmt: skip
        Case.objects.create(portfolio=person.portfolio, party=person, **given, **state)
    change(rows)
    rows["payments"] = []
    path = making.write(tmp_path / "e", rows, day=NEXT, with_totals=False)

    delivery = load_delivery(path, now=making.NOW)

    assert delivery.state == "applied"
    assert Hold.objects.count() == 4
    lines = Entry.objects.order_by("case").values_list(
        "case__party", "kind", "business_date", "data__hold", "note"
    )
    note = f"delivery of {NEXT}"
    assert list(lines) == [
        (people[0].pk, "hold_set", NEXT, "deceased, bankrupt", note),
        (people[1].pk, "hold_set", NEXT, "bankrupt", note),
    ]
