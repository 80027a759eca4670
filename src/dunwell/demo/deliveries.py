"""Six statement days of the UCI data, as a bank would deliver them.

Status codes, statement balances, payments, limits, sex and age are the source's own;
dates, the balance's components and the people are invented. docs/demo-data.md has it all.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
from pyarrow import csv

from dunwell.database import bulk
from dunwell.demo.data import uci
from dunwell.demo.identities import TAIWAN, add_people, install_draw
from dunwell.intake.layout import KINDS, Type
from dunwell.kernel.money import digits
from dunwell.kernel.refusal import Refusal, Refused

MANIFEST = "manifest.json"
CODE = "TW-DEMO"
CURRENCY = "TWD"
UNIT = 10 ** digits(CURRENCY)
# A statement is due so many days after its day. The due date k statements back then lies
# within bucket k, whatever the lengths of the months, and beyond three days' grace.
DUE_DAYS = 20
# The portfolio's tolerance: what the source calls past due must be more than this.
TOLERANCE = 10 * UNIT
# NT$ 1,000: the least that is asked, and what is owed where the source says past due
# but shows no balance to be past due with.
LEAST_DUE = 1_000 * UNIT
# Of thousand neighbours of the same sex and age, so many share one cardholder.
PAIRS_PER_MILLE = 60


@dataclass(frozen=True, slots=True)
class Sheet:
    """One delivery to write: whose, of which day, and the table for each kind of file."""

    portfolio: str
    currency: str
    day: date
    previous: date | None
    tables: Mapping[str, str]


def statement_days(last_day: date) -> list[date]:
    """Return the six statement days, the oldest first, on one day of six months."""
    return [_back(last_day, months) for months in reversed(range(uci.STATEMENTS))]


def _back(last_day: date, months: int) -> date:
    """Return the statement day ``months`` before the last one; all on the same day <= 28."""
    number = last_day.year * 12 + last_day.month - 1 - months
    return date(number // 12, number % 12 + 1, min(last_day.day, 28))


def make_deliveries(out: Path, *, last_day: date, accounts: int | None, seed: int) -> list[Path]:
    """Write six deliveries below ``out`` and return their folders, the oldest first.

    The last is of ``last_day``, or of the 28th where that is later. ``accounts`` takes
    a sample with the shares of all buckets kept; none takes all 30,000. The same
    arguments give the same bytes. What lies in the folders is overwritten.

    :raises Refused: if ``accounts`` is not between 1 and 30,000
    """
    wanted = uci.ROWS if accounts is None else accounts
    if not 1 <= wanted <= uci.ROWS:
        raise Refused(
            Refusal(
                "demo.accounts",
                "Ask for 1 to %(most)s accounts, not %(given)s.",
                named={"most": f"{uci.ROWS:,}", "given": f"{wanted:,}"},
            )
        )
    days = [_back(last_day, months) for months in range(uci.STATEMENTS + 1)]
    folders = []
    with tempfile.TemporaryDirectory(prefix="dunwell-demo-") as spill:
        con = bulk.connect(url=None, temp=Path(spill))
        try:
            install_draw(con, seed)
            _read_source(con)
            _choose_accounts(con, wanted, days)
            con.execute(PERSONS)
            add_people(con, TAIWAN, seed=seed, known_since=days[-1], rich=True)
            for back in reversed(range(uci.STATEMENTS)):
                _make_statement(con, back, days)
                day = days[back]
                folder = out / f"{CODE}-{day.isoformat()}"
                previous = days[back + 1] if back < uci.STATEMENTS - 1 else None
                tables = {kind: kind for kind in KINDS}
                write_delivery(con, folder, Sheet(CODE, CURRENCY, day, previous, tables))
                folders.append(folder)
        finally:
            con.close()
    return folders


def write_delivery(con: duckdb.DuckDBPyConnection, folder: Path, sheet: Sheet) -> None:
    """Write each table as the CSV file of its kind, and last the manifest over them.

    Amounts stand in the tables in whole minor units and in the files as decimals.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # A manifest says that the delivery is complete: not while its files are rewritten.
    (folder / MANIFEST).unlink(missing_ok=True)
    files = [
        _write_file(con, folder, kind, table, digits(sheet.currency))
        for kind, table in sheet.tables.items()
    ]
    manifest = {
        "portfolio": sheet.portfolio,
        "business_date": sheet.day.isoformat(),
        "previous": sheet.previous.isoformat() if sheet.previous else None,
        "encoding": "utf-8",
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _write_file(
    con: duckdb.DuckDBPyConnection, folder: Path, kind: str, table: str, places: int
) -> dict[str, object]:
    has = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()]
    columns = [column for column in KINDS[kind].columns if column.name in has]
    amounts = [c.name for c in columns if c.type in (Type.AMOUNT, Type.SIGNED)]
    body = ", ".join(
        f"({c.name}::DECIMAL(18,0) * {Decimal(1).scaleb(-places)})::DECIMAL(18,{places}) AS {c.name}"
        if c.name in amounts
        else c.name
        for c in columns
    )
    path = folder / f"{kind}.csv"
    con.execute(
        f"COPY (SELECT {body} FROM {table}) TO '{bulk.quoted(str(path))}' (FORMAT csv, HEADER)"
    )
    sums = ", ".join(["count(*)", *(f"coalesce(sum({name}), 0)" for name in amounts)])
    rows, *totals = con.execute(f"SELECT {sums} FROM {table}").fetchone() or (0,)
    with path.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    return {
        "name": path.name,
        "kind": kind,
        "rows": rows,
        "sha256": sha256,
        "totals": {
            name: f"{Decimal(int(total)).scaleb(-places):.{places}f}"
            for name, total in zip(amounts, totals, strict=True)
        },
    }


