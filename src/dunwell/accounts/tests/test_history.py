"""The database itself keeps history: not even the owner's raw SQL changes or empties it.

What the application's role is refused before any trigger is asked: database/tests/test_roles.py.
"""

import psycopg
import pytest

from dunwell.database.current import current_url
from dunwell.database.roles import owner_url

APPEND_ONLY = ["accounts_payment", "accounts_accountbucket", "cases_entry", "audit_event"]


@pytest.mark.usefixtures("test_database")
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_history_cannot_be_truncated(table):
    with (
        psycopg.connect(owner_url(current_url())) as owner,
        pytest.raises(psycopg.Error, match="append-only"),
    ):
        owner.execute(f"TRUNCATE {table} CASCADE")
