"""The SQL that makes a table append-only, for migrations."""

from __future__ import annotations


def forbid(table: str) -> str:
    """Return SQL that refuses UPDATE, DELETE and TRUNCATE on ``table``.

    Needs ``dunwell_append_only()`` from the audit app's second migration.
    """
    return f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION dunwell_append_only();
{forbid_truncate(table)}"""


def allow(table: str) -> str:
    """Return the SQL that undoes :func:`forbid`."""
    return f"""
DROP TRIGGER {table}_append_only ON {table};
{allow_truncate(table)}"""


def forbid_truncate(table: str) -> str:
    """Return SQL that refuses TRUNCATE alone on ``table``; needs what :func:`forbid` needs."""
    return f"""
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION dunwell_append_only();
"""


def allow_truncate(table: str) -> str:
    """Return the SQL that undoes :func:`forbid_truncate`."""
    return f"DROP TRIGGER {table}_no_truncate ON {table};\n"
