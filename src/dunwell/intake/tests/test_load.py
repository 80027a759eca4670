"""A delivery from folder to tables, whole."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.core.management import call_command
from psycopg import connect

from dunwell.accounts.models import Account, Payment, Position, Snapshot
from dunwell.audit.models import Event
from dunwell.database.current import current_url
from dunwell.intake.actions import load_delivery
from dunwell.intake.apply import LOCK
from dunwell.intake.models import Delivery
from dunwell.intake.tests import making
from dunwell.parties.models import ContactPoint, Party

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_a_sound_delivery_is_applied_whole(tmp_path, form):
    making.portfolio()

    delivery = load_delivery(making.write(tmp_path / "d", form=form), now=making.NOW)

    assert (delivery.state, delivery.report["findings"]) == ("applied", [])
    assert (delivery.rows, delivery.rows_at_fault) == (11, 0)
    assert Party.objects.count() == ContactPoint.objects.count() == Account.objects.count() == 3
    assert Party.objects.get(customer_ref="C000000").name_key == "wang xiao ming"
    snapshot = Snapshot.objects.get()
    assert (snapshot.accounts, snapshot.carried) == (3, 0)
    assert snapshot.totals["principal"] == 300330
    first = Position.objects.get(account__account_ref="A000001")
    assert (first.principal_minor, first.interest_minor) == (100110, 2005)
    assert sorted(Payment.objects.values_list("amount_minor", flat=True)) == [5000, 5100]


def later(folder, day, change=None, **given):
    """Write the delivery of another day; ``change`` edits its rows."""
    rows = making.good()
    for row in rows["payments"]:
        row["payment_ref"] += day.isoformat()
    if change:
        change(rows)
    return making.write(folder, rows, day=day, **given)


def load(path):
    delivery = load_delivery(path, now=making.NOW)
    return delivery, {finding["code"] for finding in delivery.report["findings"]}


NEXT = date(2026, 11, 24)


def test_the_same_again_changes_nothing(tmp_path):
    making.portfolio()
    path = making.write(tmp_path / "d")
    first, _ = load(path)
    events = Event.objects.count()

    again, codes = load(path)

    assert (again.pk, again.report["no_op"], codes) == (first.pk, True, set())
    assert (Delivery.objects.count(), Event.objects.count()) == (1, events)
    path.rename(tmp_path / "other")
    assert load(tmp_path / "other")[1] == {"intake.A09_other_name"}


def test_the_same_day_with_other_content_is_refused(tmp_path):
    making.portfolio()
    load(making.write(tmp_path / "d"))

    delivery, codes = load(later(tmp_path / "e", making.DAY))

    assert (delivery.state, codes) == ("refused", {"intake.A08_other_content"})


@pytest.mark.parametrize(
    ("day", "state", "code"),
    [
        (date(2026, 11, 20), "refused", "A14_older_day"),
        (date(2026, 11, 26), "held", "A13_day_missing"),
        (date(2026, 12, 20), "applied", "A13_new_cycle"),
    ],
)
def test_days_come_in_order(tmp_path, day, state, code):
    making.portfolio()
    load(making.write(tmp_path / "d"))

    delivery, codes = load(later(tmp_path / "e", day))

    assert delivery.state == state
    assert f"intake.{code}" in codes


def test_a_folder_named_by_another_day_is_refused(tmp_path):
    making.portfolio()

    delivery, codes = load(making.write(tmp_path / "bank-20261122"))

    assert (delivery.state, codes) == ("refused", {"intake.F13_business_date"})


def test_two_loaders_at_once_one_stands_back(tmp_path):
    whose = making.portfolio()
    with connect(current_url(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK, whose.pk])
        delivery, codes = load(making.write(tmp_path / "d"))

    assert (delivery.state, codes) == ("held", {"intake.A16_busy"})
    assert Party.objects.count() == 0


def test_a_held_delivery_passes_when_a_person_lets_it(tmp_path):
    making.portfolio()
    load(making.write(tmp_path / "d"))
    path = later(tmp_path / "e", date(2026, 11, 26))

    delivery = load_delivery(path, now=making.NOW, approved=["intake.A13_day_missing"])

    assert delivery.state == "applied"
    assert delivery.report["approved"] == ["intake.A13_day_missing"]


def test_a_first_day_of_many_accounts_and_few_customers_is_applied(tmp_path):
    making.portfolio()
    rows = {"customers": making.customers(1), "accounts": making.accounts(20_001)}
    for row in rows["accounts"]:
        row["customer_ref"] = "C000000"

    assert load(making.write(tmp_path / "d", rows))[0].state == "applied"
    assert Account.objects.count() == 20_001


def test_an_account_that_vanishes_is_carried_forward(tmp_path):
    making.portfolio()
    load(making.write(tmp_path / "d", making.good(30)))
    rows = making.good(30)
    gone, broken = rows["accounts"].pop(), rows["accounts"][-1]
    broken["interest"] = "x"
    rows["payments"] = []

    delivery, _ = load(making.write(tmp_path / "e", rows, day=NEXT, with_totals=False))

    assert delivery.state == "applied"
    carried = Position.objects.filter(snapshot__business_date=NEXT, carried=True)
    refs = set(carried.values_list("account__account_ref", flat=True))
    assert refs == {gone["account_ref"], broken["account_ref"]}
    alarm = next(f for f in delivery.report["findings"] if f["code"] == "intake.G15_vanished")
    assert alarm["count"] == 1


def test_rows_that_jump_wait_for_approval(tmp_path):
    making.portfolio()
    load(making.write(tmp_path / "d"))

    delivery, codes = load(making.write(tmp_path / "e", making.good(20), day=NEXT))

    assert (delivery.state, codes) == ("held", {"intake.H06_jump"})


def test_above_the_error_limit_nothing_is_taken(tmp_path):
    making.portfolio(limit_ppm=1000)
    rows = making.good()
    rows["accounts"][-1]["interest"] = "NaN"

    delivery, codes = load(making.write(tmp_path / "d", rows, with_totals=False))

    assert delivery.state == "refused"
    assert codes == {"intake.L01_error_limit", "intake.E09_not_a_number"}
    assert Account.objects.count() == 0


def test_a_mapping_brings_another_layout_in(tmp_path):
    making.portfolio()
    body = making.as_csv("payments", making.payments()).decode()
    body = body.replace("amount", "betrag", 1).replace("2026-11-22", "22/11/2026")
    body = body.replace("2026-11-23", "23/11/2026")
    layout = "payments:\n  columns: {amount: Betrag}\n  dates: DD/MM/YYYY\n"
    path = making.write(tmp_path / "d", raw={"payments": body.encode()})

    delivery = load_delivery(path, now=making.NOW, mapping=layout)

    assert delivery.state == "applied"
    assert set(Payment.objects.values_list("value_on", flat=True)) == {date(2026, 11, 22)}


def test_the_command_tells_a_machine_and_a_person(tmp_path, capsys):
    making.portfolio()
    path = making.write(tmp_path / "d")

    call_command("intake", "load", str(path), "--json")
    told = json.loads(capsys.readouterr().out)
    call_command("intake", "show", str(told["delivery"]))

    assert (told["state"], told["rows"], told["portfolio"]) == ("applied", 11, making.CODE)
    assert "accounts.csv" in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        call_command("intake", "load", str(tmp_path / "nowhere"))
    assert left.value.code == 2
