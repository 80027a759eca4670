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


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """A portfolio's day: ``at`` is its nominal instant, 03:00 in the portfolio's zone."""

    portfolio: Portfolio
    on: date
    at: datetime
    snapshot: Snapshot


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
        """Every account with its position of the snapshot, less what was paid since."""
        day, snapshot = self.day, self.day.snapshot
        self.query(
            "since",
            f"""
            select account_id, sum(effect_minor)::bigint as paid_minor from accounts_payment
            where portfolio_id = {day.portfolio.pk}
              and posted_on > '{snapshot.business_date}' and posted_on <= '{day.on}'
            group by account_id
            """,
        )
        self.con.execute(
            f"""
            create or replace table account as
            select a.id as account_id, a.party_id, a.bucket as was, a.credit_limit_minor,
                   a.payment_profile, a.opened_on, a.status = 'charged_off' as charged_off,
                   p.oldest_unpaid_due_on, p.statement_balance_minor, p.last_payment_minor,
                   greatest(p.past_due_minor - coalesce(s.paid_minor, 0), 0) as past_due_minor,
                   greatest(
                       p.principal_minor + p.interest_minor + p.fees_minor + p.penalty_minor
                       - coalesce(s.paid_minor, 0), 0
                   ) as balance_minor
            from pg.public.accounts_position_s{snapshot.pk} p
            join (
                select id, party_id, bucket, credit_limit_minor, payment_profile, opened_on, status
                from pg.public.accounts_account where portfolio_id = {day.portfolio.pk}
            ) a on a.id = p.account_id
            left join since s on s.account_id = p.account_id
            """
        )
        return self.ibis.table("account")

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
