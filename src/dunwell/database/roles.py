"""Who may do what in the database: one role owns the tables, another works in them.

The application's role reads and writes rows. It cannot empty a table, disable a trigger
or drop history, because it owns none of that; on append-only tables it may only add.
``DUNWELL_DATABASE_OWNER`` names the owner to the few commands that make tables.
"""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

VARIABLE = "DUNWELL_DATABASE_OWNER"

LOCK_SECONDS = 30

# The application owns these: a load attaches partitions to the last, and builds the
# indexes of the others after their first filling. None of them is history.
LOADED = ["accounts_account", "accounts_position", "parties_contactpoint", "parties_party"]

# Each row is a statement, after when it is run. Relations and functions of somebody else are left alone.
STATEMENTS = """
WITH whose AS (
    SELECT %(owner)s::text AS owner, %(app)s::text AS app,
        ARRAY[%(owner)s, %(app)s, current_user]::text[] AS known
), relation AS (
    SELECT c.oid, c.relkind, c.relname AS name, pg_get_userbyid(c.relowner) AS has,
        CASE WHEN coalesce(p.relname, c.relname) = ANY(%(loaded)s) THEN app ELSE owner END AS wanted
    FROM whose, pg_class c
        LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
        LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
            AND d.deptype IN ('a', 'i') AND c.relkind = 'S'
        -- A partition goes with its table, a sequence with the table whose keys it gives.
        LEFT JOIN pg_class p ON p.oid = coalesce(i.inhparent, d.refobjid)
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
        AND pg_get_userbyid(c.relowner) = ANY(known)
), granted AS (
    SELECT name, CASE
        WHEN relkind = 'S' THEN 'USAGE, SELECT'
        WHEN name = 'django_migrations' THEN 'SELECT'
        WHEN EXISTS (
            SELECT FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid
            WHERE t.tgrelid = relation.oid AND f.proname = 'dunwell_append_only'
                AND t.tgtype & 24 = 24 -- fired by DELETE and UPDATE; some refuse TRUNCATE alone
        ) THEN 'SELECT, INSERT, REFERENCES' || %(maintain)s
        ELSE 'SELECT, INSERT, UPDATE, DELETE, REFERENCES' || %(maintain)s END AS rights
    FROM relation WHERE wanted = %(owner)s
), routine AS (
    SELECT f.oid::regprocedure AS name, f.prorettype, pg_get_userbyid(f.proowner) AS has
    FROM whose, pg_proc f
    WHERE f.pronamespace = 'public'::regnamespace AND pg_get_userbyid(f.proowner) = ANY(known)
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = f.oid AND d.deptype = 'e')
)
SELECT 1, format('GRANT USAGE, CREATE ON SCHEMA public TO %%I', app) FROM whose
UNION ALL SELECT 1, format('GRANT CREATE, TEMPORARY ON DATABASE %%I TO %%I', current_database(), app)
FROM whose
UNION ALL SELECT 1, format('ALTER SCHEMA stage OWNER TO %%I', app)
FROM whose, pg_namespace WHERE nspname = 'stage' AND pg_get_userbyid(nspowner) <> app
UNION ALL SELECT 2, format('ALTER TABLE public.%%I OWNER TO %%I', name, wanted)
FROM relation WHERE relkind <> 'S' AND has <> wanted
UNION ALL SELECT 2, format('ALTER FUNCTION %%s OWNER TO %%I', name, owner)
FROM routine, whose WHERE has <> owner
UNION ALL SELECT 3, format('REVOKE ALL ON public.%%I FROM %%I', name, app) FROM granted, whose
UNION ALL SELECT 4, format('GRANT %%s ON public.%%I TO %%I', rights, name, app) FROM granted, whose
-- Whoever fires a trigger must not choose what its operators mean.
UNION ALL SELECT 4, format('ALTER FUNCTION %%s SET search_path = pg_catalog, pg_temp', name)
FROM routine WHERE prorettype = 'trigger'::regtype
ORDER BY 1
"""


class NotApart(Exception):
    """The application's role could undo what the owner's forbids; the text says how to mend it."""


