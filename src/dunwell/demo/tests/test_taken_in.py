"""Intake finds nothing to object to in what the demo and the bench deliver."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from dunwell.accounts.models import Account, Payment, Snapshot
from dunwell.daybook.jobs import run_days
from dunwell.demo import oracle, stored
from dunwell.demo.bench import make_bench_deliveries
from dunwell.demo.deliveries import make_deliveries
from dunwell.intake.actions import load_delivery
from dunwell.intake.models import Delivery
from dunwell.parties.models import Issuer, Portfolio
from dunwell.strategy.actions import install_default_tables

NOW = datetime(2026, 6, 26, 3, tzinfo=UTC)


@pytest.fixture
def committed(django_db_setup, request):
    """Give the committed database, once it is certain that it is the tests' own.

    ``committed_db`` empties what it finds, and a test database is made only where a
    collected test is marked ``django_db``: here the next one.
    """
    name = connection.settings_dict["NAME"]
    if name != connection.settings_dict["TEST"]["NAME"]:
        pytest.fail(f"Not the tests' own database: {name}. Run the whole file.")
    return request.getfixturevalue("committed_db")


@pytest.mark.django_db
def test_the_tests_have_a_database_of_their_own():
    assert connection.settings_dict["NAME"] == connection.settings_dict["TEST"]["NAME"]


def portfolio(code, currency, country, zone):
    return Portfolio.objects.create(
        issuer=Issuer.objects.create(code="bank", name="Bank"),
        code=code,
        name=code,
        currency=currency,
        country=country,
        time_zone=zone,
    )


def take_in(folders):
    return [load_delivery(folder, now=NOW) for folder in folders]


def clean(deliveries):
    assert [d.state for d in deliveries] == [Delivery.State.APPLIED] * len(deliveries)
    assert [d.rows_at_fault for d in deliveries] == [0] * len(deliveries)
    return [d.report["findings"] for d in deliveries] == [[]] * len(deliveries)


@pytest.mark.usefixtures("committed")
def test_six_statement_days_are_taken_in_without_a_finding(tmp_path):
    portfolio("TW-DEMO", "TWD", "TW", "Asia/Taipei")
    folders = make_deliveries(tmp_path, last_day=date(2026, 6, 25), accounts=600, seed=2005)

    assert clean(take_in(folders))
    assert Snapshot.objects.count() == 6
    assert Account.objects.count() == 600
    paid = sum(len((f / "payments.csv").read_text().splitlines()) - 1 for f in folders)
    assert Payment.objects.count() == paid
    assert {len(mark) for mark in Account.objects.values_list("payment_profile", flat=True)} == {6}


@pytest.mark.usefixtures("committed")
def test_both_days_of_the_bench_are_taken_in_without_a_finding(tmp_path):
    portfolio("BENCH", "CNY", "CN", "Asia/Shanghai")
    folders = make_bench_deliveries(tmp_path, accounts=2800, seed=7)

    first, steady = take_in(folders)

    assert clean([first, steady])
    assert steady.report["changes"]["payments"] == 84
    assert steady.report["changes"]["carried"] == 0
    marks = [len(mark) for mark in Account.objects.values_list("payment_profile", flat=True)]
    assert sorted(marks) == [1] * 2700 + [2] * 100


def compared(folders):
    def rows(query):
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    report = oracle.Report()
    stored.compare(report, folders, rows)
    return oracle.summary(report)


@pytest.mark.usefixtures("committed")
def test_what_is_stored_of_six_days_is_what_the_oracle_says_and_a_lie_is_found(tmp_path):
    book = portfolio("TW-DEMO", "TWD", "TW", "Asia/Taipei")
    install_default_tables(now=NOW, in_force_from=date(2026, 1, 1))
    folders = make_deliveries(tmp_path, last_day=date(2026, 6, 25), accounts=600, seed=2005)
    take_in(folders)
    run_days(book, date(2026, 6, 25), clock=lambda: NOW, skip_quiet=True)

    found = compared(folders)

    assert (found["shown"], found["differences"]) == ([], 0)
    assert found["stored_compared"] == 3600
    assert found["figure_compared"] > 80
    for lie in (
        "UPDATE daybook_figure SET count = count + 1 WHERE name = 'roll' AND day = '2026-05-25'",
        "UPDATE accounts_position SET fees_minor = fees_minor + 1 WHERE account_id ="
        " (SELECT min(id) FROM accounts_account)",
        "INSERT INTO accounts_accountbucket (account_id, entered_on, bucket, was, dpd,"
        " balance_minor) SELECT min(id), '2026-07-01', 1, 0, 4, 1 FROM accounts_account",
    ):
        with connection.cursor() as cursor:
            cursor.execute(lie)
            assert cursor.rowcount > 0
        before, found = found["differences"], compared(folders)
        assert found["differences"] > before
