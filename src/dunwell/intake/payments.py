"""What a payment file says against the payments that are already posted."""

from __future__ import annotations

import duckdb

from dunwell.database import bulk
from dunwell.intake.deltas import Book
from dunwell.intake.faults import Finding

_SAME = (
    "r.amount = p.amount_minor AND r.kind = p.kind AND r.account_ref = p.account_ref"
    " AND r.value_on = p.value_on"
)


def judge(
    con: duckdb.DuckDBPyConnection, book: Book, file: str, *, has_accounts: bool
) -> list[Finding]:
    """Fault payments that do not fit; suspend those of unknown accounts."""
    _pull_posted(con, book)
    known = "SELECT account_ref FROM account"
    if has_accounts:
        known += " UNION ALL SELECT account_ref FROM v_accounts"
    _fault(
        con,
        "account_ref",
        "H08_unknown_account",
        f"SELECT row FROM v_payments ANTI JOIN ({known}) k USING (account_ref)",
    )
    if has_accounts:
        closed = "a.status = 'closed' AND coalesce(n.status, 'closed') = 'closed'"
        join = "LEFT JOIN v_accounts n USING (account_ref)"
    else:
        closed, join = "a.status = 'closed'", ""
    _fault(
        con, "account_ref", "H13_after_settlement",
        f"""SELECT r.row FROM v_payments r JOIN account a USING (account_ref) {join}
        WHERE {closed} AND r.kind = 'payment'
          AND r.payment_ref NOT IN (SELECT payment_ref FROM posted)""",
    )  # fmt: skip
    _reversals(con)
    two = con.execute(
        f"SELECT count(*) FROM v_payments r JOIN posted p USING (payment_ref) WHERE NOT ({_SAME})"
    ).fetchone()
    if two and two[0]:
        return [Finding("intake.H10_two_amounts", file=file, column="payment_ref", count=two[0])]
    return []


def _fault(con: duckdb.DuckDBPyConnection, column: str, code: str, rows: str) -> None:
    con.execute(
        f"INSERT INTO fault SELECT DISTINCT 'payments', row, '{column}', 'intake.{code}'"
        f" FROM ({rows})"
    )


def _pull_posted(con: duckdb.DuckDBPyConnection, book: Book) -> None:
    """Read the posted payments that the file's references name, and no others."""
    refs = book.stage("ref")
    bulk.stage(
        con,
        refs,
        {"ref": "text"},
        """SELECT payment_ref AS ref FROM v_payments UNION
        SELECT reverses_ref FROM v_payments WHERE reverses_ref IS NOT NULL""",
    )
    bulk.pull(
        con,
        f"""SELECT p.payment_ref, p.kind, p.amount_minor, p.value_on, p.reverses_ref, a.account_ref
        FROM {refs} r JOIN accounts_payment p
            ON p.portfolio_id = {book.portfolio_id} AND p.payment_ref = r.ref
        JOIN accounts_account a ON a.id = p.account_id
        UNION SELECT p.payment_ref, p.kind, p.amount_minor, p.value_on, p.reverses_ref, a.account_ref
        FROM {refs} r JOIN accounts_payment p
            ON p.portfolio_id = {book.portfolio_id} AND p.reverses_ref = r.ref
            AND p.kind = 'reversal'
        JOIN accounts_account a ON a.id = p.account_id""",
        "posted",
    )
    bulk.execute(con, f"DROP TABLE {refs}")


def _reversals(con: duckdb.DuckDBPyConnection) -> None:
    """Fault reversals without an original, of too much, or of what was reversed before."""
    originals = """SELECT payment_ref, account_ref, amount AS amount_minor FROM checked_payments
        WHERE kind = 'payment'
        UNION SELECT payment_ref, account_ref, amount_minor FROM posted WHERE kind = 'payment'"""
    mine = "v_payments r WHERE r.kind = 'reversal'"
    _fault(
        con, "reverses_ref", "H09_no_original",
        f"SELECT r.row FROM {mine} AND r.reverses_ref NOT IN (SELECT payment_ref FROM ({originals}))",
    )  # fmt: skip
    _fault(
        con, "amount", "H09_reversal",
        f"""SELECT r.row FROM v_payments r JOIN ({originals}) o ON o.payment_ref = r.reverses_ref
        WHERE r.kind = 'reversal'
          AND (r.amount > o.amount_minor OR r.account_ref <> o.account_ref)""",
    )  # fmt: skip
    _fault(
        con, "reverses_ref", "H09_reversal",
        """SELECT r.row FROM (
            SELECT row, payment_ref, reverses_ref,
                   row_number() OVER (PARTITION BY reverses_ref ORDER BY row) AS turn
            FROM v_payments WHERE kind = 'reversal'
        ) r LEFT JOIN posted p
            ON p.reverses_ref = r.reverses_ref AND p.kind = 'reversal'
        WHERE r.turn > 1 OR p.payment_ref <> r.payment_ref""",
    )  # fmt: skip
