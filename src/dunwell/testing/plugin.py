"""A pytest plugin: the embedded database for the tests, in a database of their own.

Loaded by ``-p`` before Django's settings are read, because they ask for its URL.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dunwell.database.binaries import NoDatabase
from dunwell.database.embedded import Embedded

os.environ["DUNWELL_TESTING"] = "true"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dunwell.project.settings")
_server: Embedded | None = None

if not os.environ.get("DUNWELL_DATABASE_URL"):
    _server = Embedded(Path(os.environ.get("DUNWELL_HOME", ".dunwell")))
    try:
        os.environ["DUNWELL_DATABASE_URL"] = _server.enter()
    except NoDatabase as missing:
        raise pytest.UsageError(str(missing)) from None


def pytest_unconfigure() -> None:
    if _server is not None:
        _server.leave()


@pytest.fixture(scope="session")
def test_database(django_db_setup: None, django_db_blocker: object) -> Iterator[None]:
    """Make sure that a test database is there, whatever was collected.

    pytest-django makes one only for tests marked ``django_db``; without it ``committed_db``
    would empty the database that people work with.
    """
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        made = None
        if connection.settings_dict["NAME"] != connection.settings_dict["TEST"]["NAME"]:
            made = setup_databases(verbosity=0, interactive=False)
        if not connection.settings_dict["NAME"].startswith("dunwell_test_"):
            raise pytest.UsageError("The tests found no database of their own.")
        yield
        if made:
            teardown_databases(made, verbosity=0)


@pytest.fixture
def committed_db(test_database: None, django_db_blocker: object) -> Iterator[None]:
    """Give a test the database with real commits; empty it afterwards.

    For whatever reads through a second connection (the columnar engine) or races.
    History cannot be truncated while its triggers stand, so the clean-up runs as a
    replica, which fires none.
    """
    from django.db import connection

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(
                "SELECT string_agg(format('%I', relname), ', ') FROM pg_class WHERE relkind"
                " IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace"
                " AND relname NOT IN ('django_migrations', 'django_content_type')"
            )
            cursor.execute(f"TRUNCATE {cursor.fetchone()[0]} RESTART IDENTITY CASCADE")
            cursor.execute("SET session_replication_role = DEFAULT")
            cursor.execute(
                "SELECT inhrelid::regclass::text FROM pg_inherits"
                " WHERE inhparent = 'accounts_position'::regclass"
            )
            for (partition,) in cursor.fetchall():
                cursor.execute(f"DROP TABLE {partition}")
        connection.close()
