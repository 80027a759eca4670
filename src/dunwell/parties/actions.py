"""Who is owed: issuers and their portfolios."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from dunwell.audit.actions import record
from dunwell.kernel.money import digits
from dunwell.parties.models import Issuer, Portfolio
from dunwell.staff.models import Agent


@transaction.atomic
def create_portfolio(
    *,
    code: str,
    name: str,
    issuer_code: str,
    issuer_name: str,
    currency: str,
    country: str,
    time_zone: str,
    actor: Agent | None,
    now: datetime,
    language: str = "zh",
) -> Portfolio:
    """Open a portfolio, and its issuer if it is new.

    :raises UnknownCurrency: if the currency's decimals are not known
    :raises ZoneInfoNotFoundError: if there is no such time zone
    """
    digits(currency)
    ZoneInfo(time_zone)
    issuer, _ = Issuer.objects.get_or_create(code=issuer_code, defaults={"name": issuer_name})
    portfolio = Portfolio.objects.create(
        issuer=issuer,
        code=code,
        name=name,
        currency=currency,
        country=country,
        language=language,
        time_zone=time_zone,
    )
    record(
        "parties.portfolio_opened",
        subject=f"portfolio:{portfolio.pk}",
        actor=actor,
        at=now,
        code=code,
    )
    return portfolio
