"""Who is owed: issuers and their portfolios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import transaction

from dunwell.audit.actions import record
from dunwell.kernel.money import DIGITS
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.parties.models import Issuer, Portfolio
from dunwell.parties.rules import (
    Terms,
    default_tolerance_minor,
    ladder_refused,
    limits_refused,
    portfolio_refused,
    shares_refused,
)
from dunwell.staff.access import Can, require_actor
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
    grace_days: int = 3,
    tolerance_minor: int | None = None,
    error_limit_ppm: int = 1000,
) -> Portfolio:
    """Open a portfolio, and its issuer if it is new. No ``actor``: the machine's owner.

    ``tolerance_minor``: what may be past due and is not overdue; unless given, ten of the
    currency's units. ``error_limit_ppm``: above this share of faulty rows, in parts per
    million, a delivery is refused.

    :raises Refused: with every reason why not; nothing is written then
    :raises Forbidden: if the actor opens no portfolios
    """
    require_actor(actor, Can.OPEN_PORTFOLIO)
    terms = Terms(code, name, currency, country, time_zone, ladder, experiment_shares)
    taken = Portfolio.objects.filter(code=code).exists()
    refusals = portfolio_refused(terms, ladders=Portfolio.Ladder.values, code_taken=taken)
    # Of a currency that is not known the tolerance is not looked at.
    ten = default_tolerance_minor(currency) if currency in DIGITS else 0
    tolerance = ten if tolerance_minor is None else tolerance_minor
    refusals += limits_refused(
        grace_days=grace_days, tolerance_minor=tolerance, error_limit_ppm=error_limit_ppm
    )
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
        grace_days=grace_days,
        tolerance_minor=tolerance,
        promise_tolerance_minor=ten,
        error_limit_ppm=error_limit_ppm,
    )
    record(
        "parties.portfolio_opened",
        subject=f"portfolio:{portfolio.pk}",
        actor=actor,
        at=now,
        code=code,
    )
    return portfolio


@dataclass(frozen=True, slots=True)
class Changes:
    """What of a portfolio's terms shall be otherwise; None stays as it is.

    ``experiment_shares``: arm -> basis points; empty, no experiment.
    """

    grace_days: int | None = None
    tolerance_minor: int | None = None
    ladder: str | None = None
    error_limit_ppm: int | None = None
    experiment_shares: Mapping[str, int] | None = None


@transaction.atomic
def change_portfolio(
    code: str, changes: Changes, *, actor: Agent | None, now: datetime
) -> dict[str, tuple[Any, Any]]:
    """Change a portfolio's terms from the next run on; return what was and what is, by name.

    Days that ran stay as they are. No ``actor``: the machine's owner.

    :raises Refused: with every reason why not, or if nothing would change
    :raises Forbidden: if the actor opens no portfolios
    """
    require_actor(actor, Can.OPEN_PORTFOLIO)
    portfolio = Portfolio.objects.select_for_update().filter(code=code).first()
    if portfolio is None:
        raise Refused(
            Refusal(
                "parties.no_portfolio",
                "There is no portfolio %(code)s. dunwell portfolio list names those there are.",
                named={"code": code},
            )
        )
    names = ("grace_days", "tolerance_minor", "ladder", "error_limit_ppm", "experiment_shares")
    changed: dict[str, tuple[Any, Any]] = {}
    for name in names:
        was, given = getattr(portfolio, name), getattr(changes, name)
        if given is not None and given != was:
            changed[name] = (was, dict(given) if isinstance(given, Mapping) else given)
            setattr(portfolio, name, changed[name][1])
    refusals = limits_refused(
        grace_days=portfolio.grace_days,
        tolerance_minor=portfolio.tolerance_minor,
        error_limit_ppm=portfolio.error_limit_ppm,
    )
    refusals += ladder_refused(portfolio.ladder, ladders=Portfolio.Ladder.values)
    refusals += shares_refused(portfolio.experiment_shares)
    if not changed:
        refusals.append(
            Refusal("parties.no_change", "Nothing would change. Name what shall be otherwise.")
        )
    if refusals:
        raise Refused(*refusals)
    portfolio.save(update_fields=list(changed))
    record(
        "parties.portfolio_changed",
        subject=f"portfolio:{portfolio.pk}",
        actor=actor,
        at=now,
        was={name: was for name, (was, _) in changed.items()},
        now={name: new for name, (_, new) in changed.items()},
    )
    return changed
