"""What a delivery changes: the file's rows against what is known, set against set.

Reads PostgreSQL, computes in DuckDB, and writes staging tables that hold only new and
differing rows. Nothing that anybody else sees is changed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from dunwell.database import bulk

# PostgreSQL's column -> (its type, how it is spelled from the typed row r).
PARTY = {
    "name": ("text", "r.name"),
    "name_key": ("text", "name_key(r.name)"),
    "id_type": ("text", "coalesce(r.id_type, '')"),
    "id_number": ("text", "coalesce(r.id_number, '')"),
    "birth_on": ("date", "r.birth_date"),
    "gender": ("text", "coalesce(r.gender, '')"),
    # One spelling of a tag (kernel.languages.tag): banks write zh_CN, ZH and zh-cn.
    "language": ("text", "replace(lower(trim(coalesce(r.language, ''))), '_', '-')"),
    "country": ("text", "r.country"),
    "region": ("text", "coalesce(r.region, '')"),
    "city": ("text", "coalesce(r.city, '')"),
    "postal_code": ("text", "coalesce(r.postal_code, '')"),
    "time_zone": ("text", "coalesce(r.time_zone, '')"),
    "employer": ("text", "coalesce(r.employer, '')"),
    "deceased": ("boolean", "coalesce(r.deceased, false)"),
    "bankrupt": ("boolean", "coalesce(r.bankrupt, false)"),
    "is_staff": ("boolean", "coalesce(r.staff, false)"),
}
CONTACT = {
    "person_name": ("text", "coalesce(r.name, '')"),
    "ending": (
        "text",
        "CASE WHEN r.kind IN ('mobile', 'landline', 'work_phone')"
        " THEN right(regexp_replace(r.value, '-.*|[^0-9]', '', 'g'), 4) ELSE '' END",
    ),
    "source": ("text", "r.source"),
    "verified_on": ("date", "r.verified_on"),
    "call_ok": ("boolean", "r.call_ok"),
    "sms_ok": ("boolean", "r.sms_ok"),
    "email_ok": ("boolean", "r.email_ok"),
}
ACCOUNT = {
    "product": ("text", "r.product"),
    "currency": ("text", "r.currency"),
    "opened_on": ("date", "r.opened_on"),
    "credit_limit_minor": ("bigint", "r.credit_limit"),
    "card_last4": ("text", "coalesce(r.card_last4, '')"),
    "status": ("text", "r.status"),
    "charged_off_on": ("date", "r.charged_off_on"),
}
POSITION = {
    "principal_minor": "r.principal",
    "interest_minor": "r.interest",
    "fees_minor": "r.fees",
    "penalty_minor": "r.penalty",
    "past_due_minor": "r.past_due",
    "minimum_due_minor": "r.minimum_due",
    "statement_balance_minor": "r.statement_balance",
    "last_payment_minor": "r.last_payment_amount",
    "statement_on": "r.statement_on",
    "due_on": "r.due_on",
    "oldest_unpaid_due_on": "r.oldest_unpaid_due_on",
    "last_payment_on": "r.last_payment_on",
    "cycles_past_due": "r.cycles_past_due",
}
PAYMENT = {
    "account_id": "bigint",
    "payment_ref": "text",
    "kind": "text",
    "amount_minor": "bigint",
    "value_on": "date",
    "posted_on": "date",
    "channel": "text",
    "reverses_ref": "text",
}
MARK = {
    "account_id": "bigint", "mark": "text", "statement_on": "date", "paid_minor": "bigint",
    "paid_on": "date",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Book:
    """Whose rows these are, and which snapshot follows which."""

    portfolio_id: int
    day: date
    snapshot_id: int
    previous_id: int | None

    def stage(self, name: str) -> str:
        """Return the staging table of this portfolio; a killed run's is overwritten."""
        return f"{bulk.SCHEMA}.intake_{name}_{self.portfolio_id}"


