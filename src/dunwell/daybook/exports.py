"""What a day left behind, as files that two honest runs write byte for byte alike.

Natural keys only: no surrogate ids, no moments of recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from django.db import connection

from dunwell.parties.models import Portfolio

EXPORTS: Mapping[str, str] = MappingProxyType(
    {
        "cases": """
            SELECT p.customer_ref, c.state, c.closed_as, c.opened_on, c.closed_on, c.bucket,
                   c.oldest_unpaid_due_on, c.stage, c.track, c.segment, c.treatment, c.queue,
                   c.priority, c.propensity_ppm, c.score_reasons, c.arm, c.table_code,
                   c.table_version, c.table_row, c.next_step_on, t.code AS team,
                   a.username AS collector
            FROM cases_case c JOIN parties_party p ON p.id = c.party_id
            LEFT JOIN staff_team t ON t.id = c.team_id
            LEFT JOIN staff_agent a ON a.id = c.collector_id
            WHERE c.portfolio_id = {portfolio}
            ORDER BY p.customer_ref, c.opened_on, c.state""",
        "buckets": """
            SELECT a.account_ref, b.entered_on, b.bucket, b.was, b.dpd, b.balance_minor
            FROM accounts_accountbucket b JOIN accounts_account a ON a.id = b.account_id
            WHERE a.portfolio_id = {portfolio} ORDER BY a.account_ref, b.entered_on, b.bucket""",
        "accounts": """
            SELECT account_ref, bucket, status, payment_profile FROM accounts_account
            WHERE portfolio_id = {portfolio} ORDER BY account_ref""",
        "payments": """
            SELECT payment_ref, kind, amount_minor, value_on, posted_on FROM accounts_payment
            WHERE portfolio_id = {portfolio} ORDER BY payment_ref""",
        "entries": """
            SELECT p.customer_ref, e.business_date, e.kind, e.happened_at, e.outcome, e.data
            FROM cases_entry e JOIN cases_case c ON c.id = e.case_id
            JOIN parties_party p ON p.id = c.party_id
            WHERE c.portfolio_id = {portfolio}
            ORDER BY p.customer_ref, e.business_date, e.kind, e.happened_at, e.data::text""",
        "promises": """
            SELECT p.customer_ref, r.taken_on, r.amount_minor, r.due_on, r.state, r.paid_minor,
                   r.decided_on
            FROM plans_promise r JOIN cases_case c ON c.id = r.case_id
            JOIN parties_party p ON p.id = c.party_id
            WHERE c.portfolio_id = {portfolio}
            ORDER BY p.customer_ref, r.taken_on, r.due_on, r.amount_minor, r.state""",
        "figures": """
            SELECT day, name, key, count, amount_minor FROM daybook_figure
            WHERE portfolio_id = {portfolio} ORDER BY day, name, key""",
        "steps": """
            SELECT day, step, inputs_sha256, produced FROM daybook_steprun
            WHERE portfolio_id = {portfolio} ORDER BY day, step, produced::text""",
    }
)


def export_portfolio(portfolio: Portfolio, out: Path) -> list[Path]:
    """Write one CSV (UTF-8, header) for each of :data:`EXPORTS` into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    with connection.cursor() as cursor:
        for name, query in EXPORTS.items():
            path = out / f"{name}.csv"
            sql = query.format(portfolio=portfolio.pk)
            with (
                path.open("wb") as file,
                cursor.copy(f"COPY ({sql}) TO STDOUT WITH (FORMAT csv, HEADER)") as copy,
            ):
                for block in copy:
                    file.write(block)
            written.append(path)
    return written
