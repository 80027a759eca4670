"""The demonstration's portfolios, teams and staff. Everybody here is invented."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from math import ceil

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import Q

from dunwell.accounts.models import Snapshot
from dunwell.accounts.queries import owed_minor
from dunwell.cases.actions import record_call
from dunwell.cases.models import Case
from dunwell.cases.reassigning import reassign
from dunwell.cases.rules import CallRecord
from dunwell.kernel.refusal import Refused
from dunwell.parties.models import ContactPoint, Issuer, Portfolio
from dunwell.plans.actions import take_promise
from dunwell.plans.models import Promise
from dunwell.staff.access import Forbidden
from dunwell.staff.models import Agent, Role, Team
from dunwell.strategy.actions import install_default_tables

PORTFOLIOS = {
    "TW-DEMO": ("演示资产组合（台湾 2005）", "TWD", "TW", "Asia/Taipei"),
    "BENCH": ("Benchmark", "CNY", "CN", "Asia/Shanghai"),
}
TEAMS = (
    ("early", "早期一组", ("early", "self_serve")),
    ("mid", "中期一组", ("mid",)),
    ("late", "后期一组", ("late", "recovery")),
    ("special", "特殊案件组", ("special", "legal")),
)
# Cases a collector: what one person is given in the field, more than he can call a day.
CAPACITY = 400
NAMES = (
    "陈静",
    "李伟",
    "王芳",
    "张敏",
    "刘洋",
    "黄磊",
    "周婷",
    "吴强",
    "徐丽",
    "孙浩",
    "马超",
    "朱琳",
)
# Two for strategy: nobody approves his own table.
OTHERS = (
    ("compliance", "何敏", Role.COMPLIANCE),
    ("legal", "高翔", Role.LEGAL),
    ("strategy", "林悦", Role.STRATEGY),
    ("strategy.2", "郭涛", Role.STRATEGY),
    ("operations", "罗丹", Role.OPERATIONS),
    ("admin", "梁宇", Role.ADMIN),
    ("auditor", "宋雨", Role.AUDITOR),
)
FIRST_DAY = date(2000, 1, 1)


def open_portfolio(code: str, *, now: datetime) -> Portfolio:
    """Return the portfolio ``code``, made with its issuer and the default tables if new."""
    name, currency, country, zone = PORTFOLIOS[code]
    issuer, _ = Issuer.objects.get_or_create(code="demo-bank", defaults={"name": "示范银行"})
    portfolio, _ = Portfolio.objects.get_or_create(
        code=code,
        defaults={
            "issuer": issuer, "name": name, "currency": currency, "country": country,
            "time_zone": zone, "experiment_shares": {"champion": 9000, "control": 1000},
        },
    )  # fmt: skip
    install_default_tables(now=now, in_force_from=FIRST_DAY)
    return portfolio


def hire(*, accounts: int, now: datetime, password: str | None = None) -> str:
    """Make teams, leads, collectors and the other roles; return their one password.

    As many collectors as ``accounts`` need at :data:`CAPACITY` cases each. The password is
    printed for whoever looks around, so nobody is made to change it.
    """
    word = password or secrets.token_urlsafe(9)
    hashed = make_password(word)
    heads = max(2, ceil(accounts / CAPACITY / len(TEAMS)))
    people: list[Agent] = []
    for number, (code, name, queues) in enumerate(TEAMS):
        team, _ = Team.objects.get_or_create(code=code, defaults={"name": name})
        people.append(
            Agent(
                username=f"lead.{code}", name=NAMES[number] + "（组长）", role=Role.LEAD, team=team
            )
        )
        people += [
            Agent(
                username=f"{code}.{head:03d}",
                name=f"{NAMES[(number * 3 + head) % len(NAMES)]} {head}",
                role=Role.COLLECTOR,
                team=team,
                queues=list(queues),
                languages=["zh", "en"],
                capacity=CAPACITY,
            )
            for head in range(1, heads + 1)
        ]
    people += [Agent(username=name, name=label, role=role) for name, label, role in OTHERS]
    for agent in people:
        agent.password = hashed
    Agent.objects.bulk_create(people, ignore_conflicts=True)
    return word


# Every fourteenth case promised a third of what is past due, in time or too late to keep.
PROMISES = """
INSERT INTO plans_promise
    (case_id, amount_minor, currency, due_on, counts_until, tolerance_minor, method, state,
     taken_by_id, taken_at, taken_on, paid_minor)
SELECT c.id, greatest(sum(p.past_due_minor) / 3, 2000), %(currency)s, %(due)s,
       %(due)s::date + 1, 100, 'transfer', 'open', c.collector_id, %(at)s, %(day)s, 0
