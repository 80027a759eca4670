"""What the decision tables ask about: one row an open case."""

from __future__ import annotations

import ibis

from dunwell.daybook.engine import BusinessDay, Engine
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
# Only those who speak another language than most of the portfolio.
LANGUAGES = """
SELECT id AS party_id, split_part(language, '-', 1) AS language FROM parties_party
WHERE portfolio_id = {portfolio} AND language <> '' AND split_part(language, '-', 1) <> '{language}'
"""
# The draw is made once: an arm that stands on a case is kept.
NEW_CUSTOMERS = """
SELECT c.id AS case_id, p.customer_ref FROM cases_case c JOIN parties_party p ON p.id = c.party_id
WHERE c.portfolio_id = {portfolio} AND c.state = 'open' AND c.arm = ''
"""
CASES = """
SELECT id AS case_id, party_id, segment AS was_segment, treatment AS was_treatment,
       track AS was_track, queue AS was_queue, priority::int AS was_priority,
       propensity_ppm AS was_propensity_ppm, score_reasons AS was_score_reasons, arm AS was_arm,
       table_code AS was_table_code, table_version AS was_table_version,
       table_row AS was_table_row
FROM cases_case WHERE portfolio_id = {portfolio} AND state = 'open'
"""


def scored(engine: Engine) -> ibis.Table:
    """Return one row a cardholder: the propensity, band and reasons of his weakest account.

    Ties go to the account that came first: reasons must not depend on the order of rows.
    """
    overdue = engine.aged.filter(engine.aged.overdue)
    points = score(overdue, shipped())
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
        score_reasons=ranked.reasons.argmin(ranked.rank).strip(),
        opened_on=ranked.opened_on.min(),
    )


def case_facts(day: BusinessDay, engine: Engine) -> ibis.Table:
    """Return the facts of every open case, beside what stands on it (``was_*``)."""
    portfolio = day.portfolio
    known = {"portfolio": portfolio.pk, "day": day.on, "language": portfolio.language}

    def ask(name: str, select: str) -> ibis.Table:
        return engine.query(name, select.format(**known))

    arms = assign_arms(
        ask("new_customer", NEW_CUSTOMERS),
        key=portfolio.code,
        customer_column="customer_ref",
        experiment=EXPERIMENT,
        shares=portfolio.experiment_shares or WHOLE,
    ).select("case_id", new_arm="arm")
    facts = ask("case_now", CASES).inner_join(engine.cardholders, "party_id")
    facts = facts.left_join(engine.keep("scored", scored(engine)), "party_id").drop(
        "party_id_right"
    )
    for name, select in (
        ("hold", HOLDS),
        ("promise", PROMISES),
        ("prior", PRIOR),
        ("speaks", LANGUAGES),
    ):
        facts = facts.left_join(ask(name, select), "party_id").drop("party_id_right")
    facts = facts.left_join(arms, "case_id").drop("case_id_right")
    months = ibis.literal(day.on).delta(facts.opened_on, unit="day") // 30
    return facts.mutate(
        arm=ibis.coalesce(facts.was_arm.nullif(""), facts.new_arm),
        language=facts.language.fill_null(portfolio.language),
        broken_promises=facts.broken_promises.fill_null(0),
        prior_cases=facts.prior_cases.fill_null(0),
        months_on_book=months.cast("int32").fill_null(0),
        propensity_pct=(facts.propensity_ppm // 10_000).cast("int32"),
        balance_band=balance_band(facts.balance_minor, portfolio.currency),
    )
