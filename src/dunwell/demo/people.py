"""The demonstration's portfolios, teams and staff. Everybody here is invented."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from math import ceil

from django.contrib.auth.hashers import make_password
from django.db import connection

from dunwell.accounts.models import Snapshot
from dunwell.parties.models import Issuer, Portfolio
from dunwell.staff.models import Agent, Role, Team
from dunwell.strategy.actions import install_default_tables

PORTFOLIOS = {
    "TW-DEMO": ("演示资产组合（台湾 2005）", "TWD", "TW", "Asia/Taipei"),
    "BENCH": ("Benchmark", "CNY", "CN", "Asia/Shanghai"),
}
TEAMS = (
    ("early", "早期一组", ("early",)),
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

    As many collectors as ``accounts`` need at :data:`CAPACITY` cases each.
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
    people += [
        Agent(username=role.value, name=role.label, role=role)
        for role in Role
        if role not in (Role.COLLECTOR, Role.LEAD)
    ]
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
    snapshot = Snapshot.objects.filter(portfolio=portfolio).earliest("business_date")
    with connection.cursor() as cursor:
        cursor.execute(
            PROMISES,
            {
                "portfolio": portfolio.pk, "snapshot": snapshot.pk, "at": now,
                "currency": portfolio.currency, "day": snapshot.business_date,
                "due": snapshot.business_date + timedelta(days=20),
            },
        )  # fmt: skip
        return cursor.rowcount
