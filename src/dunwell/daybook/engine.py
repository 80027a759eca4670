"""The columnar middle of a day: what is read, once, and what is shipped back."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType

import ibis

from dunwell.accounts.models import Snapshot
from dunwell.database import bulk
from dunwell.database.current import current_url
from dunwell.parties.models import Portfolio
from dunwell.portfolio.ageing import age
from dunwell.portfolio.cases import cardholders

OWED = """greatest(p.principal_minor + p.interest_minor + p.fees_minor + p.penalty_minor
    - coalesce(s.paid_minor, 0), 0)"""


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """A portfolio's day: ``at`` is its nominal instant, 03:00 in the portfolio's zone."""

    portfolio: Portfolio
    on: date
    at: datetime
    snapshot: Snapshot
    # The keys of its payments go up to this one; what is applied later is the next day's.
    payments_to: int
    # The day that was run before it; none before the first.
    before: Ran | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """What an earlier day stood on."""

    on: date
    snapshot: Snapshot
    payments_to: int


class Engine:
    """One DuckDB connection for one day's run; reads committed rows only.

    What it has read is kept for the later steps. A run that resumes reads again:
    everything here follows from rows and the business date alone.
    """

    def __init__(self, day: BusinessDay, *, memory: str = "1500MB", threads: int = 2) -> None:
        self.day = day
        self._temp = tempfile.TemporaryDirectory(prefix="dunwell-day-")
        self.con = bulk.connect(
            url=current_url(), memory=memory, threads=threads, temp=Path(self._temp.name)
        )
        self.ibis = ibis.duckdb.from_connection(self.con)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.con.close()
        self._temp.cleanup()

    # -- in ---------------------------------------------------------------

    def query(self, name: str, select: str) -> ibis.Table:
        """Run ``select`` on PostgreSQL itself and keep its rows as table ``name``."""
        quoted = select.replace("'", "''")
        self.con.execute(
            f"create or replace table {name} as select * from postgres_query('pg', '{quoted}')"
        )
        return self.ibis.table(name)

    def keep(self, name: str, expression: ibis.Table) -> ibis.Table:
        """Compute ``expression`` once and keep it as table ``name``."""
        self.con.execute(f"create or replace table {name} as {ibis.to_sql(expression, 'duckdb')}")
        return self.ibis.table(name)

    def table(self, name: str) -> ibis.Table:
        """Return a table that was kept before."""
        return self.ibis.table(name)

    @cached_property
    def accounts(self) -> ibis.Table:
        """Every account with its position of the snapshot, less what was paid since.

        As the day's delivery gave it: what a later one changed on the account is undone.
        """
        day, snapshot = self.day, self.day.snapshot
        paid = self.paid("since", snapshot, day.on, day.payments_to)
        self.query(
            "account_was",
            f"""
            select distinct on (account_id) account_id, party_id, opened_on, credit_limit_minor,
                status, payment_profile
            from accounts_accountwas where portfolio_id = {day.portfolio.pk}
                and changed_on > '{snapshot.business_date}'
            order by account_id, changed_on
            """,
        )
        then = ", ".join(
            f"case when w.account_id is null then a.{name} else w.{name} end as {name}"
            for name in ("party_id", "credit_limit_minor", "payment_profile", "opened_on")
        )
        self.con.execute(
            f"""
            create or replace table account as
            select a.id as account_id, a.bucket as was, {then},
                   coalesce(w.status, a.status) = 'charged_off' as charged_off,
                   p.oldest_unpaid_due_on, p.statement_balance_minor, p.last_payment_minor,
                   greatest(p.past_due_minor - coalesce(s.paid_minor, 0), 0) as past_due_minor,
                   {OWED} as balance_minor
            from pg.public.accounts_position_s{snapshot.pk} p
            join (
                select id, party_id, bucket, credit_limit_minor, payment_profile, opened_on, status
                from pg.public.accounts_account where portfolio_id = {day.portfolio.pk}
            ) a on a.id = p.account_id
            left join {paid} s on s.account_id = p.account_id
            left join account_was w on w.account_id = p.account_id
            """
        )
        return self.ibis.table("account")

    @cached_property
    def before(self) -> ibis.Table:
        """The balances of the day before: account_id, balance_minor; none before the first."""
        ran = self.day.before
        if ran is None:
            none = "select 0::bigint as account_id, 0::bigint as balance_minor where false"
            self.con.execute(f"create or replace table before as {none}")
            return self.ibis.table("before")
        paid = self.paid("since_before", ran.snapshot, ran.on, ran.payments_to)
        self.con.execute(
            f"""
            create or replace table before as
            select p.account_id, {OWED} as balance_minor
            from pg.public.accounts_position_s{ran.snapshot.pk} p
            left join {paid} s on s.account_id = p.account_id
            """
        )
        return self.ibis.table("before")

    def paid(self, name: str, snapshot: Snapshot, on: date, payments_to: int) -> str:
        """Keep what was paid since the figures of a snapshot, by account; return the table.

        A carried position counts from the day that its own figures are of.
        """
        known = f"y.known_on <= '{on}' and y.id <= {payments_to}"
        carried = f"""
            union all
            select y.account_id, y.effect_minor from accounts_position_s{snapshot.pk} p
            join accounts_payment y on y.account_id = p.account_id
            where p.as_of is not null and y.posted_on > p.as_of
              and y.posted_on <= '{snapshot.business_date}' and {known}"""
        self.query(
            name,
            f"""
            select account_id, sum(effect_minor)::bigint as paid_minor from (
                select y.account_id, y.effect_minor from accounts_payment y
                where y.portfolio_id = {self.day.portfolio.pk}
                  and y.posted_on > '{snapshot.business_date}'
                  and y.known_on > '{snapshot.business_date}' and {known}
                {carried if snapshot.carried else ""}
            ) paid group by account_id
            """,
        )
        return name

    @cached_property
    def aged(self) -> ibis.Table:
        """The accounts with DPD, bucket and asset class on the day."""
        rules = self.day.portfolio
        return self.keep(
            "aged",
            age(
                self.accounts,
                day=self.day.on,
                grace_days=rules.grace_days,
                tolerance_minor=rules.tolerance_minor,
                ladder=rules.ladder,
            ),
        )

    @cached_property
    def cardholders(self) -> ibis.Table:
        """One row a cardholder: worst bucket, sums over his accounts."""
        return self.keep("cardholder", cardholders(self.aged))

    # -- out --------------------------------------------------------------

    def ship(self, name: str, columns: Mapping[str, str], expression: ibis.Table) -> str:
        """Write rows to the unlogged table ``stage.<name>_<portfolio>``; return its name."""
        table = f"stage.day_{name}_{self.day.portfolio.pk}"
        sql = ibis.to_sql(expression.select(*columns), "duckdb")
        bulk.stage(self.con, table, columns, sql)
        return table

    def discard(self, table: str) -> None:
        """Drop a table that :meth:`ship` wrote, where no transaction will."""
        bulk.execute(self.con, f"DROP TABLE IF EXISTS {table}")
