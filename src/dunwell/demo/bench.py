"""Two invented days of a portfolio of any size, to be measured with: no real data at all.

On the first day a fifth of the accounts is past due, M1 to M7. On the next, every
position has moved by a day's interest, 8 % of the accounts change bucket, 3 % have paid
and one in 28 has a new statement. Each share is exact to within one account.
"""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

from dunwell.database import bulk
from dunwell.demo.deliveries import Sheet, write_delivery
from dunwell.demo.identities import CHINA, add_people, install_draw
from dunwell.kernel.refusal import Refusal, Refused

CODE = "BENCH"
CURRENCY = "CNY"
# A Wednesday and a Thursday, no holiday near: no day is missing between them.
FIRST = date(2026, 6, 24)
STEADY = FIRST + timedelta(days=1)
LARGEST = 10_000_000
CYCLE_DAYS = 28
DUE_DAYS = 20
# What the accounts do from the first day to the next, in thousandths of them all; the
# rest is not past due on either. The first three change bucket, the last three are
# past due on the first day.
SLIPS, CURES, ROLLS, STAYS = 25, 30, 25, 145
# Buckets M1 ... M7 of those past due, in hundredths.
SPREAD = (46, 20, 12, 8, 6, 4, 4)
# A prime above LARGEST: multiplying by it puts any smaller number of accounts in another order.
SCATTER = 2_654_435_761


def make_bench_deliveries(
    out: Path, *, accounts: int, seed: int, all_overdue: bool = False
) -> list[Path]:
    """Write the first and the steady delivery below ``out`` and return their folders.

    The first has customers, contacts and accounts, the steady one accounts and
    payments: nobody moved house overnight. ``all_overdue``: every account is past due on the
    first day, each with a cardholder of its own. The same arguments give the same bytes.

    :raises Refused: if ``accounts`` is not between 1 and 10,000,000
    """
    if not 1 <= accounts <= LARGEST:
        raise Refused(
            Refusal(
                "demo.accounts",
                "Ask for 1 to %(most)s accounts, not %(given)s.",
                named={"most": f"{LARGEST:,}", "given": f"{accounts:,}"},
            )
        )
    first, steady = (out / f"{CODE}-{day.isoformat()}" for day in (FIRST, STEADY))
    with tempfile.TemporaryDirectory(prefix="dunwell-bench-") as spill:
        con = bulk.connect(url=None, temp=Path(spill), memory="1200MB")
        try:
            install_draw(con, seed)
            con.execute(_person_sql(accounts))
            add_people(con, CHINA, seed=seed, known_since=FIRST, rich=False)
            con.execute("DROP TABLE person")
            kinds = ("customers", "contacts")
            sheet = Sheet(CODE, CURRENCY, FIRST, None, {kind: kind for kind in kinds})
            con.execute(_base_sql(accounts, seed, all_overdue=all_overdue))
            con.execute(_positions_sql(steady=False))
            tables = {**sheet.tables, "accounts": "accounts"}
            write_delivery(con, first, Sheet(CODE, CURRENCY, FIRST, None, tables))
            for kind in kinds:
                con.execute(f"DROP TABLE {kind}")
            con.execute(_positions_sql(steady=True))
            con.execute(_payments_sql())
            tables = {"accounts": "accounts", "payments": "payments"}
            write_delivery(con, steady, Sheet(CODE, CURRENCY, STEADY, FIRST, tables))
        finally:
            con.close()
    return [first, steady]


def _person_sql(accounts: int) -> str:
    return f"""CREATE TABLE person AS
    SELECT range AS id, concat('C', lpad(range::VARCHAR, 8, '0')) AS customer_ref,
           ['M', 'F'][draw('gender', range, 2) + 1] AS gender,
           DATE '{FIRST}' - (21 * 366 + draw('age', range, 18000))::INTEGER AS birth_date
    FROM range({accounts})"""


def _base_sql(accounts: int, seed: int, *, all_overdue: bool) -> str:
    """Return SQL: what an account is and does; ``acts`` says which of the five it is."""
    ends = [SLIPS, SLIPS + CURES, SLIPS + CURES + ROLLS, SLIPS + CURES + ROLLS + STAYS]
    acts = " ".join(
        f"WHEN mille < {end} THEN '{name}'"
        for end, name in zip(ends, ("slips", "cures", "rolls", "stays"), strict=True)
    )
    upto = [sum(SPREAD[: place + 1]) for place in range(len(SPREAD))]
    bucket = " ".join(f"WHEN share < {end} THEN {place}" for place, end in enumerate(upto, 1))
    begins, width = (SLIPS, CURES + ROLLS + STAYS) if all_overdue else (0, 1000)
    return f"""CREATE TABLE base AS
    WITH placed AS (
        SELECT range AS id, (range * {SCATTER} + {seed * 7919 % accounts}) % {accounts}
            * {width} // {accounts} + {begins} AS mille, draw('bucket', range, 100) AS share,
            50 * (10 + draw('limit', range, 390)) * 1000 AS credit_limit
        FROM range({accounts})
    ), acting AS (
        SELECT id, credit_limit, CASE {acts} ELSE 'none' END AS acts,
               CASE {bucket} END AS spread,
               credit_limit * (5 + draw('used', id, 90)) // 100 AS principal
        FROM placed
    )
    SELECT id, credit_limit, acts, principal, {_days_sql()} AS days,
           id % {CYCLE_DAYS} AS phase,
           principal * draw('interest', id, 500) // 10000 AS interest
    FROM acting"""


