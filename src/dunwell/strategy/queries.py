"""Which table was in force when, and what it says."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from django.db.models import Q, QuerySet

from dunwell.kernel.refusal import Refusal, Refused
from dunwell.portfolio.sheets import from_data
from dunwell.portfolio.tables import DecisionTable
from dunwell.strategy.models import TableVersion


def versions_in_force(code: str, day: date) -> QuerySet[TableVersion]:
    """Return the versions that may decide on ``day``, the newest first."""
    return (
        TableVersion.objects.filter(code=code, in_force_from__lte=day)
        .exclude(state=TableVersion.State.DRAFT)
        .filter(Q(retired_from=None) | Q(retired_from__gt=day))
        .order_by("-in_force_from", "-version")
    )


def in_force(code: str, day: date) -> TableVersion:
    """Return the version of table ``code`` that decides on ``day``.

    :raises Refused: if none is in force; the day cannot run without one
    """
    version = versions_in_force(code, day).first()
    if version is None:
        raise Refused(
            Refusal(
                "strategy.no_table",
                "No version of the table %(code)s is in force on %(day)s. "
                "Upload one and let a second person approve it.",
                named={"code": code, "day": day},
            )
        )
    return version


def table_of(version: TableVersion) -> DecisionTable:
    """Return the checked table of a version."""
    return _parsed(version.pk, version.sha256)


# The hash names the rules, so a kept table can never be an older one.
@lru_cache(maxsize=16)
def _parsed(pk: int, sha256: str) -> DecisionTable:
    return from_data(TableVersion.objects.only("rules").get(pk=pk, sha256=sha256).rules)
