"""Balances against the day before: a fall must be explained by what was paid."""

from __future__ import annotations

import duckdb

from dunwell.database import bulk
from dunwell.intake.deltas import Book
from dunwell.intake.faults import Finding
from dunwell.intake.manifest import Manifest

# Of a thousand rows: more of them are no matter of single accounts.
MANY = 1


def judge(
    con: duckdb.DuckDBPyConnection, book: Book, file: str, manifest: Manifest, kinds: set[str]
) -> list[Finding]:
    """Fault accounts whose balance fell by more than the delivery's payments explain.

    Asked only of a sender who says that the payments hold all that lowers a balance. A rise
    is never judged: purchases, interest and fees are not delivered one by one.
    """
    if not manifest.all_movements or book.previous_id is None:
        return []
    bulk.pull(
        con,
        "SELECT account_id, principal_minor + interest_minor + fees_minor + penalty_minor AS owed"
        f" FROM accounts_position_s{book.previous_id}",
        "owed_before",
    )
    paid = "SELECT NULL::varchar AS account_ref, NULL::bigint AS paid WHERE false"
    if "payments" in kinds:
        paid = """SELECT account_ref,
                sum(CASE WHEN kind = 'reversal' THEN -amount ELSE amount END) AS paid
            FROM v_payments GROUP BY account_ref"""
    con.execute(
        f"""INSERT INTO fault SELECT 'accounts', r.row, 'principal', 'intake.E21_movements'
        FROM v_accounts r JOIN account a USING (account_ref)
        JOIN owed_before b ON b.account_id = a.id LEFT JOIN ({paid}) m USING (account_ref)
        WHERE r.principal + r.interest + r.fees + r.penalty < b.owed - coalesce(m.paid, 0)"""
    )
    con.execute("DROP TABLE owed_before")
    counts = con.execute(
        """SELECT count(*) FILTER (code = 'intake.E21_movements'),
                  (SELECT count(*) FROM v_accounts) FROM fault WHERE kind = 'accounts'"""
    ).fetchone() or (0, 0)
    if counts[0] * 1_000 > MANY * (counts[0] + counts[1]):
        return [Finding("intake.E21_movements_many", file=file, count=counts[0])]
    return []