def _days_sql() -> str:
    """Return SQL: days since the oldest unpaid due date on the first day, or null.

    Three days are within grace. Who rolls stands on the last day of his bucket, who
    cures or stays does not.
    """
    return """CASE acts WHEN 'none' THEN NULL WHEN 'slips' THEN 3
        WHEN 'rolls' THEN 30 * least(spread, 6)
        ELSE CASE WHEN spread = 1 THEN 4 + draw('day', id, 26)
                  WHEN spread < 7 OR acts = 'cures' THEN
                      30 * (least(spread, 6) - 1) + 1 + draw('day', id, 29)
                  ELSE 181 + draw('day', id, 219) END END"""


def _positions_sql(*, steady: bool) -> str:
    """Return SQL: the account file of one of the two days, from ``base``."""
    day, later = (STEADY, 1) if steady else (FIRST, 0)
    cured = "acts = 'cures'" if steady else "false"
    fresh = f"phase = {CYCLE_DAYS - 1}" if steady else "false"
    return f"""CREATE OR REPLACE TABLE accounts AS
    WITH overnight AS (
        SELECT *, {cured} AS cured, {fresh} AS fresh,
            CASE WHEN {cured} THEN NULL ELSE days + {later} END AS since,
            {_past_due_sql()} AS arrears
        FROM base
    ), owing AS (
        SELECT *, CASE WHEN cured OR days IS NULL THEN 0 ELSE arrears END AS past_due,
            CASE WHEN since > 3 THEN least((since + 29) // 30, 13) ELSE 0 END AS cycles,
            principal - CASE WHEN cured THEN arrears ELSE 0 END AS left_over,
            interest + {later} * principal * 5 // 10000 AS accrued,
            CASE WHEN days > 3 THEN 2000 * least((days + 29) // 30, 6) ELSE 0 END AS fees,
            CASE WHEN days > 3 THEN principal * 2 // 100 ELSE 0 END AS penalty,
            -- As billed: of the first day until the account has its new statement.
            principal + interest AS billed
        FROM overnight
    )
    SELECT concat('B', lpad(id::VARCHAR, 8, '0')) AS account_ref,
        concat('C', lpad(id::VARCHAR, 8, '0')) AS customer_ref,
        '信用卡' AS product, '{CURRENCY}' AS currency,
        DATE '{FIRST}' - (600 + draw('opened', id, 400))::INTEGER AS opened_on,
        credit_limit, lpad(draw('last4', id, 10000)::VARCHAR, 4, '0') AS card_last4,
        {_statement_sql()} AS statement_on, {_statement_sql()} + {DUE_DAYS} AS due_on,
        CASE WHEN fresh THEN left_over + accrued + fees + penalty ELSE billed END
            AS statement_balance,
        past_due + (CASE WHEN fresh THEN left_over ELSE principal END) // 10 AS minimum_due,
        past_due, DATE '{day}' - since::INTEGER AS oldest_unpaid_due_on,
        cycles AS cycles_past_due,
        left_over AS principal, accrued AS interest, fees, penalty,
        CASE WHEN cured THEN DATE '{STEADY}' END AS last_payment_on,
        CASE WHEN cured THEN arrears END AS last_payment_amount,
        CASE WHEN days >= 210 THEN 'charged_off' ELSE 'open' END AS status,
        CASE WHEN days >= 210 THEN DATE '{FIRST}' - (days - 180)::INTEGER END AS charged_off_on
    FROM owing"""


def _past_due_sql() -> str:
    """Return SQL: a twentieth of the principal for each thirty days begun, at least 100.00."""
    return "least(principal, greatest(10000, principal // 20 * ((days + 29) // 30)))"


def _statement_sql() -> str:
    return f"CASE WHEN fresh THEN DATE '{STEADY}' ELSE DATE '{FIRST}' - phase::INTEGER END"


def _payments_sql() -> str:
    return f"""CREATE TABLE payments AS
    SELECT concat('P{STEADY:%Y%m%d}B', lpad(id::VARCHAR, 8, '0')) AS payment_ref,
           concat('B', lpad(id::VARCHAR, 8, '0')) AS account_ref, 'payment' AS kind,
           {_past_due_sql()} AS amount, '{CURRENCY}' AS currency,
           DATE '{STEADY}' AS value_on, DATE '{STEADY}' AS posted_on, 'transfer' AS channel
    FROM base WHERE acts = 'cures'"""
