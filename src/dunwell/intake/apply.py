"""Move what was staged into the tables that people see: one transaction, set-based."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import connection
from django.db.backends.utils import CursorWrapper

from dunwell.accounts.queries import hold_book
from dunwell.intake.deltas import ACCOUNT, CONTACT, PARTY, Book

# A second loader of the same portfolio finds this lock taken. Session-wide, because
# reading and checking happen before the transaction.
LOCK = 0x494E544B
STAGED = ("party", "contact", "account", "position", "profile", "payment")

Given = dict[str, int | date]

# Each with a line where the cardholder has an open case; both flags at once share one.
HOLDS = """
WITH flagged AS (
INSERT INTO cases_hold (party_id, kind, from_on, evidence)
SELECT id, flag.kind, %(day)s, 'delivery of ' || %(day)s
FROM {party} s CROSS JOIN LATERAL (
    VALUES ('deceased', s.deceased), ('bankrupt', s.bankrupt)
) flag (kind, is_set)
WHERE flag.is_set AND NOT EXISTS (
    SELECT FROM cases_hold h WHERE h.party_id = s.id AND h.kind = flag.kind
)
RETURNING party_id, kind, evidence
), told AS (
    INSERT INTO cases_entry
        (case_id, kind, business_date, happened_at, channel, outcome, note, data)
    SELECT c.id, 'hold_set', %(day)s, d.received_at, '', '', min(f.evidence),
           jsonb_build_object('hold', string_agg(f.kind, ', ' ORDER BY f.kind DESC))
    FROM flagged f
    JOIN cases_case c ON c.party_id = f.party_id AND c.state = 'open'
    CROSS JOIN intake_delivery d
    WHERE d.id = %(delivery)s GROUP BY c.id, d.received_at ORDER BY c.id
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM flagged
"""
# Before anything is changed: what the days before this delivery's must still find.
WAS = """
INSERT INTO accounts_accountwas (account_id, portfolio_id, changed_on, party_id, opened_on,
    credit_limit_minor, status, payment_profile)
SELECT a.id, a.portfolio_id, %(day)s, a.party_id, a.opened_on, a.credit_limit_minor, a.status,
       a.payment_profile
FROM accounts_account a
WHERE a.id IN (SELECT id FROM {account} WHERE NOT is_new UNION ALL SELECT account_id FROM {profile})
ON CONFLICT (account_id, changed_on) DO NOTHING
"""
PROFILES = """
UPDATE accounts_account a
SET payment_profile = left(s.mark || a.payment_profile, 24), profiled_on = s.statement_on
FROM {profile} s WHERE s.account_id = a.id AND a.profiled_on IS DISTINCT FROM s.statement_on
"""
PAYMENTS = """
INSERT INTO accounts_payment (account_id, portfolio_id, payment_ref, kind, amount_minor, value_on,
    posted_on, known_on, channel, reverses_ref, delivery_id)
SELECT account_id, %(portfolio)s, payment_ref, kind, amount_minor, value_on, posted_on,
       greatest(posted_on, %(day)s), channel, reverses_ref, %(delivery)s
FROM {payment}
ON CONFLICT (portfolio_id, payment_ref) DO NOTHING
"""


@contextmanager
def only_loader(portfolio_id: int) -> Iterator[bool]:
    """Give whether this is the only loader of the portfolio, and keep it so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, portfolio_id])
        alone: bool = cursor.fetchone()[0]
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, portfolio_id])


def reserve_snapshot_id() -> int:
    """Return the id that the snapshot to come will have; its partition is named by it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_snapshot', 'id'))")
        return int(cursor.fetchone()[0])


def apply_staged(
    book: Book, kinds: set[str], *, delivery_id: int, into_snapshot: bool = True
) -> dict[str, int]:
    """Apply the staging tables; return how many rows each statement changed.

    Call it inside the transaction; the snapshot's row must exist already. Its
    positions become its partition only ``into_snapshot``.
    """
    changed: dict[str, int] = {}
    given: Given = {"portfolio": book.portfolio_id, "day": book.day, "delivery": delivery_id}
    names = {name: book.stage(name) for name in STAGED}
    hold_book(book.portfolio_id, to_write=True)
    with connection.cursor() as cursor:
        if "customers" in kinds:
            changed |= _parties(cursor, names["party"], given)
        if "contacts" in kinds:
            changed |= _contacts(cursor, names["contact"])
        if "accounts" in kinds:
            cursor.execute(WAS.format(**names), given)
            changed |= _accounts(cursor, names, given)
            if into_snapshot:
                _attach(cursor, names["position"], book.snapshot_id)
            cursor.execute(PROFILES.format(**names))
            changed["statements_later"] = cursor.rowcount
        if "payments" in kinds:
            cursor.execute(PAYMENTS.format(**names), given)
            changed["payments"] = cursor.rowcount
    return changed


def drop_staged(book: Book) -> None:
    """Drop the staging tables of this portfolio, applied or not."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS " + ", ".join(book.stage(name) for name in STAGED))