def know(
    con: duckdb.DuckDBPyConnection, portfolio_id: int, kinds: set[str], only: str = ""
) -> None:
    """Read what is known of the portfolio: ``party``, ``account`` and, if asked, ``contact``.

    ``only`` is an SQL condition on ``parties_party p`` where not all of it is wanted.
    """
    mine = f"WHERE portfolio_id = {portfolio_id}"
    if only:
        whose = f"SELECT p.id FROM parties_party p WHERE p.portfolio_id = {portfolio_id} AND {only}"
        mine += f" AND party_id IN ({whose})"
    wide = f", {', '.join(PARTY)}" if "customers" in kinds else ""
    people = f"FROM parties_party p WHERE p.portfolio_id = {portfolio_id}"
    people += f" AND {only}" if only else ""
    bulk.pull(con, f"SELECT id, customer_ref{wide} {people}", "party")
    wide = f", {', '.join(ACCOUNT)}, profiled_on" if "accounts" in kinds else ", status"
    bulk.pull(
        con, f"SELECT id, account_ref, party_id{wide} FROM accounts_account {mine}", "account"
    )
    con.execute("CREATE OR REPLACE TABLE numbered AS SELECT id, account_ref FROM account")
    if "contacts" in kinds:
        bulk.pull(
            con,
            f"""SELECT c.id, c.party_id, c.role, c.kind, c.value, {", ".join(f"c.{n}" for n in CONTACT)}
            FROM parties_contactpoint c JOIN parties_party p ON p.id = c.party_id
            WHERE p.portfolio_id = {portfolio_id} {"AND " + only if only else ""}""",
            "contact",
        )


def _differs(columns: dict[str, tuple[str, str]], alias: str) -> str:
    return " OR ".join(f"n.{name} IS DISTINCT FROM {alias}.{name}" for name in columns)


def _reserve(con: duckdb.DuckDBPyConnection, table: str, count: int) -> None:
    """Take ``count`` new ids of ``table`` into DuckDB's ``fresh(place, id)``.

    Taken from the sequence one by one, so nobody else can have been given one of them.
    """
    bulk.pull(
        con,
        f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) AS id"
        f" FROM generate_series(1, {count})",
        "taken",
    )
    con.execute("CREATE OR REPLACE TABLE fresh AS SELECT rowid AS place, id FROM taken")


def parties(con: duckdb.DuckDBPyConnection, book: Book) -> None:
    """Stage new and changed cardholders; ``party`` then knows the new ones too."""
    body = ", ".join(f"{how} AS {name}" for name, (_, how) in PARTY.items() if name != "name_key")
    # The key is worked out in Python: only for names that are not known as they stand.
    key = "CASE WHEN p.name = n.name THEN p.name_key ELSE name_key(n.name) END AS name_key"
    same = {name: how for name, how in PARTY.items() if name != "name_key"}
    con.execute(
        f"""CREATE OR REPLACE TABLE change AS
        SELECT p.id, p.id IS NULL AS is_new, n.*, {key} FROM (
            SELECT r.row, r.customer_ref, {body} FROM v_customers r
        ) n LEFT JOIN party p USING (customer_ref)
        WHERE p.id IS NULL OR {_differs(same, "p")} ORDER BY n.row"""
    )
    _number(con, "parties_party")
    columns = {"id": "bigint", "is_new": "boolean", "customer_ref": "text"}
    columns |= {name: kind for name, (kind, _) in PARTY.items()}
    bulk.stage(con, book.stage("party"), columns, f"SELECT {', '.join(columns)} FROM change")
    con.execute(
        "CREATE OR REPLACE TABLE party AS SELECT id, customer_ref FROM party"
        " UNION ALL SELECT id, customer_ref FROM change WHERE is_new"
    )