def _read_source(con: duckdb.DuckDBPyConnection) -> None:
    """Make ``uci``: one row an account; status, bill and paid are lists, newest first."""
    source = csv.read_csv(io.BytesIO(uci.csv_bytes()))
    con.register("source", source)
    # The source writes round limits as 5.00E+05; all its amounts are whole dollars.
    lists = {
        name: "[" + ", ".join(f"{column}::BIGINT{times}" for column in columns) + "]"
        for name, columns, times in (
            ("status", uci.STATUS, ""),
            ("bill", uci.BILL, f" * {UNIT}"),
            ("paid", uci.PAID, f" * {UNIT}"),
        )
    }
    con.execute(
        f"""CREATE TABLE uci AS SELECT ID::BIGINT AS id, X1::BIGINT * {UNIT} AS credit_limit,
        CASE X2 WHEN 1 THEN 'M' ELSE 'F' END AS gender, X5::INTEGER AS age,
        {", ".join(f"{sql} AS {name}" for name, sql in lists.items())} FROM source"""
    )
    con.unregister("source")


def _choose_accounts(con: duckdb.DuckDBPyConnection, wanted: int, days: list[date]) -> None:
    """Make ``chosen``: the accounts of the demo with what stays the same on every day.

    All accounts are put in a row by their buckets, newest first, and every n-th is
    taken, so that the newest buckets keep their shares to within one account.
    """
    buckets = ", ".join(f"greatest(status[{k}], 0)" for k in range(1, uci.STATEMENTS + 1))
    con.execute(
        f"""CREATE TABLE chosen AS
        WITH lined AS (
            SELECT *, row_number() OVER (ORDER BY {buckets}, draw('sample', id, 1000000007), id) - 1
                AS place FROM uci
        ), sampled AS (
            SELECT * EXCLUDE (place) FROM lined
            WHERE (place + 1) * {wanted} // {uci.ROWS} > place * {wanted} // {uci.ROWS}
        ), beside AS (
            -- Neighbours of the same sex and age, two by two.
            SELECT *, (row_number() OVER together - 1) % 2 AS turn,
                   lag(id) OVER together AS neighbour
            FROM sampled
            WINDOW together AS (PARTITION BY gender, age ORDER BY draw('pair', id, 1000000007), id)
        )
        SELECT * EXCLUDE (turn, neighbour),
            CASE WHEN turn = 1 AND draw('shares', id, 1000) < {PAIRS_PER_MILLE}
                 THEN neighbour ELSE id END AS holder,
            'A' || lpad(id::VARCHAR, 7, '0') AS account_ref,
            -- Nobody was under 18 on opening: the youngest of the source are 21.
            DATE '{days[-2]}' - (300 + draw('opened', id, least((age - 20) * 330, 3650)))::INTEGER
                AS opened_on,
            lpad(draw('last4', id, 10000)::VARCHAR, 4, '0') AS card_last4,
            DATE '{days[0]}' - to_years(age) - to_days(draw('birth', id, 365)::INTEGER) AS born
        FROM beside ORDER BY id"""
    )
    con.execute("ALTER TABLE chosen ADD COLUMN customer_ref VARCHAR")
    con.execute("UPDATE chosen SET customer_ref = 'C' || lpad(holder::VARCHAR, 7, '0')")