def _insert(table: str, names: list[str], source: str, extra: dict[str, str]) -> str:
    into = ", ".join([*names, *extra])
    values = ", ".join([*names, *extra.values()])
    return f"INSERT INTO {table} ({into}) SELECT {values} FROM {source}"


def _update(table: str, names: list[str], source: str) -> str:
    sets = ", ".join(f"{name} = s.{name}" for name in names)
    return f"UPDATE {table} t SET {sets} FROM {source} s WHERE t.id = s.id"


def _parties(cursor: CursorWrapper, source: str, given: Given) -> dict[str, int]:
    names = ["id", "customer_ref", *PARTY]
    insert = _insert("parties_party", names, source, {"portfolio_id": "%(portfolio)s"})
    with _rebuilt(cursor, "parties_party", source):
        cursor.execute(f"{insert} WHERE is_new ORDER BY id", given)
        added = cursor.rowcount
    cursor.execute(_update("parties_party", list(PARTY), source) + " AND NOT s.is_new")
    changed = cursor.rowcount
    cursor.execute(HOLDS.format(party=source), given)
    return {"customers_new": added, "customers_changed": changed, "holds": cursor.fetchone()[0]}


def _contacts(cursor: CursorWrapper, source: str) -> dict[str, int]:
    names = ["party_id", "role", "kind", "value", *CONTACT]
    insert = _insert("parties_contactpoint", names, source, {"valid": "true"})
    with _rebuilt(cursor, "parties_contactpoint", source):
        cursor.execute(f"{insert} WHERE id IS NULL")
        added = cursor.rowcount
    cursor.execute(_update("parties_contactpoint", list(CONTACT), source))
    return {"contacts_new": added, "contacts_changed": cursor.rowcount}


def _accounts(cursor: CursorWrapper, names: dict[str, str], given: Given) -> dict[str, int]:
    source, columns = names["account"], ["id", "account_ref", "party_id", *ACCOUNT]
    # A new account is born with its first mark: a second visit would write it twice.
    born = f"(SELECT s.*, p.mark, p.statement_on FROM {source} s LEFT JOIN {names['profile']} p ON p.account_id = s.id) n"
    extra = {
        "portfolio_id": "%(portfolio)s",
        "payment_profile": "coalesce(mark, '')",
        "profiled_on": "statement_on",
    }
    with _rebuilt(cursor, "accounts_account", source):
        cursor.execute(
            _insert("accounts_account", columns, born, extra) + " WHERE is_new ORDER BY id", given
        )
        added = cursor.rowcount
    cursor.execute(
        _update("accounts_account", ["party_id", *ACCOUNT], source) + " AND NOT s.is_new"
    )
    return {"accounts_new": added, "accounts_changed": cursor.rowcount}


def _attach(cursor: CursorWrapper, staged: str, snapshot_id: int) -> None:
    """Make the filled table the snapshot's partition: keys are checked as sets."""
    name = f"accounts_position_s{snapshot_id}"
    cursor.execute(f"ALTER TABLE {staged} SET SCHEMA public")
    cursor.execute(f"ALTER TABLE {staged.split('.')[1]} RENAME TO {name}")
    cursor.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (snapshot_id, account_id)")
    cursor.execute(
        f"ALTER TABLE accounts_position ATTACH PARTITION {name} FOR VALUES IN ({snapshot_id})"
    )
    cursor.execute(f"ALTER TABLE {name} RESET (autovacuum_enabled)")


@contextmanager
def _rebuilt(cursor: CursorWrapper, table: str, source: str) -> Iterator[None]:
    """Drop the keys and indexes of an empty table while it is filled for the first time.

    Building them once over all rows costs a third of keeping them row by row. The
    table is locked, which disturbs nobody: it has no rows.
    """
    cursor.execute(f"SELECT NOT EXISTS (SELECT FROM {table}), count(*) > 20000 FROM {source}")
    if cursor.fetchone() != (True, True):
        yield
        return
    cursor.execute(
        """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = %s::regclass AND contype = 'f' ORDER BY conname""",
        [table],
    )
    keys = cursor.fetchall()
    cursor.execute(
        """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i
        WHERE indrelid = %s::regclass AND NOT EXISTS (
            SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid
        ) ORDER BY 1""",
        [table],
    )
    indexes = cursor.fetchall()
    # A key is not dropped while rows of the table it points to wait for their own check.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for name, _ in keys:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        cursor.execute(definition)
    for name, definition in keys:
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
