"""A pytest plugin: the embedded database for the tests, in a database of their own.

Loaded by ``-p`` before Django's settings are read, because they ask for its URL.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dunwell.database import roles
from dunwell.database.binaries import NoDatabase
from dunwell.database.embedded import Embedded

os.environ["DUNWELL_TESTING"] = "true"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dunwell.project.settings")
_server: Embedded | None = None

if not os.environ.get("DUNWELL_DATABASE_URL"):
    _server = Embedded(Path(os.environ.get("DUNWELL_HOME", ".dunwell")))
    try:
        os.environ["DUNWELL_DATABASE_URL"] = _server.enter()
        os.environ[roles.VARIABLE] = _server.owner
    except NoDatabase as missing:
        raise pytest.UsageError(str(missing)) from None


def pytest_unconfigure() -> None:
    if _server is not None:
        _server.leave()


@pytest.fixture(scope="session")
def test_database(django_db_setup: None) -> None:
    """Make sure that a test database is there: ``committed_db`` empties what it finds."""
    from django.db import connection

    if not connection.settings_dict["NAME"].startswith("dunwell_test_"):
        raise pytest.UsageError("The tests found no database of their own.")


@pytest.fixture
def committed_db(test_database: None, django_db_blocker: object) -> Iterator[None]:
    """Give a test the database with real commits; empty it afterwards.

    For whatever reads through a second connection (the columnar engine) or races.
    History cannot be truncated while its triggers stand, and only the owner of the
    tables can disable them.
    """
    from django.db import connection

    from dunwell.database.current import current_url

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield
        connection.close()
        with psycopg.connect(roles.owner_url(current_url())) as owner:
            emptied(owner)


def emptied(owner: psycopg.Connection[tuple[str, ...]]) -> None:
    """Empty all tables but Django's own and drop the partitions, in one transaction."""
    tables = owner.execute(
        "SELECT format('%I', relname) FROM pg_class WHERE relkind IN ('r', 'p')"
        " AND NOT relispartition AND relnamespace = 'public'::regnamespace"
        " AND relname NOT IN ('django_migrations', 'django_content_type')"
    ).fetchall()
    guarded = owner.execute(
        "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
    ).fetchall()
    partitions = owner.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = 'accounts_position'::regclass"
    ).fetchall()
    for how in ("DISABLE", "ENABLE"):
        for (table,) in guarded:
            owner.execute(f"ALTER TABLE {table} {how} TRIGGER USER".encode())
        if how == "DISABLE":
            names = ", ".join(table for (table,) in tables)
            owner.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE".encode())
    for (partition,) in partitions:
        owner.execute(f"DROP TABLE {partition}".encode())
