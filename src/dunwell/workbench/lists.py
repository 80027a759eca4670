"""The worklist and the team's list: filtered, searched, ordered and paged in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from dunwell.accounts.queries import latest_snapshots
from dunwell.cases.models import Case, Lease
from dunwell.daybook.queries import business_dates
from dunwell.plans.models import Promise
from dunwell.staff.access import case_scope, desk_scope, pool_scope, sees_cardholder
from dunwell.staff.models import Agent, Role
from dunwell.workbench.searching import searched

PAGE = 50
# Counting stops here: nobody pages through more, and a count must stay cheap. Another
# order than priority's is that of the first so many by priority.
COUNT_TO = 10_000

ORDERS: dict[str, tuple[str, ...]] = {
    # The order of the index case_worklist, which Next follows too.
    "priority": ("-priority", "oldest_unpaid_due_on", "id"),
    "dpd": ("oldest_unpaid_due_on", "id"),
    "bucket": ("-bucket", "oldest_unpaid_due_on", "id"),
    "name": ("party__name_key", "id"),
    "next_step": ("next_step_on", "-priority", "id"),
    "worked": ("-last_worked_at", "id"),
}
LAST_PAGE = COUNT_TO // PAGE
SHOWS = ("all", "due", "callback", "promise", "never", "pool", "closed")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader asked of a list; anything he may not ask falls back to the default."""

    search: str = ""
    show: str = "all"
    queue: str = ""
    bucket: str = ""
    treatment: str = ""
    collector: str = ""
    order: str = "priority"
    page: int = 1

    @classmethod
    def of(cls, params: Any) -> Asked:
        # PostgreSQL's texts hold no NUL, so nothing can be found by one.
        typed = {name: value.replace("\0", "") for name, value in params.items()}
        order, show = typed.get("order", ""), typed.get("show", "")
        bucket = typed.get("bucket", "")
        return cls(
            search=typed.get("q", "").strip()[:80],
            show=show if show in SHOWS else "all",
            queue=typed.get("queue", "")[:32],
            bucket=bucket if bucket in tuple("1234567") else "",
            treatment=typed.get("treatment", "")[:40],
            collector=typed.get("collector", "")[:64],
            order=order if order in ORDERS else "priority",
            page=max(1, min(number(typed.get("page", "")) or 1, LAST_PAGE)),
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. ``count`` stops at ``COUNT_TO``; ``more``: there is a next page.

    ``cut``: the search found more cases than it looks at.
    """

    cases: list[Case]
    count: int
    number: int
    more: bool
    cut: bool = False

    @property
    def counted_all(self) -> bool:
        return self.count < COUNT_TO


def number(text: str) -> int | None:
    """Return what a reader's address says is a number, if it is one that a row can have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def cases_page(agent: Agent, asked: Asked, *, now: datetime) -> Page:
    """Return the page of the cases that the agent may see, with balances and names.

    ``now`` in the desk's zone: its day says what is due, its moment who has a case in hand.
    """
    found = Case.objects.filter(shown_to(agent, asked), filters(asked, today=now.date()))
    cut = False
    if asked.search:
        meant, cut = searched(asked.search, agent, found)
        found = Case.objects.filter(pk__in=meant)
    start = (asked.page - 1) * PAGE
    count = found.order_by().values("pk")[:COUNT_TO].count()
    if count == COUNT_TO and asked.order != "priority":
        best = found.order_by(*ORDERS["priority"]).values("pk")[:COUNT_TO]
        found = Case.objects.filter(pk__in=best)
    ordered: QuerySet[Case] = (
        found.select_related("party", "collector", "portfolio")
        .annotate(
            in_hand=Exists(
                Lease.objects.filter(case=OuterRef("pk"), until__gt=now).exclude(holder=agent)
            ),
            promised=Exists(Promise.objects.filter(case=OuterRef("pk"), state="open")),
        )
        .order_by(*ORDERS[asked.order])
    )
    rows = list(ordered[start : start + PAGE + 1])
    page = rows[:PAGE]
    _with_balances(page)
    for case in page:
        if not sees_cardholder(agent, case_open=case.state == Case.State.OPEN):
            told: Any = case
            told.past_due_minor = told.balance_minor = None  # the cardholder's of today
    return Page(page, count, asked.page, len(rows) > PAGE, cut)


def shown_to(agent: Agent, asked: Asked) -> Q:
    """Return the condition of what a list shows before anything else is asked of it.

    A collector's list is his desk: what waits in his team's pool he gets by Next, by a
    search, or by asking for the pool.
    """
    pool = asked.show == "pool"
    if agent.role == Role.COLLECTOR and not asked.search:
        return pool_scope(agent) if pool else desk_scope(agent)
    return case_scope(agent) & (Q(collector=None) if pool else Q())


def filters(asked: Asked, *, today: date) -> Q:
    """Return the condition of what was asked beside the search."""
    open_promise = Exists(Promise.objects.filter(case=OuterRef("pk"), state="open"))
    shows: dict[str, Q] = {
        "due": Q(next_step_on=None) | Q(next_step_on__lte=today),
        "callback": Q(follow_up_at__isnull=False),
        "promise": Q(open_promise),
        "never": Q(last_worked_at=None),
    }
    condition = Q(state="closed" if asked.show == "closed" else "open")
    condition &= shows.get(asked.show, Q())
    given = {"queue": asked.queue, "treatment": asked.treatment, "bucket": asked.bucket}
    condition &= Q(**{name: value for name, value in given.items() if value})
    if asked.collector == "nobody":
        return condition & Q(collector=None)
    return condition & (Q(collector__username=asked.collector) if asked.collector else Q())


BALANCES = """
SELECT a.party_id, count(*), sum(p.past_due_minor)::bigint,
       sum(p.principal_minor + p.interest_minor + p.fees_minor + p.penalty_minor)::bigint
FROM accounts_account a
JOIN accounts_position p ON p.account_id = a.id AND p.snapshot_id IN ({snapshots})
WHERE a.party_id = ANY(%s) GROUP BY a.party_id
"""


def _with_balances(cases: list[Case]) -> None:
    """Set accounts, past_due_minor, balance_minor and the business day on each; three queries.

    An account is of one portfolio, so each finds its own portfolio's snapshot only.
    """
    portfolios = {case.portfolio_id for case in cases}
    days = business_dates(portfolios)
    snapshots = latest_snapshots(portfolios)
    found: dict[int, tuple[int, int, int]] = {}
    if snapshots:
        # Written out, so that only these partitions are looked at.
        listed = ", ".join(str(int(snapshot)) for snapshot in snapshots)
        with connection.cursor() as cursor:
            cursor.execute(BALANCES.format(snapshots=listed), [[case.party_id for case in cases]])
            found = {party: (n, past, all_) for party, n, past, all_ in cursor.fetchall()}
    for case in cases:
        told: Any = case
        told.day = days.get(case.portfolio_id)
        told.accounts, told.past_due_minor, told.balance_minor = found.get(case.party_id, (0, 0, 0))
