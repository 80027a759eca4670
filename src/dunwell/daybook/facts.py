"""What the decision tables ask about: one row an overdue cardholder."""

from __future__ import annotations

import ibis
from django.conf import settings

from dunwell.daybook.engine import BusinessDay, Engine
from dunwell.kernel.languages import primary
from dunwell.portfolio.arms import assign_arms
from dunwell.portfolio.score import score
from dunwell.strategy.bands import balance_band
from dunwell.strategy.scorecard.model import shipped

EXPERIMENT = "treatment"
WHOLE = {"champion": 10_000}

# The worst hold decides: first of this list.
HOLDS = """
SELECT DISTINCT ON (h.party_id) h.party_id, h.kind AS hold
FROM cases_hold h JOIN parties_party p ON p.id = h.party_id
WHERE p.portfolio_id = {portfolio} AND h.from_on <= '{day}'
  AND (h.lifted_on IS NULL OR h.lifted_on > '{day}') AND (h.until_on IS NULL OR h.until_on > '{day}')
ORDER BY h.party_id, array_position(
    ARRAY['deceased', 'bankrupt', 'debt_respite', 'cease_requested', 'represented',
          'identity_theft', 'wrong_party', 'incapacitated', 'litigation', 'dispute', 'complaint',
          'plan_active', 'hardship_review', 'vulnerable', 'manual', 'legal_hold'], h.kind::text)
"""
PROMISES = """
SELECT c.party_id,
       (array_agg(r.state ORDER BY r.taken_at DESC, r.id DESC)
           FILTER (WHERE r.taken_on > date '{day}' - 90 AND r.state <> 'withdrawn'))[1] AS promise,
       (count(*) FILTER (WHERE r.state IN ('broken', 'partly_kept')
           AND r.decided_on > date '{day}' - 180))::int AS broken_promises
FROM plans_promise r JOIN cases_case c ON c.id = r.case_id
WHERE c.portfolio_id = {portfolio} AND r.taken_on <= '{day}' GROUP BY c.party_id
"""
PRIOR = """
SELECT party_id, count(*)::int AS prior_cases FROM cases_case
WHERE portfolio_id = {portfolio} AND state = 'closed' GROUP BY party_id
"""
# Only those who speak another language than most of the portfolio: banks write zh, ZH and
# zh_CN, and it is the primary subtag that a collector speaks.
LANGUAGES = """
SELECT party_id, speaks FROM (
    SELECT id AS party_id, lower(split_part(replace(language, '_', '-'), '-', 1)) AS speaks
    FROM parties_party WHERE portfolio_id = {portfolio} AND language NOT IN ('', '{language}')
) p WHERE speaks <> '{language}'
"""
# The draw is made once: an arm that stands on a case is kept.
CUSTOMERS = (
    "SELECT id AS party_id, customer_ref FROM parties_party WHERE portfolio_id = {portfolio}"
)
CASES = """
SELECT id AS case_id, party_id, bucket::int AS bucket, oldest_unpaid_due_on, stage, segment,
       treatment, track, queue, priority::bigint AS priority, propensity_ppm, score_reasons, arm,
       table_code, table_version, table_row, team_id, collector_id
FROM cases_case WHERE portfolio_id = {portfolio} AND state = 'open'
"""


def open_cases(day: BusinessDay, engine: Engine) -> ibis.Table:
    """Return the open cases as they stand, with all that the day may change."""
    return engine.query("open_case", CASES.format(portfolio=day.portfolio.pk))


def scored(engine: Engine) -> ibis.Table:
    """Return one row a cardholder: the propensity, band and reasons of his weakest account.

    Ties go to the account that came first: reasons must not depend on the order of rows.
    """
    overdue = engine.aged.filter(engine.aged.overdue)
    points = score(overdue, shipped(engine.day.portfolio.currency))
    reasons = (
        points.reason_1.fill_null("")
        + "," + points.reason_2.fill_null("")
        + "," + points.reason_3.fill_null("")
    )  # fmt: skip
    ranked = points.mutate(
        reasons=reasons,
        rank=points.propensity_ppm.cast("int64") * 10**11 + points.account_id,
    )
    return ranked.group_by("party_id").aggregate(
        propensity_ppm=ranked.propensity_ppm.min(),
        score_band=ranked.score_band.argmin(ranked.rank),
        score_reasons=ranked.reasons.argmin(ranked.rank).re_replace(",+$", ""),
        opened_on=ranked.opened_on.min(),
    )


def arms(day: BusinessDay, engine: Engine, overdue: ibis.Table, cases: ibis.Table) -> ibis.Table:
    """Return party_id and arm of the overdue who have no case yet.

    Few on a steady day: then only their references are asked for.
    """
    new = engine.keep("new_holder", overdue.anti_join(cases, "party_id").select("party_id"))
    select = CUSTOMERS.format(portfolio=day.portfolio.pk)
    table = engine.ship("new", {"party_id": "bigint"}, new)
    customers = engine.query("customer", f"{select} AND id IN (SELECT party_id FROM {table})")
    engine.discard(table)
    drawn = assign_arms(
        customers,
        key=f"{settings.EXPERIMENT_KEY}/{day.portfolio.code}",
        customer_column="customer_ref",
        experiment=EXPERIMENT,
        shares=day.portfolio.experiment_shares or WHOLE,
    )
    return drawn.select("party_id", new_arm="arm")


def case_facts(day: BusinessDay, engine: Engine, cases: ibis.Table) -> ibis.Table:
    """Return the facts of every overdue cardholder; ``case_id`` is null if he has no case yet."""
    portfolio = day.portfolio
    language = primary(portfolio.language)
    known = {"portfolio": portfolio.pk, "day": day.on, "language": language}
    holders = engine.cardholders
    overdue = holders.filter(holders.bucket > 0)
    standing = cases.select(
        "party_id", "case_id", held_by="collector_id", was_team="team_id", was_arm="arm"
    )
    parts = [
        standing,
        engine.keep("scored", scored(engine)),
        arms(day, engine, overdue, cases),
        engine.query("hold", HOLDS.format(**known)),
        engine.query("promise", PROMISES.format(**known)),
        engine.query("prior", PRIOR.format(**known)),
        engine.query("speaks", LANGUAGES.format(**known)),
    ]
    facts = overdue
    for part in parts:
        facts = facts.left_join(part, "party_id").drop("party_id_right")
    months = ibis.literal(day.on).delta(facts.opened_on, unit="day") // 30
    return facts.mutate(
        arm=ibis.coalesce(facts.was_arm.nullif(""), facts.new_arm),
        language=facts.speaks.fill_null(language),
        broken_promises=facts.broken_promises.fill_null(0),
        prior_cases=facts.prior_cases.fill_null(0),
        months_on_book=months.cast("int32").fill_null(0),
        propensity_pct=(facts.propensity_ppm // 10_000).cast("int32"),
        balance_band=balance_band(facts.balance_minor, portfolio.currency),
    )
