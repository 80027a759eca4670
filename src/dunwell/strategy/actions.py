"""Decision tables are drafted, approved by a second person, and retired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from importlib.resources import files
from pathlib import PurePath

from django.db import transaction
from django.db.models import Max

from dunwell.audit.actions import record
from dunwell.kernel.refusal import Refused
from dunwell.portfolio.sheets import from_rows
from dunwell.portfolio.tables import DecisionTable, sha256, to_data
from dunwell.staff.access import Can, require_actor
from dunwell.staff.models import Agent
from dunwell.strategy.models import TableVersion
from dunwell.strategy.rules import (
    SHIPPED,
    Version,
    approval_refused,
    columns_refused,
    day_without,
    retirement_refused,
    values_refused,
)
from dunwell.strategy.sheet_files import read_sheet

DEFAULTS = ("treatment",)


@transaction.atomic
def draft_table(
    code: str,
    rows: Sequence[Sequence[object]],
    *,
    actor: Agent | None,
    now: datetime,
    note: str = "",
) -> TableVersion:
    """Keep a sheet, its header first, as the next draft of table ``code``.

    :raises Refused: with every fault of the sheet; nothing is kept then
    :raises Forbidden: if the actor may not edit tables
    """
    require_actor(actor, Can.EDIT_TABLES)
    header, *rules = rows or [[]]
    number = _next_version(code)
    table = from_rows(header, rules, code=code, version=number)
    refusals = columns_refused(table)
    refusals += [] if refusals else values_refused(table)
    if refusals:
        raise Refused(*refusals)
    version = TableVersion.objects.create(
        code=code,
        version=number,
        rules=to_data(table),
        sha256=sha256(table),
        note=note,
        made_by=actor,
        made_at=now,
    )
    _record("strategy.table_drafted", version, actor, now)
    return version


@transaction.atomic
def approve_table(
    version_id: int, *, in_force_from: date, actor: Agent, today: date, now: datetime
) -> TableVersion:
    """Let a draft come into force on a day, by another person than its maker.

    :raises Refused: with every reason why not
    :raises Forbidden: if the actor may not edit tables
    """
    require_actor(actor, Can.EDIT_TABLES)
    version, others = _locked(version_id)
    taken = any(
        one.in_force_from == in_force_from and one.state == TableVersion.State.APPROVED
        for one in others
    )
    refusals = approval_refused(
        Version(version.state, version.made_by_id),
        approver=actor.pk,
        in_force_from=in_force_from,
        today=today,
        taken=taken,
    )
    if refusals:
        raise Refused(*refusals)
    version.state = TableVersion.State.APPROVED
    version.in_force_from = in_force_from
    version.approved_by, version.approved_at = actor, now
    version.save()
    _record("strategy.table_approved", version, actor, now, in_force_from=str(in_force_from))
    return version


@transaction.atomic
def retire_table(
    version_id: int, *, from_day: date, actor: Agent, today: date, now: datetime
) -> TableVersion:
    """Take an approved version out of force from a day on; another must be left each day.

    :raises Refused: with every reason why not
    :raises Forbidden: if the actor may not edit tables
    """
    require_actor(actor, Can.EDIT_TABLES)
    version, others = _locked(version_id)
    days = [(one.in_force_from, one.retired_from) for one in others if one.in_force_from]
    since = version.in_force_from or from_day
    refusals = retirement_refused(
        Version(version.state, version.made_by_id, version.in_force_from),
        retirer=actor.pk,
        day=from_day,
        today=today,
        without=day_without(days, retired=(since, None), from_day=from_day),
    )
    if refusals:
        raise Refused(*refusals)
    version.state = TableVersion.State.RETIRED
    version.retired_from = from_day
    version.save()
    _record("strategy.table_retired", version, actor, now, from_day=str(from_day))
    return version


@transaction.atomic
def install_default_tables(*, now: datetime, in_force_from: date) -> list[TableVersion]:
    """Bring the shipped tables into force where no version of their code exists.

    The project made and approved them, so no member of staff stands as either.
    """
    made = []
    for code in DEFAULTS:
        if TableVersion.objects.filter(code=code).exists():
            continue
        version = draft_table(code, default_rows(code), actor=None, now=now, note=SHIPPED)
        version.state = TableVersion.State.APPROVED
        version.in_force_from, version.approved_at = in_force_from, now
        version.save()
        _record("strategy.default_installed", version, None, now, in_force_from=str(in_force_from))
        made.append(version)
    return made


def default_rows(code: str) -> list[list[object]]:
    """Return the shipped sheet of ``code``, its header first."""
    name = f"{code}.csv"
    data = files("dunwell.strategy").joinpath("tables", name).read_bytes()
    return read_sheet(PurePath(name).name, data)


def default_table(code: str) -> DecisionTable:
    """Return the shipped table of ``code`` as version 1."""
    header, *rules = default_rows(code)
    return from_rows(header, rules, code=code, version=1)


def _locked(version_id: int) -> tuple[TableVersion, list[TableVersion]]:
    """Return a version and the others of its code, all locked: they decide together.

    In the order of their keys, so that two who lock them wait and do not block each other.

    :raises TableVersion.DoesNotExist: if there is none
    """
    code = TableVersion.objects.values_list("code", flat=True).get(pk=version_id)
    versions = list(
        TableVersion.objects.select_for_update().defer("rules").filter(code=code).order_by("pk")
    )
    mine = next(one for one in versions if one.pk == version_id)
    return mine, [one for one in versions if one.pk != version_id]


def _next_version(code: str) -> int:
    # The unique key of code and version stops two drafts made at once.
    last = TableVersion.objects.filter(code=code).aggregate(last=Max("version"))["last"]
    return (last or 0) + 1


def _record(
    kind: str, version: TableVersion, actor: Agent | None, now: datetime, **data: object
) -> None:
    record(
        kind,
        subject=f"table:{version.code}:{version.version}",
        actor=actor,
        at=now,
        sha256=version.sha256,
        **data,
    )
