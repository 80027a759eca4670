"""Who is owed: issuers and their portfolios."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from django.db import transaction

from dunwell.audit.actions import record
from dunwell.kernel.refusal import Refused
from dunwell.parties.models import Issuer, Portfolio
from dunwell.parties.rules import Terms, portfolio_refused
from dunwell.staff.access import Can, require
from dunwell.staff.models import Agent

NO_EXPERIMENT: Mapping[str, int] = MappingProxyType({})


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
    ladder: str = Portfolio.Ladder.STRICTER,
    experiment_shares: Mapping[str, int] = NO_EXPERIMENT,
) -> Portfolio:
    """Open a portfolio, and its issuer if it is new. No ``actor``: the machine's owner.

    :raises Refused: with every reason why not; nothing is written then
    :raises Forbidden: if the actor opens no portfolios
    """
    if actor is not None:
        require(actor, Can.OPEN_PORTFOLIO)
    terms = Terms(code, name, currency, country, time_zone, ladder, experiment_shares)
    taken = Portfolio.objects.filter(code=code).exists()
    refusals = portfolio_refused(terms, ladders=Portfolio.Ladder.values, code_taken=taken)
    if refusals:
        raise Refused(*refusals)
    issuer, _ = Issuer.objects.get_or_create(code=issuer_code, defaults={"name": issuer_name})
    portfolio = Portfolio.objects.create(
        issuer=issuer,
        code=code,
        name=name.strip(),
        currency=currency,
        country=country,
        language=language,
        time_zone=time_zone,
        ladder=ladder,
        experiment_shares=dict(experiment_shares),
    )
    record(
        "parties.portfolio_opened",
        subject=f"portfolio:{portfolio.pk}",
        actor=actor,
        at=now,
        code=code,
    )
    return portfolio
