"""History is out of the application's reach: it owns none of it and is nobody's superuser."""

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from dunwell.database.current import current_url
from dunwell.database.roles import LOADED, NotApart, owner_url, protect, user_of

APPEND_ONLY = ["accounts_payment", "accounts_accountbucket", "audit_event", "cases_entry"]
HISTORY = [*APPEND_ONLY, "strategy_tableversion"]
# What an owner could do to {table}; each would reach its rows in the end.
REACHES = [
    "TRUNCATE {table}",
    "TRUNCATE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} OWNER TO CURRENT_USER",
    "ALTER TABLE {table} RENAME TO elsewhere",
    "ALTER TABLE {table} SET SCHEMA stage",
    "ALTER TABLE {table} ADD COLUMN more int",
    "ALTER TABLE {table} DROP COLUMN id",
    "DROP TABLE {table} CASCADE",
    "CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION stage.mine()",
    "CREATE RULE mine AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "CREATE POLICY mine ON {table} USING (false)",
    "GRANT TRUNCATE ON {table} TO CURRENT_USER WITH GRANT OPTION; TRUNCATE {table}",
]
AROUND = [
    "SET session_replication_role = replica",
    "SET ROLE dunwell_owner",
    "SET SESSION AUTHORIZATION dunwell",
    "CREATE OR REPLACE FUNCTION public.dunwell_append_only() RETURNS trigger LANGUAGE plpgsql"
    " AS $$ BEGIN RETURN NEW; END $$",
    "DROP FUNCTION public.dunwell_append_only() CASCADE",
    "ALTER FUNCTION public.strategy_approved_is_fixed() RESET search_path",
    "DROP SCHEMA public CASCADE",
    "ALTER SCHEMA public RENAME TO elsewhere",
    "DROP OWNED BY dunwell_owner",
    "ALTER DATABASE {database} OWNER TO CURRENT_USER",
    "CREATE ROLE mine",
    "ALTER ROLE dunwell_owner PASSWORD 'mine'",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "GRANT dunwell_owner TO CURRENT_USER",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "CREATE TEMP TABLE said (line text); COPY said FROM PROGRAM 'id'",
    "CREATE TEMP TABLE said (line text); COPY said FROM '/etc/passwd'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION stage.mine()",
    "SET log_min_error_statement = 'error'",
    "UPDATE django_migrations SET name = 'other'",
]

pytestmark = pytest.mark.skipif(
    "owner_url('postgresql://x/y') == 'postgresql://x/y'",
    reason="needs two roles: set DUNWELL_DATABASE_OWNER beside DUNWELL_DATABASE_URL",
)


@pytest.fixture
def app(test_database):
    with psycopg.connect(current_url()) as connection:
        connection.execute(
            "CREATE SCHEMA IF NOT EXISTS stage; CREATE FUNCTION stage.mine() RETURNS trigger"
            " LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
        )
        yield connection
        connection.rollback()


@pytest.fixture
def owner(test_database):
    with psycopg.connect(owner_url(current_url())) as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("statement", REACHES)
def test_the_application_cannot_reach_a_table_of_history(app, table, statement):
    with pytest.raises(InsufficientPrivilege):
        app.execute(statement.format(table=table))


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET id = id",
        "DELETE FROM {table}",
        "DROP TRIGGER {table}_append_only ON {table}",
        "DROP TRIGGER {table}_no_truncate ON {table}",
        "ALTER TABLE {table} DISABLE TRIGGER {table}_append_only",
    ],
)
def test_the_application_cannot_change_history(app, table, statement):
    with pytest.raises(InsufficientPrivilege):
        app.execute(statement.format(table=table))


@pytest.mark.parametrize("statement", AROUND)
def test_the_application_cannot_go_around_the_tables(app, statement):
    with pytest.raises(InsufficientPrivilege):
        app.execute(statement.format(database=app.info.dbname))


def test_what_a_load_rebuilds_cannot_take_history_with_it(app):
    with pytest.raises(InsufficientPrivilege):
        app.execute("TRUNCATE accounts_account, parties_party CASCADE")


def test_no_table_of_the_house_is_the_applications_but_those_a_load_rebuilds(owner):
    rows = owner.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT relispartition"
        " AND pg_get_userbyid(relowner) = %s ORDER BY 1",
        [user_of(current_url())],
    ).fetchall()

    assert [name for (name,) in rows] == LOADED


def test_whoever_fires_a_guard_cannot_say_what_its_operators_mean(app, owner):
    """Else ``<>`` of a schema of one's own opens an approved table to change."""
    found = owner.execute(
        "SELECT proname, proconfig FROM pg_proc f WHERE prorettype = 'trigger'::regtype"
        " AND pronamespace = 'public'::regnamespace"
    ).fetchall()

    assert {name for name, _ in found} >= {"dunwell_append_only", "strategy_approved_is_fixed"}
    assert all(given == ["search_path=pg_catalog, pg_temp"] for _, given in found)


@pytest.mark.parametrize(
    ("fault", "mend"),
    [
        ("ALTER DATABASE {database} OWNER TO {app}", "ALTER DATABASE {database} OWNER TO"),
        ("REVOKE {app} FROM {owner}", "GRANT {app} TO"),
    ],
)
def test_roles_that_are_not_apart_are_refused_with_the_sql_that_mends_them(fault, mend, superuser):
    names = {
        "app": user_of(current_url()),
        "owner": user_of(owner_url(current_url())),
        "database": superuser.info.dbname,
    }
    superuser.execute(fault.format(**names))

    with pytest.raises(NotApart) as refused:
        protect(superuser, owner=names["owner"], app=names["app"])

    assert mend.format(**names) in str(refused.value)


@pytest.fixture
def superuser(test_database):
    """The embedded server's superuser, whose changes are rolled back."""
    from dunwell.testing import plugin

    if plugin._server is None:
        pytest.skip("the server's superuser is not known")
    url = plugin._server._url(plugin._server._running(), database=current_url().rpartition("/")[2])
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()