def owner_url(url: str) -> str:
    """Return ``url`` as the owner of the tables, or as it is where no owner is named."""
    given = os.environ.get(VARIABLE)
    if not given:
        return url
    parts = urlsplit(url)
    return parts._replace(netloc=f"{given}@{parts.netloc.rpartition('@')[2]}").geturl()


def user_of(url: str) -> str:
    """Return the role that ``url`` names."""
    return unquote(urlsplit(url).username or "")


def protect(connection: psycopg.Connection[tuple[object, ...]], *, owner: str, app: str) -> None:
    """Give the tables to ``owner`` and let ``app`` do with them what it needs, no more.

    Run it after every migration, as the owner (a member of ``app``) or as superuser. It
    waits for whoever works in a table that changes hands; nothing is scanned. All or nothing.

    :raises NotApart: if ``app`` could take back what it is denied
    :raises psycopg.errors.LockNotAvailable: if a table stays in use for ``LOCK_SECONDS``
    """
    given = {
        "owner": owner,
        "app": app,
        "loaded": LOADED,
        "maintain": ", MAINTAIN" if connection.info.server_version >= 170000 else "",
    }
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'".encode())
        _apart(connection, owner, app)
        for _, statement in connection.execute(STATEMENTS, given).fetchall():
            connection.execute(str(statement).encode())


def _apart(connection: psycopg.Connection[tuple[object, ...]], owner: str, app: str) -> None:
    database, its_owner, may_all, is_owner, is_member = (
        connection.execute(
            "SELECT current_database(), pg_get_userbyid(datdba), r.rolsuper OR r.rolcreaterole"
            " OR r.rolreplication, pg_has_role(%(app)s, %(owner)s, 'MEMBER'),"
            " pg_has_role(%(owner)s, %(app)s, 'MEMBER')"
            " FROM pg_database, pg_roles r WHERE datname = current_database() AND rolname = %(app)s",
            {"owner": owner, "app": app},
        ).fetchone()
        or (None,) * 5
    )
    mend = None
    if may_all:
        mend = f"ALTER ROLE {app} NOSUPERUSER NOCREATEROLE NOREPLICATION"
    elif is_owner:
        mend = f"REVOKE {owner} FROM {app}"
    elif not is_member:
        mend = f"GRANT {app} TO {owner}"
    elif its_owner != owner:
        mend = f"ALTER DATABASE {database} OWNER TO {owner}"
    if mend:
        raise NotApart(
            f"The role {app} is not kept apart from {owner}, who owns the tables. "
            f"As superuser run: {mend};"
        )


def establish(url: str, *, owner: tuple[str, str], app: tuple[str, str], database: str) -> None:
    """Make both roles and the ``database`` on the server whose superuser ``url`` names.

    ``owner`` and ``app`` are names and passwords. Databases that the superuser owned, and
    the tables in ``database``, become the owner's. Running it again changes nothing.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        for (name, password), rights in ((app, "LOGIN"), (owner, "LOGIN CREATEDB")):
            found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            # Only the hash travels: a log that shows statements shows no password.
            scrambled = connection.pgconn.encrypt_password(
                password.encode(), name.encode(), b"scram-sha-256"
            )
            connection.execute(
                sql.SQL("{} ROLE {} {} PASSWORD {}").format(
                    sql.SQL("ALTER" if found.fetchone() else "CREATE"),
                    sql.Identifier(name), sql.SQL(rights), sql.Literal(scrambled.decode()),
                )
            )  # fmt: skip
        roles = sql.Identifier(app[0]), sql.Identifier(owner[0])
        connection.execute(sql.SQL("GRANT {} TO {}").format(*roles))
        mine = connection.execute(
            "SELECT datname, pg_get_userbyid(datdba) = current_user FROM pg_database"
            " WHERE NOT datistemplate AND datname <> 'postgres'"
        ).fetchall()
        if database not in [name for name, _ in mine]:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), roles[1])
            )
        for name in [name for name, superusers in mine if superusers]:
            connection.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), roles[1])
            )
    inside = urlsplit(url)._replace(path=f"/{database}").geturl()
    with psycopg.connect(inside, connect_timeout=5) as connection:
        protect(connection, owner=owner[0], app=app[0])
