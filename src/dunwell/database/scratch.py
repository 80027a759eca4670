"""Databases that live as long as one benchmark or proof."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from dunwell.database.roles import owner_url, user_of


def renamed(url: str, name: str) -> str:
    """Return ``url`` with another database name."""
    return re.sub(r"/[^/?]+(\?.*)?$", f"/{name}\\1", url)


def make(url: str, name: str, template: str = "template1") -> str:
    """Make the database ``name`` on the server of ``url``, in place of any such; return its URL.

    It is the owner's where one is named; the URL is that of the role in ``url``.
    """
    with psycopg.connect(owner_url(renamed(url, "postgres")), autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        # A copy does not inherit the rights on its template.
        connection.execute(
            sql.SQL("GRANT CREATE, TEMPORARY ON DATABASE {} TO {}").format(
                sql.Identifier(name), sql.Identifier(user_of(url))
            )
        )
    return renamed(url, name)


def drop(url: str, name: str) -> None:
    """Drop the database ``name`` and whoever is still connected to it."""
    with psycopg.connect(owner_url(renamed(url, "postgres")), autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


@contextmanager
def database(url: str, name: str, template: str = "template1") -> Iterator[str]:
    """Give the URL of a fresh database and drop it afterwards."""
    made = make(url, name, template)
    try:
        yield made
    finally:
        drop(url, name)
