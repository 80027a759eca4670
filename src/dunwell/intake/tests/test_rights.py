"""Who may do what at the door, whoever asks; and what a person lets pass or keeps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from dunwell.accounts.models import Account, Payment
from dunwell.audit.models import Event
from dunwell.intake.actions import (
    approve_delivery,
    dismiss_row,
    keep_mapping,
    load_delivery,
    release_row,
    reveal_row,
)
from dunwell.intake.models import Delivery, Mapping, QuarantinedRow
from dunwell.intake.tests import making
from dunwell.kernel.refusal import Refused
from dunwell.staff.access import Forbidden
from dunwell.staff.models import Agent

pytestmark = pytest.mark.usefixtures("committed_db")
LAYOUT = "payments:\n  columns: {amount: Betrag}\n"


def agent(role):
    return Agent.objects.create(username=role, name=role, role=role)


def codes(refused):
    return [refusal.code for refusal in refused.value.refusals]


@pytest.mark.parametrize("role", ["auditor", "compliance", "admin"])
@pytest.mark.parametrize(
    "act",
    [
        lambda who, path: load_delivery(path, actor=who, now=making.NOW),
        lambda who, path: approve_delivery(1, reason="x", actor=who, now=making.NOW),
        lambda who, path: release_row(1, corrected={}, actor=who, now=making.NOW),
        lambda who, path: reveal_row(1, reason="x", actor=who, now=making.NOW),
        lambda who, path: dismiss_row(1, reason="x", actor=who, now=making.NOW),
        lambda who, path: keep_mapping(
            portfolio=making.portfolio(), name="x", text=LAYOUT, actor=who, now=making.NOW
        ),
    ],
    ids=["load", "approve", "release", "reveal", "dismiss", "keep"],
)
def test_only_operations_act_at_the_door(tmp_path, act, role):
    with pytest.raises(Forbidden):
        act(agent(role), tmp_path)

    assert (Delivery.objects.count(), Mapping.objects.count()) == (0, 0)
    assert not Event.objects.filter(kind__startswith="intake.").exists()


def held(tmp_path):
    making.portfolio()
    path = making.write(tmp_path / "d", day=making.DAY + timedelta(days=3))
    return path, load_delivery(path, now=making.NOW)


def test_a_person_lets_a_held_delivery_pass_for_a_reason(tmp_path):
    _, waits = held(tmp_path)
    who = agent("operations")

    with pytest.raises(Refused) as refused:
        approve_delivery(waits.pk, reason=" ", actor=who, now=making.NOW)
    passed = approve_delivery(waits.pk, reason="the bank confirmed it", actor=who, now=making.NOW)

    assert codes(refused) == ["intake.approve_reason"]
    assert (passed.state, passed.loaded_by, Account.objects.count()) == ("applied", who, 3)
    waits.refresh_from_db()
    assert (waits.state, waits.led_to) == ("held", passed)
    told = Event.objects.get(kind="intake.delivery_applied").data
    assert (told["reason"], told["approves"]) == ("the bank confirmed it", str(waits.pk))
    assert told["approved"] == ["intake.A14_far_day"]
    with pytest.raises(Refused) as again:
        approve_delivery(waits.pk, reason="x", actor=who, now=making.NOW)
    assert codes(again) == ["intake.not_held"]


def test_an_approval_is_of_what_was_held(tmp_path):
    path, waits = held(tmp_path)
    making.write(path, making.good(2), day=making.DAY + timedelta(days=3))

    passed = approve_delivery(waits.pk, reason="x", actor=agent("operations"), now=making.NOW)

    assert passed.state == "refused"
    assert [f["code"] for f in passed.report["findings"]] == ["intake.A18_hash_mismatch"]


def test_a_held_delivery_whose_files_went_is_not_approved(tmp_path):
    path, waits = held(tmp_path)
    path.rename(tmp_path / "elsewhere")

    with pytest.raises(Refused) as refused:
        approve_delivery(waits.pk, reason="x", actor=agent("operations"), now=making.NOW)

    assert codes(refused) == ["intake.files_gone"]


def waiting(tmp_path, kind, **change):
    making.portfolio()
    rows = making.good()
    rows[kind][-1].update(change)
    load_delivery(making.write(tmp_path / "d", rows, with_totals=False), now=making.NOW)
    return QuarantinedRow.objects.get(kind=kind)


@pytest.mark.parametrize(
    "forged",
    [{"account_ref": "A000002"}, {"payment_ref": "FORGED"}, {"value_on": "2026-11-01"},
     {"currency": "USD"}, {"amount": "99999.00", "account_ref": "A000002"}],
)  # fmt: skip
def test_what_is_not_at_fault_stays_as_it_was_delivered(tmp_path, forged):
    row = waiting(tmp_path, "payments", amount="1e5")
    who = agent("operations")

    with pytest.raises(Refused) as refused:
        release_row(row.pk, corrected={"amount": "9.00", **forged}, actor=who, now=making.NOW)

    assert codes(refused) == ["intake.release_other_column"]
    row.refresh_from_db()
    assert (row.state, row.corrected, Payment.objects.count()) == ("waiting", None, 1)


def test_only_what_differs_is_put_on_record(tmp_path):
    row = waiting(tmp_path, "payments", amount="1e5")

    whole = {**row.values, "amount": "9.00"}
    release_row(row.pk, corrected=whole, actor=agent("operations"), now=making.NOW)

    row.refresh_from_db()
    assert row.corrected == {"amount": "9.00"}
    assert Event.objects.get(kind="intake.row_released").data["columns"] == ["amount"]


def test_what_a_rule_compares_may_change_with_it(tmp_path):
    row = waiting(tmp_path, "accounts", balance="1.00")

    release_row(
        row.pk, corrected={"balance": "1028.15", "principal": "1003.10"},
        actor=agent("operations"), now=making.NOW,
    )  # fmt: skip

    assert Account.objects.count() == 3


def test_a_row_without_columns_needs_all_of_them(tmp_path):
    making.portfolio()
    body = making.as_csv("customers", making.customers()).replace(b",false\n", b"\n", 1)
    path = making.write(tmp_path / "d", {"customers": making.customers()}, raw={"customers": body})
    load_delivery(path, now=making.NOW)
    row = QuarantinedRow.objects.get()

    release_row(
        row.pk, corrected={"customer_ref": "C9", "name": "王小明", "country": "CN"},
        actor=agent("operations"), now=making.NOW,
    )  # fmt: skip

    row.refresh_from_db()
    assert (row.state, set(row.corrected)) == ("released", {"customer_ref", "name", "country"})


def test_a_row_is_revealed_for_a_reason_on_record(tmp_path):
    row = waiting(tmp_path, "customers", gender="Q")
    who = agent("operations")

    with pytest.raises(Refused) as refused:
        reveal_row(row.pk, reason="", actor=who, now=making.NOW)
    reveal_row(row.pk, reason="asked by the bank", actor=who, now=making.NOW)

    assert codes(refused) == ["intake.reveal_reason"]
    event = Event.objects.get(kind="intake.row_revealed")
    assert (event.actor, event.data["reason"]) == (who, "asked by the bank")


def test_a_mapping_is_kept_listed_shown_and_named_by_a_manifest(tmp_path, capsys):
    making.portfolio()
    file = tmp_path / "bank.yaml"
    file.write_text(LAYOUT, encoding="utf-8")
    body = making.as_csv("payments", making.payments()).replace(b"amount", b"betrag", 1)
    path = making.write(tmp_path / "d", raw={"payments": body}, mapping="bank-1")
    assert load_delivery(path, now=making.NOW).state == "refused"

    call_command("intake", "mapping", "keep", making.CODE, "bank-1", str(file))
    call_command("intake", "mapping", "list")
    call_command("intake", "mapping", "show", making.CODE, "bank-1")

    printed = capsys.readouterr().out
    assert f"{making.CODE}  bank-1" in printed and LAYOUT in printed
    assert load_delivery(path, now=making.NOW).state == "applied"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [("bank", "payments: {columnz: {}}", "payments."), ("a b", LAYOUT, "letters, digits"),
     ("", LAYOUT, "letters, digits"), ("bank", "[", "mapping file")],
)  # fmt: skip
def test_a_mapping_that_is_wrong_is_told_and_not_kept(tmp_path, name, text, told):
    making.portfolio()
    file = tmp_path / "bank.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(CommandError, match=told):
        call_command("intake", "mapping", "keep", making.CODE, name, str(file))

    assert not Mapping.objects.exists()
