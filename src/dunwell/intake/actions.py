"""What people and jobs may do with deliveries, waiting rows and mappings."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from django.db import transaction

from dunwell.audit.actions import record
from dunwell.intake import mapping as mappings
from dunwell.intake.apply import only_loader
from dunwell.intake.faults import Stop, said
from dunwell.intake.layout import KINDS
from dunwell.intake.loading import Load, quiet, run
from dunwell.intake.models import Delivery, QuarantinedRow
from dunwell.intake.models import Mapping as KeptMapping
from dunwell.intake.reading import Progress
from dunwell.intake.release import take_in
from dunwell.kernel.cards import masked
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.parties.models import Portfolio
from dunwell.staff.models import Agent


def load_delivery(
    path: Path,
    *,
    now: datetime,
    portfolio_code: str | None = None,
    actor: Agent | None = None,
    progress: Progress = quiet,
    approved: Collection[str] = (),
    mapping: str = "",
) -> Delivery:
    """Load the delivery that lies at ``path``, a folder or a zip, and keep its report.

    Refused and held deliveries are answers, not errors: they are written down and
    returned, with nothing applied. The same delivery again changes nothing and returns
    the one applied before, its report saying ``no_op``. ``approved`` names codes of
    holds that ``actor`` lets pass; ``mapping`` is YAML in place of the kept mapping.
    Call it outside of a transaction: rows travel on connections of their own.
    """
    load = Load(Path(path), actor, now, frozenset(approved), progress, mapping)
    return run(load, portfolio_code)


def release_row(
    row_id: int, *, corrected: Mapping[str, str], actor: Agent, now: datetime
) -> QuarantinedRow:
    """Take a waiting row in, with ``corrected`` texts in place of some of its columns.

    What only wanted a look passes as it is: releasing it is having looked. A row that
    had no columns needs all of them. Nothing is changed if anything is still wrong.

    :raises Refused: if the row was decided before, is still at fault or out of date
    """
    whose = QuarantinedRow.objects.values_list("delivery__portfolio_id", flat=True).get(pk=row_id)
    with only_loader(whose or 0) as alone:
        if not alone:
            raise Refused(said("intake.A16_busy"))
        with transaction.atomic(), tempfile.TemporaryDirectory(prefix="dunwell-row-") as folder:
            row = _waiting(row_id)
            take_in(row, _texts(row, corrected), Path(folder))
            row.corrected = {name: masked(value) for name, value in corrected.items()}
            _decide(row, QuarantinedRow.State.RELEASED, actor, now)
    return row


def _texts(row: QuarantinedRow, corrected: Mapping[str, str]) -> dict[str, str]:
    """Return the row's canonical texts as corrected."""
    known = {column.name for column in KINDS[row.kind].columns}
    if unknown := sorted(set(corrected) - known):
        raise Refused(
            Refusal(
                "intake.release_unknown_column",
                "There is no column %(column)s.",
                named={"column": unknown[0]},
            )
        )
    given = {name: value for name, value in row.values.items() if name in known}
    return given | {name: value.strip() for name, value in corrected.items()}


def dismiss_row(row_id: int, *, reason: str, actor: Agent, now: datetime) -> QuarantinedRow:
    """Leave a waiting row out for good.

    :raises Refused: if it was decided before or no reason is given
    """
    if not reason.strip():
        raise Refused(Refusal("intake.dismiss_reason", "Say why the row is left out."))
    with transaction.atomic():
        row = _waiting(row_id)
        _decide(row, QuarantinedRow.State.DISMISSED, actor, now, reason=reason.strip()[:400])
    return row


def keep_mapping(
    *, portfolio: Portfolio, name: str, text: str, actor: Agent, now: datetime
) -> KeptMapping:
    """Keep the layout of a source under a name that manifests may give.

    :raises Refused: with a reason for each thing that is wrong with the YAML
    """
    try:
        mappings.parse(text)
    except Stop as stop:
        raise Refused(*(said(found.code, found.column) for found in stop.findings)) from None
    with transaction.atomic():
        kept, _ = KeptMapping.objects.update_or_create(
            portfolio=portfolio,
            name=name,
            defaults={"text": text, "changed_by": actor, "changed_at": now},
        )
        record(
            "intake.mapping_kept",
            subject=f"mapping:{kept.pk}",
            actor=actor,
            at=now,
            name=name,
            text=text,
        )
    return kept


def _waiting(row_id: int) -> QuarantinedRow:
    """Return the row, locked: two people cannot both decide it."""
    row = (
        QuarantinedRow.objects.select_for_update(of=("self",))
        .select_related("delivery__portfolio")
        .get(pk=row_id)
    )
    if row.state != QuarantinedRow.State.WAITING:
        raise Refused(Refusal("intake.row_decided", "The row was decided before."))
    return row


def _decide(row: QuarantinedRow, state: str, actor: Agent, now: datetime, **told: str) -> None:
    row.state, row.decided_by, row.decided_at = state, actor, now
    row.save()
    record(
        f"intake.row_{state}",
        subject=f"quarantined_row:{row.pk}",
        actor=actor,
        at=now,
        delivery=row.delivery_id,
        file=row.file,
        row=row.row,
        columns=sorted(row.corrected or {}),
        **told,
    )
