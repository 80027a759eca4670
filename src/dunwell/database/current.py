"""The database that Django talks to, for those who must open a connection of their own."""

from __future__ import annotations

from urllib.parse import quote

from django.db import connection


def current_url() -> str:
    """Return the URL of Django's default connection (in tests: of the test database)."""
    s = connection.settings_dict
    who = quote(s["USER"], safe="")
    if s["PASSWORD"]:
        who += ":" + quote(s["PASSWORD"], safe="")
    port = f":{s['PORT']}" if s["PORT"] else ""
    return f"postgresql://{who}@{s['HOST'] or 'localhost'}{port}/{quote(s['NAME'], safe='')}"
