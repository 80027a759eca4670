"""What people and jobs may do with deliveries, waiting rows and mappings."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from django.db import transaction

from dunwell.audit.actions import record
from dunwell.intake import mapping as mappings
from dunwell.intake.apply import only_loader
from dunwell.intake.clock import quiet
from dunwell.intake.faults import Stop, said
from dunwell.intake.layout import KINDS
from dunwell.intake.loading import Load, run
from dunwell.intake.manifest import is_text
from dunwell.intake.models import Delivery, QuarantinedRow
from dunwell.intake.models import Mapping as KeptMapping
from dunwell.intake.quarantine import may_change
from dunwell.intake.reading import Progress
from dunwell.intake.release import take_in
from dunwell.intake.shown import place
from dunwell.kernel.cards import masked
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.parties.models import Portfolio
from dunwell.staff.access import Can, require, require_actor
from dunwell.staff.models import Agent

_NAME = re.compile(r"\w[\w.-]{0,79}")


def load_delivery(
    path: Path,
    *,
    now: datetime,
    portfolio_code: str | None = None,
    actor: Agent | None = None,
    progress: Progress = quiet,
    approved: Collection[str] = (),
    mapping: str = "",
    name: str = "",
) -> Delivery:
    """Load the delivery that lies at ``path``, a folder or a zip, and keep its report.

    Refused and held deliveries are answers, not errors: they are written down and
    returned, with nothing applied. The same delivery again changes nothing and returns
    the one applied before, its report saying ``no_op``. ``approved`` names codes of
    holds that ``actor`` lets pass; ``mapping`` is YAML in place of the kept mapping;
    ``name`` what it is called, where the path says otherwise. No ``actor``: the machine's
    owner. Call it outside of a transaction: rows travel on connections of their own.

    :raises Forbidden: if the actor loads no deliveries
    """
    require_actor(actor, Can.LOAD_DELIVERY)
    load = Load(Path(path), actor, now, frozenset(approved), progress, mapping, name)
    return run(load, portfolio_code)


def approve_delivery(
    delivery_id: int, *, reason: str, actor: Agent, now: datetime, progress: Progress = quiet
) -> Delivery:
    """Load a held delivery again, the holds in its report let pass; return what comes of it.

    It may be held again, for what the first hold kept from being looked at.

    :raises Refused: if no reason is given, it was decided before or its files are gone
    :raises Forbidden: if the actor loads no deliveries
    """
    require(actor, Can.LOAD_DELIVERY)
    held = Delivery.objects.select_related("portfolio").get(pk=delivery_id)
    if held.state != Delivery.State.HELD or held.led_to_id is not None:
        raise Refused(Refusal("intake.not_held", "This delivery waits for no approval."))
    if not reason.strip():
        raise Refused(Refusal("intake.approve_reason", "Say why the delivery may pass."))
    path = Path(held.source)
    if not held.source or not path.exists():
        raise Refused(
            Refusal("intake.files_gone", "Its files are no longer there. Load the delivery again.")
        )
    holds = {found["code"] for found in held.report["findings"] if found["verdict"] == "hold"}
    load = Load(path, actor, now, frozenset(holds), progress, name=held.name)
    load.reason, load.approves = reason.strip()[:400], held
    return run(load, held.portfolio.code if held.portfolio else None)


def release_row(
    row_id: int, *, corrected: Mapping[str, str], actor: Agent, now: datetime
) -> QuarantinedRow:
    """Take a waiting row in, with ``corrected`` texts in place of some of its columns.

    What only wanted a look passes as it is: releasing it is having looked. A row that
    had no columns needs all of them. Nothing is changed if anything is still wrong.

    :raises Refused: if the row was decided before, is still at fault or out of date, or if a
        column that is not at fault would change
    :raises Forbidden: if the actor corrects no rows
    """
    require(actor, Can.CORRECT_ROWS)
    whose = QuarantinedRow.objects.values_list("delivery__portfolio_id", flat=True).get(pk=row_id)
    with only_loader(whose or 0) as alone:
        if not alone:
            raise Refused(said("intake.A16_busy"))
        with transaction.atomic(), tempfile.TemporaryDirectory(prefix="dunwell-row-") as folder:
            row = _waiting(row_id)
            changed = _changed(row, corrected)
            known = {column.name for column in KINDS[row.kind].columns}
            given = {name: value for name, value in row.values.items() if name in known}
            take_in(row, given | changed, Path(folder))
            row.corrected = {name: masked(value) for name, value in changed.items()}
            _decide(row, QuarantinedRow.State.RELEASED, actor, now)
    return row


def _changed(row: QuarantinedRow, corrected: Mapping[str, str]) -> dict[str, str]:
    """Return the texts that differ from those delivered."""
    changed = {
        name: value.strip()
        for name, value in corrected.items()
        if value.strip() != (row.values.get(name) or "").strip()
    }
    known = {column.name for column in KINDS[row.kind].columns}
    if wrong := _listed(set(corrected) - known):
        raise Refused(
            Refusal("intake.release_unknown_column", "There is no column %(column)s.", named=wrong)
        )
    if wrong := _listed(set(changed) - may_change(row)):
        raise Refused(
            Refusal(
                "intake.release_other_column",
                "%(column)s is not at fault and stays as it was delivered.",
                named=wrong,
            )
        )
    if wrong := _listed({name for name, value in changed.items() if not is_text(value)}):
        raise Refused(
            Refusal(
                "intake.release_text", "%(column)s: type it anew without odd marks.", named=wrong
            )
        )
    return changed


def _listed(columns: set[str]) -> dict[str, object]:
    return {"column": ", ".join(sorted(place("", c) for c in columns))} if columns else {}


def reveal_row(row_id: int, *, reason: str, actor: Agent, now: datetime) -> QuarantinedRow:
    """Return a waiting row for one look at all of it, the reason on record.

    :raises Refused: if no reason is given or the row was decided before
    :raises Forbidden: if the actor corrects no rows
    """
    require(actor, Can.CORRECT_ROWS)
    if not reason.strip():
        raise Refused(Refusal("intake.reveal_reason", "Say why the row must be seen in full."))
    with transaction.atomic():
        row = _waiting(row_id)
        record(
            "intake.row_revealed",
            subject=f"quarantined_row:{row.pk}",
            actor=actor,
            at=now,
            delivery=row.delivery_id,
            reason=reason.strip()[:400],
        )
    return row


def dismiss_row(row_id: int, *, reason: str, actor: Agent, now: datetime) -> QuarantinedRow:
    """Leave a waiting row out for good.

    :raises Refused: if it was decided before or no reason is given
    :raises Forbidden: if the actor corrects no rows
    """
    require(actor, Can.CORRECT_ROWS)
    if not reason.strip():
        raise Refused(Refusal("intake.dismiss_reason", "Say why the row is left out."))
    with transaction.atomic():
        row = _waiting(row_id)
        _decide(row, QuarantinedRow.State.DISMISSED, actor, now, reason=reason.strip()[:400])
    return row


def keep_mapping(
    *, portfolio: Portfolio, name: str, text: str, actor: Agent | None, now: datetime
) -> KeptMapping:
    """Keep the layout of a source under a name that manifests may give.

    No ``actor``: the machine's owner.

    :raises Refused: with a reason for each thing that is wrong with the YAML
    :raises Forbidden: if the actor loads no deliveries
    """
    require_actor(actor, Can.LOAD_DELIVERY)
    if not _NAME.fullmatch(name):
        raise Refused(
            Refusal(
                "intake.mapping_name",
                "A mapping's name has letters, digits, dots and dashes, at most 80 of them.",
            )
        )
    try:
        mappings.parse(text)
    except Stop as stop:
        raise Refused(*(said(f.code, place(f.code, f.column)) for f in stop.findings)) from None
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
