"""The database itself keeps history: raw SQL cannot change or empty it."""

import pytest
from django.db import IntegrityError, InternalError, connection

APPEND_ONLY = ["accounts_payment", "accounts_accountbucket", "cases_entry", "audit_event"]


@pytest.mark.django_db
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_history_cannot_be_truncated(table):
    with pytest.raises((InternalError, IntegrityError), match="append-only"):
        connection.cursor().execute(f"TRUNCATE {table} CASCADE")
