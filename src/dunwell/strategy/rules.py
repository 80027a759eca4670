"""When a version of a decision table may be approved, come into force, and be retired."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from dunwell.kernel.refusal import Refusal, Words
from dunwell.portfolio.tables import DecisionTable

# What the day's run can tell about a case, by name and type, and what it must be told.
FACTS = {
    "bucket": "int", "dpd": "int", "charged_off": "bool", "balance_band": "text",
    "score_band": "text", "propensity_pct": "int", "hold": "text", "promise": "text",
    "broken_promises": "int", "months_on_book": "int", "prior_cases": "int", "accounts": "int",
    "arm": "text", "language": "text",
}  # fmt: skip
ANSWERS = {
    "segment": "text", "treatment": "text", "track": "text", "queue": "text",
    "priority": "int", "next_step_days": "int",
}  # fmt: skip
# The note of the versions that come with the product.
SHIPPED = "Shipped default"
# From a day on, and until another (not included); None is for ever.
Days = tuple[date, date | None]
TRACKS = ("self_serve", "desk", "field", "agency", "legal")


@dataclass(frozen=True, slots=True)
class Version:
    """What the rules ask about a version: its state, its maker and its days."""

    state: str
    made_by: int | None
    in_force_from: date | None = None


def columns_refused(table: DecisionTable) -> list[Refusal]:
    """Return what the treatment table asks or answers that the day does not know."""
    refusals = [
        Refusal(
            "strategy.unknown_fact",
            "The day knows no fact %(fact)s. Known are %(known)s.",
            named={"fact": f"{column.name}:{column.type}", "known": _listed(FACTS)},
        )
        for column in table.inputs
        if FACTS.get(column.name) != column.type
    ]
    if {column.name: column.type for column in table.outputs} != ANSWERS:
        refusals.append(
            Refusal(
                "strategy.wrong_answers",
                "The table must answer exactly %(answers)s.",
                named={"answers": _listed(ANSWERS)},
            )
        )
    return refusals


def values_refused(table: DecisionTable) -> list[Refusal]:
    """Return the answers that a case cannot take. After ``columns_refused``."""
    names = [column.name for column in table.outputs]
    refusals = []
    for rule in table.rules:
        answer = dict(zip(names, rule.outputs, strict=True))
        refusals += [
            Refusal(
                "strategy.bad_answer",
                "Rule %(rule)s: the answer “%(value)s” of %(column)s does not fit. It must be: %(want)s.",
                named={
                    "rule": rule.number,
                    "column": column,
                    "value": answer[column],
                    "want": want,
                },
            )
            for column, want in WANTED.items()
            if not FITS[column](answer[column])
        ]
    return refusals


def _listed(columns: dict[str, str]) -> str:
    return ", ".join(f"{name}:{kind}" for name, kind in columns.items())


def _word(longest: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and 0 < len(value) <= longest


def _number(most: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and 0 <= value <= most


# As wide as the columns of a case.
FITS: dict[str, Callable[[object], bool]] = {
    "segment": _word(40), "treatment": _word(40), "track": lambda value: value in TRACKS,
    "queue": _word(32), "priority": _number(100), "next_step_days": _number(366),
}  # fmt: skip
WANTED = {
    "segment": Words("1 to 40 letters"), "treatment": Words("1 to 40 letters"),
    "track": " | ".join(TRACKS), "queue": Words("1 to 32 letters"),
    "priority": "0..100", "next_step_days": "0..366",
}  # fmt: skip


def approval_refused(
    version: Version, *, approver: int, in_force_from: date, today: date, taken: bool
) -> list[Refusal]:
    """Return why ``approver`` may not approve; the second pair of eyes is another's.

    ``taken``: another approved version of the code begins on the same day.
    """
    refusals = []
    if version.state != "draft":
        refusals.append(
            Refusal("strategy.not_a_draft", "Only a draft is approved. Upload a new version.")
        )
    if version.made_by == approver:
        refusals.append(
            Refusal(
                "strategy.own_draft",
                "Nobody approves his own draft. Ask a colleague of the strategy team.",
            )
        )
    if in_force_from < today:
        refusals.append(
            Refusal(
                "strategy.in_the_past",
                "A table cannot come into force on a day that has passed. Choose today or later.",
            )
        )
    if taken:
        refusals.append(
            Refusal(
                "strategy.day_taken",
                "Another version comes into force on that day. Choose another day or retire it.",
            )
        )
    return refusals


def day_without(days: Iterable[Days], *, retired: Days, from_day: date) -> date | None:
    """Return the first day on which nothing would be in force without ``retired``.

    ``days`` are those of all other versions of the code. Only where one of them ends, or
    this one would, can a gap begin.
    """
    others = list(days)
    begins = max(from_day, retired[0])
    ends = sorted(end for _, end in others if end is not None and end > begins)
    return next(
        (
            day
            for day in (begins, *ends)
            if not any(first <= day and (end is None or day < end) for first, end in others)
        ),
        None,
    )


def retirement_refused(
    version: Version, *, retirer: int, day: date, today: date, without: date | None
) -> list[Refusal]:
    """Return why ``retirer`` may not retire the version from ``day`` on.

    ``without`` is the first day that would be left without a table. Whoever made a version
    would decide alone which older one is back, so that another person retires it.
    """
    refusals = []
    if version.state != "approved":
        refusals.append(Refusal("strategy.not_approved", "Only an approved version is retired."))
    if version.made_by == retirer:
        refusals.append(
            Refusal(
                "strategy.own_version",
                "Nobody retires the version that he made. Ask a colleague of the strategy team.",
            )
        )
    if day < today:
        refusals.append(
            Refusal("strategy.in_the_past", "A version is retired from today or a later day.")
        )
    if without is not None:
        refusals.append(
            Refusal(
                "strategy.nothing_left",
                "No other version would be in force on %(day)s and the day could not run. "
                "Approve one first.",
                named={"day": without},
            )
        )
    return refusals
