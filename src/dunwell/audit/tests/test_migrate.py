"""``dunwell migrate`` runs as the tables' owner, and says so where it cannot keep roles apart."""

from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from dunwell.database import roles, scratch
from dunwell.database.current import current_url

NAME = "dunwell_test_migrate"


@pytest.fixture
def fresh(test_database, django_db_blocker):
    """Let Django's connection be to a database without tables."""
    with django_db_blocker.unblock(), scratch.database(current_url(), NAME) as url:
        connection.close()
        before, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], NAME
        try:
            yield url
        finally:
            connection.close()
            connection.settings_dict["NAME"] = before


@pytest.fixture
def two_roles(fresh):
    if roles.owner_url(fresh) == fresh:
        pytest.skip("needs two roles: set DUNWELL_DATABASE_OWNER beside DUNWELL_DATABASE_URL")
    return fresh


def migrated(**options):
    out = StringIO()
    call_command("migrate", "audit", stdout=out, **options)
    return out.getvalue()


def owner_of(url, table):
    with psycopg.connect(url) as asking:
        return asking.execute(
            "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = %s", [table]
        ).fetchone()


def test_one_role_for_all_is_told_what_that_means(fresh, monkeypatch):
    everything = roles.owner_url(fresh)
    parts = psycopg.conninfo.conninfo_to_dict(everything)
    with monkeypatch.context() as one:
        one.delenv(roles.VARIABLE, raising=False)
        one.setitem(connection.settings_dict, "USER", parts["user"])
        one.setitem(connection.settings_dict, "PASSWORD", parts.get("password", ""))

        said = migrated()

    assert f"the role {parts['user']} owns its tables and can remove them" in said
    assert owner_of(fresh, "audit_event") == (parts["user"],)


def test_with_two_roles_history_is_the_owners(two_roles):
    assert "can remove them" not in migrated()

    assert owner_of(two_roles, "audit_event") == (roles.user_of(roles.owner_url(two_roles)),)
    with psycopg.connect(two_roles) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("TRUNCATE audit_event")


def test_the_application_alone_does_not_migrate_tables_of_another(two_roles, monkeypatch):
    migrated()
    with monkeypatch.context() as alone:
        alone.delenv(roles.VARIABLE)
        with pytest.raises(CommandError, match="Run this with DUNWELL_DATABASE_OWNER="):
            migrated()

        call_command("migrate", "audit", check_unapplied=True)


def test_going_back_and_forth_leaves_history_protected(two_roles):
    migrated()
    call_command("migrate", "audit", "0001", verbosity=0)
    migrated()

    with psycopg.connect(two_roles) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("DELETE FROM audit_event")