def _number(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Give the new rows of ``change`` ids in the order of the file."""
    count = con.execute("SELECT count(*) FROM change WHERE is_new").fetchone()
    if not count or not count[0]:
        return
    _reserve(con, table, count[0])
    # One plain key: with a condition beside it DuckDB would compare each row with each.
    con.execute(
        """CREATE OR REPLACE TABLE change AS
        SELECT coalesce(c.id, f.id) AS id, c.* EXCLUDE (id, place) FROM (
            SELECT *, CASE WHEN is_new THEN
                row_number() OVER (PARTITION BY is_new ORDER BY row) - 1 END AS place
            FROM change
        ) c LEFT JOIN fresh f USING (place) ORDER BY c.row"""
    )


def contacts(con: duckdb.DuckDBPyConnection, book: Book) -> None:
    """Stage new and changed contact points."""
    body = ", ".join(f"{how} AS {name}" for name, (_, how) in CONTACT.items())
    columns = {
        "id": "bigint",
        "party_id": "bigint",
        "role": "text",
        "kind": "text",
        "value": "text",
    }
    columns |= {name: kind for name, (kind, _) in CONTACT.items()}
    bulk.stage(
        con,
        book.stage("contact"),
        columns,
        f"""SELECT c.id, n.* FROM (
            SELECT p.id AS party_id, r.role, r.kind, r.value, {body}
            FROM v_contacts r JOIN party p USING (customer_ref)
        ) n LEFT JOIN contact c USING (party_id, role, kind, value)
        WHERE c.id IS NULL OR {_differs(CONTACT, "c")}""",
    )


def accounts(con: duckdb.DuckDBPyConnection, book: Book) -> None:
    """Stage new and changed accounts and number all of the file in ``numbered``."""
    body = ", ".join(f"{how} AS {name}" for name, (_, how) in ACCOUNT.items())
    con.execute(
        f"""CREATE OR REPLACE TABLE change AS
        SELECT a.id, a.id IS NULL AS is_new, n.* FROM (
            SELECT r.row, r.account_ref, p.id AS party_id, {body}
            FROM v_accounts r JOIN party p USING (customer_ref)
        ) n LEFT JOIN account a USING (account_ref)
        WHERE a.id IS NULL OR n.party_id <> a.party_id OR {_differs(ACCOUNT, "a")} ORDER BY n.row"""
    )
    _number(con, "accounts_account")
    columns = {"id": "bigint", "is_new": "boolean", "account_ref": "text", "party_id": "bigint"}
    columns |= {name: kind for name, (kind, _) in ACCOUNT.items()}
    bulk.stage(con, book.stage("account"), columns, f"SELECT {', '.join(columns)} FROM change")
    con.execute(
        """CREATE OR REPLACE TABLE numbered AS
        SELECT id, account_ref, profiled_on FROM account
        UNION ALL SELECT id, account_ref, NULL FROM change WHERE is_new"""
    )


def positions(con: duckdb.DuckDBPyConnection, book: Book) -> None:
    """Fill the day's partition, still outside of the table it will join.

    Made and filled in one transaction, so that COPY need not write it to the log twice.
    """
    table = book.stage("position")
    bulk.execute(con, f"CREATE SCHEMA IF NOT EXISTS {bulk.SCHEMA}; DROP TABLE IF EXISTS {table}")
    bulk.execute(
        con,
        f"CREATE TABLE {table} (LIKE accounts_position INCLUDING DEFAULTS INCLUDING CONSTRAINTS,"
        f" CONSTRAINT position_of_snapshot CHECK (snapshot_id = {book.snapshot_id}))"
        # A vacuum that came by before it is attached would hold the loader for a second.
        " WITH (autovacuum_enabled = false)",
    )
    body = ", ".join(f"{how} AS {name}" for name, how in POSITION.items())
    bulk.push(
        con,
        f"""SELECT {book.snapshot_id}::bigint AS snapshot_id, a.id AS account_id, {body},
                   false AS carried
        FROM v_accounts r JOIN numbered a USING (account_ref)""",
        table,
    )


def carry(con: duckdb.DuckDBPyConnection, book: Book) -> tuple[int, int]:
    """Carry forward the positions of accounts that the file does not give.

    An account that was closed may leave; any other is kept as it was last seen.
    Returns how many were carried, and how many of them the file does not even name:
    the others stand in it at fault.
    """
    if book.previous_id is None:
        return 0, 0
    con.execute(
        """CREATE OR REPLACE TABLE gone AS
        SELECT a.id, a.account_ref FROM account a ANTI JOIN v_accounts r USING (account_ref)
        WHERE a.status <> 'closed'"""
    )
    named = "SELECT account_ref FROM checked_accounts"
    found = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'b_accounts'"
    ).fetchone()
    if found and found[0]:
        named += " UNION ALL SELECT account_ref FROM b_accounts"
    counts = con.execute(
        f"""SELECT count(*), count(*) FILTER (account_ref NOT IN
            (SELECT account_ref FROM ({named}) WHERE account_ref IS NOT NULL)) FROM gone"""
    ).fetchone()
    if not counts or not counts[0]:
        return 0, 0
    names = ", ".join(POSITION)
    carried = bulk.push(
        con,
        f"""SELECT {book.snapshot_id}::bigint AS snapshot_id, p.account_id, {names}, true AS carried,
            coalesce(p.as_of, s.business_date) AS as_of
        FROM pg.public.accounts_position_s{book.previous_id} p JOIN gone g ON g.id = p.account_id
        JOIN pg.public.accounts_snapshot s ON s.id = {book.previous_id}""",
        book.stage("position"),
    )
    return carried, counts[1]


def profiles(con: duckdb.DuckDBPyConnection, book: Book) -> None:
    """Stage the statement mark of each account that has a newer statement.

    ``1``-``8`` cycles past due; else ``N`` nothing owed and nothing due, ``P`` the
    statement before was paid in full since, ``R`` the rest.
    """
    table = book.stage("profile")
    bulk.stage(
        con,
        table,
        MARK,
        """SELECT a.id AS account_id, r.statement_on, CASE
            WHEN r.cycles_past_due >= 1 THEN least(r.cycles_past_due, 8)::varchar
            WHEN coalesce(r.statement_balance, 0) = 0 AND coalesce(r.minimum_due, 0) = 0 THEN 'N'
            ELSE 'R' END AS mark,
            r.last_payment_amount AS paid_minor, r.last_payment_on AS paid_on
        FROM v_accounts r JOIN numbered a USING (account_ref)
        WHERE r.statement_on > coalesce(a.profiled_on, date '1900-01-01')""",
    )
    if book.previous_id is not None:
        # What the statement before asked for is looked up for new statements only.
        bulk.execute(
            con,
            f"""UPDATE {table} s SET mark = 'P' FROM accounts_position_s{book.previous_id} b
            WHERE b.account_id = s.account_id AND s.mark = 'R' AND b.statement_balance_minor > 0
                AND s.paid_minor >= b.statement_balance_minor AND s.paid_on > b.statement_on""",
        )


def payments(con: duckdb.DuckDBPyConnection, book: Book) -> None:
    """Stage the payments of known accounts."""
    bulk.stage(
        con,
        book.stage("payment"),
        PAYMENT,
        """SELECT a.id AS account_id, r.payment_ref, r.kind, r.amount AS amount_minor,
                  r.value_on, r.posted_on, coalesce(r.channel, '') AS channel,
                  coalesce(r.reverses_ref, '') AS reverses_ref
        FROM v_payments r JOIN numbered a USING (account_ref) ORDER BY r.row""",
    )


_STEPS = {
    "customers": (parties,), "contacts": (contacts,), "payments": (payments,),
    "accounts": (accounts, positions, profiles),
}  # fmt: skip


def stage(con: duckdb.DuckDBPyConnection, book: Book, kind: str) -> None:
    """Stage all that the rows of a kind change."""
    for step in _STEPS[kind]:
        step(con, book)
