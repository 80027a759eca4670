"""Rows that wait: corrected and released, waved through, or left out for good."""

from __future__ import annotations

from datetime import date

import pytest

from dunwell.accounts.models import Account, Payment, Position, Snapshot
from dunwell.audit.models import Event
from dunwell.intake.actions import dismiss_row, load_delivery, release_row
from dunwell.intake.models import QuarantinedRow
from dunwell.intake.tests import making
from dunwell.kernel.refusal import Refused
from dunwell.parties.models import Party
from dunwell.staff.models import Agent

pytestmark = pytest.mark.usefixtures("committed_db")


def waiting(tmp_path, kind, **change):
    """Load a delivery whose last row of a kind is changed; return the row that waits."""
    making.portfolio()
    rows = making.good()
    rows[kind][-1].update(change)
    load_delivery(making.write(tmp_path / "d", rows, with_totals=False), now=making.NOW)
    return QuarantinedRow.objects.get(kind=kind)


def somebody():
    return Agent.objects.create(username="ops", name="Ops", role="operations")


def test_a_corrected_account_joins_its_snapshot(tmp_path):
    row = waiting(tmp_path, "accounts", interest="1e5")
    assert row.faults[0]["code"] == "intake.E08_number_style"

    release_row(row.pk, corrected={"interest": "7.00"}, actor=somebody(), now=making.NOW)

    row.refresh_from_db()
    assert (row.state, row.corrected) == ("released", {"interest": "7.00"})
    assert Position.objects.get(account__account_ref="A000002").interest_minor == 700
    snapshot = Snapshot.objects.get()
    assert (snapshot.accounts, snapshot.totals["interest"]) == (3, 2005 * 2 + 700)
    assert Event.objects.filter(kind="intake.row_released").count() == 1


def test_what_is_still_wrong_changes_nothing(tmp_path):
    row = waiting(tmp_path, "accounts", interest="1e5")

    with pytest.raises(Refused) as refused:
        release_row(row.pk, corrected={"interest": "2e5"}, actor=somebody(), now=making.NOW)

    assert [r.code for r in refused.value.refusals] == ["intake.E08_number_style"]
    row.refresh_from_db()
    assert (row.state, Account.objects.count()) == ("waiting", 2)


def test_what_wants_a_look_passes_when_looked_at(tmp_path):
    row = waiting(tmp_path, "customers", birth_date="2012-01-01")
    who = somebody()

    release_row(row.pk, corrected={}, actor=who, now=making.NOW)

    assert Party.objects.get(customer_ref="C000002").birth_on == date(2012, 1, 1)
    for dependent in QuarantinedRow.objects.filter(state="waiting").order_by("kind"):
        release_row(dependent.pk, corrected={}, actor=who, now=making.NOW)
    assert (Account.objects.count(), QuarantinedRow.objects.filter(state="waiting").count()) == (
        3,
        0,
    )


def test_a_payment_in_suspense_waits_until_its_account_is_named(tmp_path):
    row = waiting(tmp_path, "payments", account_ref="A777777")
    who = somebody()

    with pytest.raises(Refused):
        release_row(row.pk, corrected={}, actor=who, now=making.NOW)
    release_row(row.pk, corrected={"account_ref": "A000002"}, actor=who, now=making.NOW)

    assert Payment.objects.get(payment_ref="P000001").account.account_ref == "A000002"


def test_a_row_is_decided_once(tmp_path):
    row = waiting(tmp_path, "payments", amount="0.00")
    who = somebody()
    dismiss_row(row.pk, reason="sent by mistake", actor=who, now=making.NOW)

    with pytest.raises(Refused) as refused:
        release_row(row.pk, corrected={"amount": "1.00"}, actor=who, now=making.NOW)

    assert refused.value.refusals[0].code == "intake.row_decided"
    assert Payment.objects.count() == 1


def test_a_row_out_of_date_is_not_released(tmp_path):
    row = waiting(tmp_path, "accounts", interest="x")
    rows = making.good()
    rows["payments"] = []
    path = making.write(tmp_path / "e", rows, day=date(2026, 11, 24))
    load_delivery(path, now=making.NOW, approved=["intake.H06_jump"])

    with pytest.raises(Refused) as refused:
        release_row(row.pk, corrected={"interest": "1"}, actor=somebody(), now=making.NOW)

    assert refused.value.refusals[0].code == "intake.release_too_late"


def test_what_waits_shows_no_card_number(tmp_path):
    row = waiting(tmp_path, "accounts", product="4111 1111 1111 1111", interest="x")

    assert "4111" not in str(row.values) + str(row.faults)
