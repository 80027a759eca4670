"""What the case page shows: one query a part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max, Q

from dunwell.accounts.models import AccountBucket, Snapshot
from dunwell.accounts.queries import Held, accounts_of
from dunwell.cases.holds import in_force
from dunwell.cases.models import Case, Entry, Hold, Lease
from dunwell.cases.timeline import today_of
from dunwell.daybook.queries import business_date
from dunwell.parties.models import ContactPoint
from dunwell.plans.models import Promise
from dunwell.staff.access import sees_cardholder
from dunwell.staff.models import Agent
from dunwell.strategy.explain import Why, why
from dunwell.strategy.scorecard.reasons import says

ENTRIES = 25
COMPONENTS = ("principal", "interest", "fees", "penalty")


@dataclass(frozen=True, slots=True)
class Sums:
    """All accounts of the cardholder together, minor units."""

    balance_minor: int
    past_due_minor: int
    limit_minor: int
    components: dict[str, int]


@dataclass(frozen=True, slots=True)
class CasePage:
    """The parts of the page."""

    case: Case
    whole: bool  # the cardholder as he stands today, not only what belongs to the case
    day: date | None  # the last that ran: buckets and days past due are its
    as_of: date | None  # of the last delivery: balances are its
    accounts: list[Held]
    sums: Sums
    contacts: list[ContactPoint]
    holds: list[Hold]
    promises: list[Promise]
    lease: Lease | None
    why: Why | None
    score_reasons: list[str]
    ribbon: list[dict[str, Any]]


def case_page(case: Case, agent: Agent, *, now: datetime) -> CasePage:
    """Gather the page of a case; ``case`` comes with party, portfolio and collector.

    Not ``whole``: accounts, holds and the promises of other cases are left out.
    """
    whole = sees_cardholder(agent, case_open=case.state == Case.State.OPEN)
    accounts = accounts_of(case.party_id, case.portfolio_id) if whole else []
    promises = Q(case__party=case.party_id) if whole else Q(case=case)
    return CasePage(
        case=case,
        whole=whole,
        day=business_date(case.portfolio),
        as_of=Snapshot.objects.filter(portfolio=case.portfolio_id).aggregate(
            last=Max("business_date")
        )["last"],
        accounts=accounts,
        sums=_sums(accounts),
        contacts=list(
            ContactPoint.objects.filter(party=case.party_id).order_by(
                "-valid", "role", "kind", "id"
            )
        ),
        holds=list(in_force(case.party_id, today=today_of(case, now)).select_related("set_by"))
        if whole
        else [],
        promises=list(
            Promise.objects.filter(promises).select_related("taken_by").order_by("-taken_at")[:10]
        ),
        lease=Lease.objects.filter(case=case, until__gt=now).select_related("holder").first(),
        why=why(case),
        score_reasons=[str(said) for said in says(case.score_reasons)],
        ribbon=_ribbon(accounts),
    )


def entries_of(case: Case, agent: Agent, *, before: int | None = None) -> tuple[list[Entry], bool]:
    """Return a stretch of the timeline, newest first, and whether there is more.

    An open case tells of the cardholder's earlier cases too.
    """
    found = Entry.objects.filter(case__party=case.party_id, case__portfolio=case.portfolio_id)
    if not sees_cardholder(agent, case_open=case.state == Case.State.OPEN):
        found = Entry.objects.filter(case=case)
    if before:
        found = found.filter(pk__lt=before)
    rows = list(found.select_related("actor", "contact_point").order_by("-id")[: ENTRIES + 1])
    return rows[:ENTRIES], len(rows) > ENTRIES


def _sums(accounts: list[Held]) -> Sums:
    parts = {name: sum(getattr(a, f"{name}_minor") for a in accounts) for name in COMPONENTS}
    return Sums(
        balance_minor=sum(parts.values()),
        past_due_minor=sum(a.past_due_minor for a in accounts),
        limit_minor=sum(a.credit_limit_minor for a in accounts),
        components=parts,
    )


def _ribbon(accounts: list[Held]) -> list[dict[str, Any]]:
    """Return each account's steps from bucket to bucket, for the chart."""
    rows = AccountBucket.objects.filter(account__in=[a.id for a in accounts]).order_by("entered_on")
    lines: dict[int, list[list[Any]]] = {account.id: [] for account in accounts}
    for row in rows:
        lines[row.account_id].append([str(row.entered_on), row.bucket])
    return [
        {"name": f"···· {account.card_last4}" if account.card_last4 else account.account_ref,
         "steps": lines[account.id]}
        for account in accounts
    ]  # fmt: skip
