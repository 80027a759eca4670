"""Rows for tests: a portfolio, people and cases with as little said as the test needs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from django.db import connection

from dunwell.accounts.models import Account, Payment, Position, Snapshot
from dunwell.cases.models import Case, Hold
from dunwell.parties.models import ContactPoint, Issuer, Party, Portfolio
from dunwell.staff.models import Agent, Role, Team

DAY = date(2026, 3, 9)  # a Monday
NOW = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
PASSWORD = "correct horse battery staple"  # noqa: S105
_numbers = count(1)


def portfolio(**fields: Any) -> Portfolio:
    number = next(_numbers)
    issuer, _ = Issuer.objects.get_or_create(code="bank", defaults={"name": "Bank"})
    given = {
        "issuer": issuer, "code": f"P{number}", "name": f"Portfolio {number}", "currency": "CNY",
        "country": "CN", "time_zone": "Asia/Shanghai",
    }  # fmt: skip
    return Portfolio.objects.create(**{**given, **fields})


def team(code: str = "early") -> Team:
    return Team.objects.get_or_create(code=code, defaults={"name": code})[0]


def agent(role: str = Role.COLLECTOR, **fields: Any) -> Agent:
    number = next(_numbers)
    given: dict[str, Any] = {
        "username": f"{role}.{number}", "name": f"{role.title()} {number}", "role": role,
        "queues": ["early"], "languages": ["zh"], "capacity": 100,
    }  # fmt: skip
    if role in (Role.COLLECTOR, Role.LEAD):
        given["team"] = team()
    made = Agent(**{**given, **fields})
    made.set_password(PASSWORD)
    made.save()
    return made


def party(of: Portfolio, **fields: Any) -> Party:
    number = next(_numbers)
    given = {
        "portfolio": of, "customer_ref": f"C{number}", "name": f"张{number}", "name_key": f"zhang{number}",
        "country": "CN",
    }  # fmt: skip
    return Party.objects.create(**{**given, **fields})


def phone(of: Party, value: str = "+8613800000001", **fields: Any) -> ContactPoint:
    given = {
        "party": of, "role": "debtor", "kind": "mobile", "value": value, "ending": value[-4:],
        "source": "reserved",
    }  # fmt: skip
    return ContactPoint.objects.create(**{**given, **fields})


def account(of: Party, **fields: Any) -> Account:
    number = next(_numbers)
    given = {
        "portfolio": of.portfolio, "party": of, "account_ref": f"A{number}", "product": "gold",
        "currency": of.portfolio.currency, "opened_on": date(2020, 1, 1),
        "credit_limit_minor": 5_000_000, "card_last4": "1234", "status": "open", "bucket": 1,
    }  # fmt: skip
    return Account.objects.create(**{**given, **fields})


def snapshot(of: Portfolio, day: date = DAY) -> Snapshot:
    """Make the snapshot of a day with its partition, as an applied delivery does."""
    found = Snapshot.objects.filter(portfolio=of, business_date=day).first()
    if found:
        return found
    made = Snapshot.objects.create(portfolio=of, business_date=day, accounts=0)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE accounts_position_s{made.pk} PARTITION OF accounts_position"
            f" FOR VALUES IN ({made.pk})"
        )
    return made


def position(of: Account, day: date = DAY, **fields: Any) -> Position:
    given = {
        "snapshot": snapshot(of.portfolio, day), "account": of, "principal_minor": 900_000,
        "interest_minor": 50_000, "fees_minor": 20_000, "penalty_minor": 30_000,
        "past_due_minor": 100_000, "oldest_unpaid_due_on": date(2026, 2, 20),
    }  # fmt: skip
    return Position.objects.create(**{**given, **fields})


def case(of: Portfolio | None = None, **fields: Any) -> Case:
    """Make an open M1 case with one account of 10,000.00, of which 1,000.00 are past due."""
    of = of or portfolio()
    who = fields.pop("party", None) or party(of)
    if not who.accounts.exists():
        position(account(who))
    given = {
        "portfolio": of, "party": who, "opened_on": DAY, "bucket": 1, "stage": "early",
        "oldest_unpaid_due_on": date(2026, 2, 20), "queue": "early", "priority": 50,
        "treatment": "early_call", "team": team(),
    }  # fmt: skip
    return Case.objects.create(**{**given, **fields})


def hold(of: Party, kind: str, from_on: date, **fields: Any) -> Hold:
    given = {"party": of, "kind": kind, "from_on": from_on, "evidence": "letter"}
    return Hold.objects.create(**{**given, **fields})


def payment(of: Account, minor: int, value_on: date, **fields: Any) -> Payment:
    number = next(_numbers)
    given = {
        "account": of, "portfolio": of.portfolio, "payment_ref": f"PAY{number}", "kind": "payment",
        "amount_minor": minor, "value_on": value_on, "posted_on": value_on, "delivery_id": 0,
        "known_on": fields.get("posted_on", value_on),
    }  # fmt: skip
    return Payment.objects.create(**{**given, **fields})