PERSONS = """CREATE TABLE person AS
SELECT id, customer_ref, gender, born::DATE AS birth_date FROM chosen WHERE holder = id ORDER BY id
"""


def _make_statement(con: duckdb.DuckDBPyConnection, back: int, days: list[date]) -> None:
    """Make ``accounts`` and ``payments`` of the statement ``back`` months before the last."""
    con.execute(_accounts_sql(back, days))
    con.execute(_payments_sql(back, days))


def _posted(back: int, days: list[date]) -> str:
    """Return SQL: the day on which the cycle's payment was posted.

    On or before the due date of the statement before; for accounts past due, at any
    time up to the statement day.
    """
    opens, length = days[back + 1], (days[back] - days[back + 1]).days
    late = f"draw('late{back}', id, {length - 1})"
    return (
        f"DATE '{opens}' + (2 + CASE WHEN status[{back + 1}] >= 1 THEN {late}"
        f" ELSE draw('paid{back}', id, {DUE_DAYS - 1}) END)::INTEGER"
    )


def _payments_sql(back: int, days: list[date]) -> str:
    month = days[back].strftime("%Y%m")
    return f"""CREATE OR REPLACE TABLE payments AS
    SELECT 'P{month}' || account_ref AS payment_ref, account_ref, 'payment' AS kind,
           paid[{back + 1}] AS amount, '{CURRENCY}' AS currency,
           posted_on - draw('value{back}', id, 2)::INTEGER AS value_on, posted_on,
           ['transfer', 'autopay', 'counter', 'store'][draw('channel', id, 4) + 1] AS channel
    FROM (SELECT *, {_posted(back, days)} AS posted_on FROM chosen WHERE paid[{back + 1}] > 0)
    ORDER BY id"""


def _accounts_sql(back: int, days: list[date]) -> str:
    """Return SQL: the account file. Shares of the balance are in tens of thousandths."""
    k, day = back + 1, days[back]
    later = range(back, uci.STATEMENTS)
    paid_on = " ".join(f"WHEN paid[{b + 1}] > 0 THEN {_posted(b, days)}" for b in later)
    paid = " ".join(f"WHEN paid[{b + 1}] > 0 THEN paid[{b + 1}]" for b in later)
    due = f"(DATE '{day}' - to_months(cycles::INTEGER) + to_days({DUE_DAYS}))::DATE"
    return f"""CREATE OR REPLACE TABLE accounts AS
    WITH read AS (
        SELECT *, bill[{k}] AS statement_balance, greatest(status[{k}], 0) AS cycles FROM chosen
    ), owing AS (
        SELECT *, CASE WHEN cycles > 0 AND statement_balance <= {TOLERANCE} THEN {LEAST_DUE}
                       ELSE greatest(statement_balance, 0) END AS owed FROM read
    ), due AS (
        SELECT *, CASE WHEN cycles = 0 THEN 0 ELSE
            least(owed, greatest({LEAST_DUE}, owed * cycles // {20 * UNIT} * {UNIT})) END AS past_due,
            CASE WHEN cycles > 0 THEN owed * (100 + draw('rate', id, 26)) * cycles // 10000
                 WHEN status[{k}] = 0 THEN owed * (80 + draw('rate', id, 46)) // 10000
                 ELSE 0 END AS interest,
            CASE WHEN cycles > 0 THEN least(owed // 10, (200 + 100 * least(cycles, 3)) * {UNIT})
                 ELSE 0 END AS fees,
            owed * (20 + draw('penalty', id, 41)) * cycles // 10000 AS penalty
        FROM owing
    )
    SELECT account_ref, customer_ref,
        CASE WHEN credit_limit >= {300_000 * UNIT} THEN '白金卡'
             WHEN credit_limit >= {100_000 * UNIT} THEN '金卡' ELSE '普卡' END AS product,
        '{CURRENCY}' AS currency, opened_on, credit_limit, card_last4,
        DATE '{day}' AS statement_on, DATE '{day}' + {DUE_DAYS} AS due_on, statement_balance,
        least(owed, past_due + greatest({LEAST_DUE}, (owed - past_due) // {10 * UNIT} * {UNIT}))
            AS minimum_due,
        past_due, CASE WHEN cycles > 0 THEN {due} END AS oldest_unpaid_due_on,
        cycles AS cycles_past_due,
        owed - interest - fees - penalty AS principal, interest, fees, penalty,
        CASE {paid_on} END AS last_payment_on, CASE {paid} END AS last_payment_amount,
        CASE WHEN cycles >= 3 THEN 'blocked' ELSE 'open' END AS status
    FROM due ORDER BY id"""
