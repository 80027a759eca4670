"""A delivery from folder to tables, whole."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db.models import Q
from psycopg import connect

from dunwell.accounts.models import Account, Payment, Position, Snapshot
from dunwell.audit.models import Event
from dunwell.database.current import current_url
from dunwell.intake.actions import load_delivery
from dunwell.intake.apply import LOCK
from dunwell.intake.models import Delivery
from dunwell.intake.tests import making
from dunwell.parties.models import ContactPoint, Party, Portfolio

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


def load(path, *, now=making.NOW):
    delivery = load_delivery(path, now=now)
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
        (date(2062, 11, 24), "held", "A14_far_day"),
        (date(9999, 12, 31), "held", "A14_far_day"),
        (date(1, 1, 3), "refused", "A14_too_early"),
    ],
)
def test_days_come_in_order(tmp_path, day, state, code):
    making.portfolio()
    load(making.write(tmp_path / "d"))

    came = making.NOW + timedelta(days=30)  # 24 December
    delivery, codes = load(later(tmp_path / "e", day), now=came)

    assert delivery.state == state
    assert f"intake.{code}" in codes


@pytest.mark.parametrize(
    ("day", "state", "code"),
    [
        (date(2026, 11, 24), "applied", set()),
        (date(2026, 11, 25), "applied", {"intake.A14_future_day"}),
        (date(2026, 11, 26), "held", {"intake.A14_far_day"}),
        (date(9999, 12, 31), "held", {"intake.A14_far_day"}),
        (date(1989, 12, 31), "refused", {"intake.A14_too_early"}),
        (date(1, 1, 3), "refused", {"intake.A14_too_early"}),
    ],
)
def test_a_mistyped_first_day_is_not_for_good(tmp_path, day, state, code):
    making.portfolio()

    delivery, codes = load(making.write(tmp_path / "d", day=day))

    # 10 o'clock of the 24th where the portfolio is.
    assert (delivery.state, codes) == (state, code)
    if state != "applied":
        assert load(making.write(tmp_path / "e"))[0].state == "applied"


@pytest.mark.parametrize("country", ["ZZ", "EU"])
def test_a_country_without_known_holidays_has_weekends(tmp_path, country):
    whose = making.portfolio()
    Portfolio.objects.filter(pk=whose.pk).update(country=country)
    load(making.write(tmp_path / "d"))

    assert load(later(tmp_path / "e", date(2026, 11, 26)))[1] >= {"intake.A13_day_missing"}


def reached(folder, name, *, file="customers.csv", form="csv"):
    """Write a delivery in which one file is called ``name``; return its folder."""
    path = making.write(folder, form=form)
    document = json.loads((path / "manifest.json").read_text())
    (path / file).rename(path / name)
    document["files"][0]["name"] = name
    (path / "manifest.json").write_text(json.dumps(document))
    return path


def test_a_name_with_marks_reads_no_other_file(tmp_path):
    making.portfolio()
    path = reached(tmp_path / "d", "c?stom.csv")
    other = making.as_csv("customers", [{**making.customers(4)[3], "name": "Not Hashed"}])
    (path / "cXstom.csv").write_bytes(other)

    assert load(path)[0].state == "applied"
    assert Party.objects.count() == 3


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_names_of_folders_are_no_columns(tmp_path, form):
    making.portfolio()

    assert (
        load(making.write(tmp_path / "name=EVIL" / "region=EVIL", form=form))[0].state == "applied"
    )
    assert not Party.objects.filter(Q(name="EVIL") | Q(region="EVIL")).exists()


@pytest.mark.parametrize("name", ["customers.csv.gz", "customers.txt.zst", "customers"])
def test_a_name_does_not_say_how_a_file_is_packed(tmp_path, name):
    making.portfolio()

    assert load(reached(tmp_path / "d", name))[0].state == "applied"


def test_a_folder_with_marks_in_its_name_is_read(tmp_path):
    making.portfolio()

    assert load(making.write(tmp_path / "in[1]*"))[0].state == "applied"


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

    came = making.NOW + timedelta(days=2)
    delivery = load_delivery(path, now=came, approved=["intake.A13_day_missing"])

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
