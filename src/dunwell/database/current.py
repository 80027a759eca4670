"""The database that Django talks to, for those who must open a connection of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, unquote, urlsplit

from django.db import connection

from dunwell.database.roles import owner_url


def current_url() -> str:
    """Return the URL of Django's default connection (in tests: of the test database)."""
    s = connection.settings_dict
    who = quote(s["USER"], safe="")
    if s["PASSWORD"]:
        who += ":" + quote(s["PASSWORD"], safe="")
    port = f":{s['PORT']}" if s["PORT"] else ""
    return f"postgresql://{who}@{s['HOST'] or 'localhost'}{port}/{quote(s['NAME'], safe='')}"


@contextmanager
def as_owner() -> Iterator[None]:
    """Let Django's connection be the owner's, where one is named; then the application's again.

    Closes the connection both times: call it outside transactions.
    """
    kept = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
    parts = urlsplit(owner_url(current_url()))
    connection.close()
    connection.settings_dict |= {
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
    }
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= kept