FROM cases_case c
JOIN accounts_account a ON a.party_id = c.party_id
JOIN accounts_position p ON p.account_id = a.id AND p.snapshot_id = %(snapshot)s
WHERE c.state = 'open' AND c.portfolio_id = %(portfolio)s AND c.collector_id IS NOT NULL
  AND c.id %% 14 = 0
GROUP BY c.id
ON CONFLICT DO NOTHING
"""


def take_promises(code: str, *, now: datetime) -> int:
    """Let some cardholders promise a part of what is past due; return how many did."""
    portfolio = Portfolio.objects.get(code=code)
    snapshot = Snapshot.objects.filter(portfolio=portfolio).latest("business_date")
    with connection.cursor() as cursor:
        cursor.execute(
            PROMISES,
            {
                "portfolio": portfolio.pk, "snapshot": snapshot.pk, "at": now,
                "currency": portfolio.currency, "day": snapshot.business_date,
                "due": snapshot.business_date + timedelta(days=20),
            },
        )  # fmt: skip
        return int(cursor.rowcount)


MOVED_AT_ONCE = 20


def move_cases(code: str, *, rounds: int, seed: int, now: datetime) -> int:
    """Let leads hand cases of their teams to others of the team; return how many moved."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    leads = list(Agent.objects.filter(role=Role.LEAD).order_by("pk"))
    there = Agent.objects.filter(role=Role.COLLECTOR, is_active=True, available=True)
    moved = 0
    for turn in range(rounds):
        lead = leads[turn % len(leads)]
        to = rng.choice([*there.filter(team=lead.team).order_by("pk"), None])
        cases = Case.objects.filter(portfolio__code=code, team=lead.team, state=Case.State.OPEN)
        # A case may close between being chosen and being moved.
        found = cases.order_by("pk").values_list("pk", flat=True)
        some = rng.sample(list(found), min(MOVED_AT_ONCE, len(found)))
        with suppress(Refused, Forbidden):
            moved += reassign(some, to=to, reason="leave", actor=lead, now=now)
    return moved


# What collectors wrote down yesterday, so that a timeline is not only what the day did:
# outcomes by the case's number, never twice on one case.
CALLS = (
    ("rpc_promise", "income_late", 3, 3, "月底发工资后还款，已核对身份。"),
    ("no_answer", "", None, None, "响铃未接。"),
    ("rpc_unable", "unemployed", 3, 1, "失业两个月，正在找工作，愿意协商。"),
    ("third_party", "", None, None, "家人接听，未透露欠款信息，留言请本人回电。"),
    ("switched_off", "", None, None, "关机。"),
    ("rpc_callback", "business", 2, 2, "客户在开会，约定改时再谈。"),
    ("rpc_refused", "unwilling", 1, 3, "称利息太高，暂不愿意还。"),
)


def work_a_little(portfolio: Portfolio, *, now: datetime) -> int:
    """Let collectors work some cases through the same actions as the screens; return how many."""
    cases = (
        Case.objects.filter(portfolio=portfolio, state=Case.State.OPEN, collector__isnull=False)
        .filter(Q(next_step_on=None) | Q(next_step_on__lte=now.date()))
        .select_related("collector", "party")
        .order_by("collector", "-priority", "id")[: len(CALLS) * 12]
    )
    numbers = _numbers(case.party_id for case in cases)
    for at, case in enumerate(cases):
        _call(case, CALLS[at % len(CALLS)], numbers.get(case.party_id), now)
    return len(cases)


def _numbers(parties: Iterable[int]) -> dict[int, int]:
    """Return a phone of each cardholder by his key."""
    found = ContactPoint.objects.filter(
        party__in=list(parties), kind=ContactPoint.Kind.MOBILE, role=ContactPoint.Role.DEBTOR
    )
    return dict(found.order_by("-id").values_list("party", "id"))


@transaction.atomic
def _call(
    case: Case,
    said: tuple[str, str, int | None, int | None, str],
    point: int | None,
    now: datetime,
) -> None:
    outcome, reason, willing, able, note = said
    past_due = owed_minor(case.party_id, case.portfolio) // 10
    amount = max(past_due - past_due % 100, 100)
    due = now.date() + timedelta(days=7)
    call = CallRecord(
        outcome=outcome,
        note=note,
        reason=reason,
        willingness=willing,
        ability=able,
        callback_at=now + timedelta(hours=20) if outcome == "rpc_callback" else None,
        promise_minor=amount if outcome == "rpc_promise" else None,
        promise_due=due if outcome == "rpc_promise" else None,
    )
    collector = case.collector
    if collector is None:
        return
    record_call(case.pk, call, contact_point_id=point, actor=collector, now=now)
    open_promise = Promise.objects.filter(case=case, state=Promise.State.OPEN).exists()
    if outcome == "rpc_promise" and not open_promise:
        take_promise(case.pk, amount_minor=amount, due_on=due, actor=collector, now=now)
