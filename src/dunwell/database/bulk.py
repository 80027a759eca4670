"""Bulk moves between DuckDB and PostgreSQL: a million rows in seconds, no loop.

Rows travel as binary COPY through DuckDB's PostgreSQL extension, which comes as a
package and is loaded from its folder: nothing is fetched at run time. Every write is
its own transaction on a connection of its own; Django's transaction sees it once
committed and, for staging tables, moves it on with ``INSERT ... SELECT``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_postgres_scanner
from psycopg.conninfo import conninfo_to_dict

# Staging tables live here: unlogged, dropped by whoever made them.
SCHEMA = "stage"
_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")
_SECRET = {"host", "port", "user", "password", "dbname"}


def connect(
    *, url: str | None, temp: Path, memory: str = "1500MB", threads: int = 2
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB in memory that spills to ``temp``; attach ``url`` as ``pg``.

    The password goes into a DuckDB secret, which is redacted wherever it is shown.
    Without ``url`` nothing is attached.

    :raises duckdb.Error: if the server cannot be reached
    """
    con = duckdb.connect(
        config={
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": str(temp),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": True,
        }
    )
    con.execute("SET TimeZone = 'UTC'")
    # Its bar would be drawn into whatever a command prints, JSON included.
    con.execute("SET enable_progress_bar = false")
    if url is None:
        return con
    folder = Path(duckdb_extension_postgres_scanner.__file__).parent
    con.execute(f"LOAD '{next(folder.rglob('*.duckdb_extension'))}'")
    given = conninfo_to_dict(url)
    secret = ", ".join(
        f"{'database' if key == 'dbname' else key} '{quoted(str(value))}'"
        for key, value in given.items()
        if key in _SECRET and value is not None
    )
    con.execute(f"CREATE SECRET pg_door (TYPE postgres, {secret})")
    rest = " ".join(f"{key}={value}" for key, value in given.items() if key not in _SECRET)
    con.execute(f"ATTACH '{quoted(rest)}' AS pg (TYPE postgres, SECRET pg_door)")
    return con


def quoted(text: str) -> str:
    """Return ``text`` safe between single quotes."""
    return text.replace("'", "''")


def execute(con: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Run one statement on PostgreSQL itself, in a transaction of its own."""
    con.execute(f"CALL postgres_execute('pg', '{quoted(statement)}')")


def query(con: duckdb.DuckDBPyConnection, select: str) -> list[tuple[Any, ...]]:
    """Run ``select`` on PostgreSQL itself and return its (few) rows."""
    return con.execute(f"FROM postgres_query('pg', '{quoted(select)}')").fetchall()


def pull(con: duckdb.DuckDBPyConnection, select: str, into: str) -> None:
    """Run ``select`` on PostgreSQL itself and keep its rows as DuckDB's table ``into``."""
    con.execute(f"CREATE OR REPLACE TABLE {into} AS FROM postgres_query('pg', '{quoted(select)}')")


def push(con: duckdb.DuckDBPyConnection, select: str, table: str) -> int:
    """Append what DuckDB's ``select`` gives to PostgreSQL's ``table``; return the rows.

    ``table`` is ``schema.name``; columns are matched by name.
    """
    _known(table)
    # DuckDB keeps PostgreSQL's catalogue; a table made by other means must be seen.
    con.execute("CALL pg_clear_cache()")
    done = con.execute(f"INSERT INTO pg.{table} BY NAME {select}").fetchone()
    return int(done[0]) if done else 0


def stage(
    con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], select: str
) -> int:
    """Write ``select`` to the fresh unlogged ``table``; return the rows.

    ``columns`` maps each column to its PostgreSQL type. Whatever a killed run left
    under that name is dropped first.
    """
    schema, name = _known(table).split(".")
    body = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    execute(
        con,
        f"CREATE SCHEMA IF NOT EXISTS {schema}; DROP TABLE IF EXISTS {schema}.{name};"
        # It lives for seconds: a vacuum that comes by would hold whoever moves it on.
        f" CREATE UNLOGGED TABLE {schema}.{name} ({body}) WITH (autovacuum_enabled = false)",
    )
    return push(con, select, table)


def _known(table: str) -> str:
    """Return ``table`` if it is a plain ``schema.name``: it goes into SQL as it stands."""
    if not _NAME.fullmatch(table) or "." not in table:
        raise ValueError(f"Not a schema.table name: {table!r}.")
    return table
