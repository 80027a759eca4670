"""Words and dates that no rule of ours makes are refused by the database itself."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from dunwell.accounts.models import AccountBucket
from dunwell.testing import make

PAYMENT = {
    "payment_ref": "'P'", "kind": "'payment'", "amount_minor": "1", "value_on": "'2026-03-09'",
    "posted_on": "'2026-03-09'", "known_on": "'2026-03-09'", "channel": "''",
    "reverses_ref": "''", "delivery_id": "0",
}  # fmt: skip


def refused(constraint, sql):
    found = pytest.raises(IntegrityError, match=constraint)
    with found, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"value_on": "'infinity'"}, "payment_dates_are_finite"),
        ({"value_on": "'-infinity'"}, "payment_dates_are_finite"),
        ({"known_on": "'infinity'"}, "payment_dates_are_finite"),
        ({"value_on": "'20260-01-01'"}, "payment_dates_are_finite"),
        ({"kind": "'gift'"}, "payment_kind_is_known"),
        ({"known_on": "'2026-03-08'"}, "payment_known_when_posted"),
    ],
)
def test_a_payment_has_a_known_kind_and_finite_dates(db, changed, constraint):
    account = make.account(make.party(make.portfolio()))
    given = {
        "account_id": str(account.pk), "portfolio_id": str(account.portfolio_id),
        **PAYMENT, **changed,
    }  # fmt: skip
    refused(
        constraint,
        f"INSERT INTO accounts_payment ({', '.join(given)}) VALUES ({', '.join(given.values())})",
    )


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("status = 'asleep'", "account_status_is_known"),
        ("opened_on = 'infinity'", "account_dates_are_finite"),
        ("charged_off_on = '-infinity'", "account_dates_are_finite"),
        ("profiled_on = 'infinity'", "account_dates_are_finite"),
    ],
)
def test_an_account_has_a_known_status_and_finite_dates(db, change, constraint):
    make.account(make.party(make.portfolio()))
    refused(constraint, f"UPDATE accounts_account SET {change}")


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ("'infinity', 1, 0", "account_bucket_day_is_finite"),
        ("'2026-03-09', 1, 8", "account_bucket_came_from_m0_to_m7"),
        ("'2026-03-09', 8, 1", "account_bucket_row_is_m0_to_m7"),
    ],
)
def test_bucket_history_is_of_days_and_buckets_that_exist(db, columns, constraint):
    account = make.account(make.party(make.portfolio()))
    refused(
        constraint,
        "INSERT INTO accounts_accountbucket (account_id, entered_on, bucket, was, dpd,"
        f" balance_minor) VALUES ({account.pk}, {columns}, 1, 1)",
    )
    assert not AccountBucket.objects.exists()


def test_only_a_carried_position_is_of_another_day(db):
    account = make.account(make.party(make.portfolio()))
    with pytest.raises(IntegrityError, match="position_as_of_is_carried"), transaction.atomic():
        make.position(account, as_of=make.DAY)
    make.position(account)
    refused(
        "position_as_of_is_carried",
        "UPDATE accounts_position SET carried = true, as_of = 'infinity'",
    )
