"""The statement marks of an account: cycles past due, nothing owed, paid in full, or the rest."""

from __future__ import annotations

from datetime import date

import pytest

from dunwell.accounts.models import Account
from dunwell.intake.tests import making
from dunwell.intake.tests.test_load import NEXT, load

pytestmark = pytest.mark.usefixtures("committed_db")

# The statement before asked A000000 for 1000.10 on 5 November.
PAID = {"last_payment_amount": "1000.10", "last_payment_on": "2026-11-06"}


@pytest.mark.parametrize(
    ("given", "mark"),
    [
        ({"cycles_past_due": "1", **PAID}, "1"),
        ({"cycles_past_due": "12"}, "8"),
        ({"statement_balance": "0.00", "minimum_due": "0.00"}, "N"),
        (PAID, "P"),
        ({}, "R"),
        ({**PAID, "last_payment_amount": "1000.09"}, "R"),
        # Paid before that statement: it is another one's money.
        ({**PAID, "last_payment_on": "2026-11-05"}, "R"),
    ],
)
def test_each_new_statement_leaves_one_mark(tmp_path, given, mark):
    making.portfolio()
    load(making.write(tmp_path / "d", making.good()))
    rows = making.good()
    rows["payments"] = []
    current = {"past_due": "0.00", "oldest_unpaid_due_on": "", "cycles_past_due": "0"}
    rows["accounts"][0] |= current | {"statement_on": "2026-11-24"} | given
    if given.get("cycles_past_due"):
        rows["accounts"][0] |= {"past_due": "100.00", "oldest_unpaid_due_on": "2026-10-20"}

    delivery, codes = load(making.write(tmp_path / "e", rows, day=NEXT))

    assert delivery.state == "applied", codes
    account = Account.objects.get(account_ref="A000000")
    assert account.payment_profile == mark + "1"
    assert account.profiled_on == date(2026, 11, 24)
    assert Account.objects.get(account_ref="A000001").payment_profile == "1"
