"""What becomes of every case today: decided in one go, in columns, before anything is written."""

from __future__ import annotations

import ibis

from dunwell.daybook.engine import BusinessDay, Engine
from dunwell.daybook.facts import case_facts, open_cases
from dunwell.daybook.rules import TABLE
from dunwell.daybook.sharing import allocations
from dunwell.portfolio.cases import transitions
from dunwell.portfolio.stages import stage
from dunwell.portfolio.tables_ibis import decide
from dunwell.strategy.queries import in_force, table_of
from dunwell.strategy.rules import FACTS

# What stands on a case and the day may change.
STANDING = (
    "bucket", "oldest_unpaid_due_on", "stage", "segment", "treatment", "track", "queue",
    "priority", "propensity_ppm", "score_reasons", "arm", "table_code", "table_version",
    "table_row", "team_id", "collector_id",
)  # fmt: skip


def decisions(day: BusinessDay, engine: Engine) -> ibis.Table:
    """Return one row for each case that opens, cures, or differs from what stands on it.

    Columns: party_id, case_id (null: opens), change (``open``, ``roll``, ``stay``,
    ``cure`` or null), the columns of ``STANDING`` as they shall be and, with the prefix
    ``was_``, as they are; dpd, balance_minor, next_step_days and facts (JSON).
    """
    cases = open_cases(day, engine)
    treated = engine.keep("treated", treatments(day, engine, cases))
    worked = engine.keep("worked", allocations(engine, treated))
    before = cases.select("party_id", **{f"was_{name}": name for name in STANDING})
    decided = treated.left_join(worked, "party_id").drop("party_id_right")
    decided = decided.left_join(before, "party_id").drop("party_id_right")
    differs = decided.case_id.isnull()
    for name in STANDING:
        differs = differs | ~decided[name].identical_to(decided[f"was_{name}"])
    # Transitions are looked at for what differs only: nothing else can have changed.
    moved = transitions(engine.cardholders, cases).select("party_id", "change")
    moved = engine.keep("moved", moved)
    changed = decided.filter(differs)
    changed = changed.left_join(moved, "party_id").drop("party_id_right")
    return changed.mutate(facts=as_json(changed, tuple(FACTS)))


def cured(engine: Engine) -> ibis.Table:
    """Return the cases to close: case_id, was_bucket, balance_minor, closed_as.

    After ``decisions``. Whose accounts all left the deliveries was taken back by the
    issuer: his case is withdrawn and has no balance.
    """
    moved = engine.table("moved")
    ending = moved.filter(moved.change.isin(("cure", "gone"))).select("party_id", "change")
    cases = engine.table("open_case").inner_join(ending, "party_id")
    balances = engine.cardholders.select("party_id", "balance_minor")
    both = cases.left_join(balances, "party_id")
    closed_as = ibis.cases(
        (both.change == "gone", "withdrawn"), (both.balance_minor == 0, "paid"), else_="cured"
    )
    return both.select("case_id", "balance_minor", was_bucket="bucket", closed_as=closed_as)


def treatments(day: BusinessDay, engine: Engine, cases: ibis.Table) -> ibis.Table:
    """Return the facts of every overdue cardholder and what the table in force says."""
    version = in_force(TABLE, day.on)
    facts = engine.keep("fact", case_facts(day, engine, cases))
    decided = decide(table_of(version), facts).rename(table_row="rule_row")
    return decided.mutate(
        stage=stage(decided.bucket, decided.charged_off),
        table_code=ibis.literal(version.code),
        table_version=ibis.literal(version.version, "int32"),
    )


def as_json(table: ibis.Table, names: tuple[str, ...]) -> ibis.Value:
    """Return a JSON object of columns that are numbers, truth values or plain words."""
    joined = ibis.literal("{")
    for number, name in enumerate(names):
        column = table[name]
        text = column.cast("string")
        if column.type().is_string():
            text = ibis.literal('"') + text + '"'
        comma = "," if number else ""
        joined = joined + ibis.literal(f'{comma}"{name}":') + text.fill_null("null")
    return joined + "}"
