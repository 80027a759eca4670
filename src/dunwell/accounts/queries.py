"""Balances as the last snapshot gave them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from dunwell.accounts.models import Snapshot
from dunwell.parties.models import Portfolio

LATEST = """
SELECT s.id FROM accounts_snapshot s WHERE s.portfolio_id = %s ORDER BY s.business_date DESC LIMIT 1
"""
# Snapshot ids are literals so that the planner opens one partition, not all.
OWED = """
SELECT coalesce(sum(greatest(p.principal_minor + p.interest_minor + p.fees_minor
                             + p.penalty_minor, 0)), 0)::bigint
FROM accounts_account a
JOIN accounts_position p ON p.account_id = a.id AND p.snapshot_id = {snapshot}
WHERE a.party_id = %s
"""
ACCOUNTS = """
SELECT a.id, a.account_ref, a.product, a.currency, a.opened_on, a.credit_limit_minor, a.card_last4,
       a.status, coalesce(a.bucket, 0) AS bucket, a.payment_profile,
       p.principal_minor, p.interest_minor, p.fees_minor, p.penalty_minor, p.past_due_minor,
       p.minimum_due_minor, p.statement_balance_minor, p.statement_on, p.due_on,
       p.oldest_unpaid_due_on, p.last_payment_on, p.last_payment_minor, p.carried
FROM accounts_account a
JOIN accounts_position p ON p.account_id = a.id AND p.snapshot_id = {snapshot}
WHERE a.party_id = %s
ORDER BY p.past_due_minor DESC, a.account_ref
"""


# One book a portfolio: a day reads it step by step, a delivery rewrites it.
_BOOK = 0x424F4F4B
# Above every payment's key.
EVERY_PAYMENT = 2**63 - 1


def hold_book(portfolio_id: int, *, to_write: bool) -> None:
    """Keep the portfolio's positions and payments as they are until the transaction ends.

    Days read side by side; who writes waits for those who read, and they for him.
    """
    shared = "" if to_write else "_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{shared}(%s, %s)", [_BOOK, portfolio_id])


def last_payment() -> int:
    """Return the key of the last payment of all, 0 before the first; keys only rise.

    Under :func:`hold_book` no payment of the portfolio that comes later has a lower one.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM accounts_payment")
        return int(cursor.fetchone()[0])


def latest_snapshot(portfolio_id: int) -> int | None:
    """Return the key of the portfolio's last snapshot, if it has one."""
    with connection.cursor() as cursor:
        cursor.execute(LATEST, [portfolio_id])
        found = cursor.fetchone()
    return found[0] if found else None


def latest_snapshots(portfolio_ids: Collection[int]) -> list[int]:
    """Return the keys of the last snapshots of some portfolios, those that have one; one query."""
    found = (
        Snapshot.objects.filter(portfolio__in=portfolio_ids)
        .order_by("portfolio", "-business_date")
        .distinct("portfolio")
    )
    return list(found.values_list("pk", flat=True))


def owed_minor(party_id: int, portfolio: Portfolio) -> int:
    """Return the balance of all accounts of a cardholder; credit on one pays no other."""
    snapshot = latest_snapshot(portfolio.pk)
    if snapshot is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(OWED.format(snapshot=int(snapshot)), [party_id])
        found: int = cursor.fetchone()[0]
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """An account with its position of the last snapshot, amounts in minor units."""

    id: int
    account_ref: str
    product: str
    currency: str
    opened_on: date
    credit_limit_minor: int
    card_last4: str
    status: str
    bucket: int
    payment_profile: str
    principal_minor: int
    interest_minor: int
    fees_minor: int
    penalty_minor: int
    past_due_minor: int
    minimum_due_minor: int | None
    statement_balance_minor: int | None
    statement_on: date | None
    due_on: date | None
    oldest_unpaid_due_on: date | None
    last_payment_on: date | None
    last_payment_minor: int | None
    carried: bool

    @property
    def balance_minor(self) -> int:
        return self.principal_minor + self.interest_minor + self.fees_minor + self.penalty_minor


def accounts_of(party_id: int, portfolio_id: int) -> list[Held]:
    """Return a cardholder's accounts, the most past due first."""
    snapshot = latest_snapshot(portfolio_id)
    if snapshot is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(ACCOUNTS.format(snapshot=int(snapshot)), [party_id])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return [Held(*row) for row in rows]
