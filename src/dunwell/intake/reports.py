"""A delivery's report, for machines and for people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dunwell.intake.models import Delivery

STYLE = {"refuse": "bold red", "hold": "bold yellow", "row": "red", "look": "yellow",
         "note": "dim", "alarm": "bold magenta"}  # fmt: skip


def as_json(delivery: Delivery) -> dict[str, Any]:
    """Return everything that is known of a delivery as plain values."""
    return {
        "delivery": delivery.pk,
        "portfolio": delivery.portfolio.code if delivery.portfolio else None,
        "business_date": delivery.business_date.isoformat() if delivery.business_date else None,
        "name": delivery.name,
        "sha256": delivery.sha256,
        "state": str(delivery.state),
        "no_op": bool(delivery.report.get("no_op")),
        "rows": delivery.rows,
        "rows_at_fault": delivery.rows_at_fault,
        "received_at": delivery.received_at.isoformat(),
        "seconds": str(delivery.seconds),
        "report": delivery.report,
    }


def as_text(delivery: Delivery) -> RenderableType:
    """Return the report as a person reads it: the verdict, the files, what was found."""
    report = delivery.report
    whose = delivery.portfolio.code if delivery.portfolio else "?"
    verdict = "no change, applied before" if report.get("no_op") else str(delivery.state)
    head = Text.assemble(
        (verdict, "bold green" if delivery.state == Delivery.State.APPLIED else "bold red"),
        f"  delivery {delivery.pk}  {whose}  {delivery.business_date or '?'}  {delivery.name}\n",
        f"{delivery.rows:,} rows, {delivery.rows_at_fault:,} at fault, {delivery.seconds} s",
    )
    parts: list[RenderableType] = [head]
    if report.get("files"):
        parts.append(_files(report["files"]))
    if report.get("findings"):
        parts.append(_findings(report["findings"]))
    if report.get("changes"):
        told = ", ".join(f"{name} {count:,}" for name, count in report["changes"].items())
        parts.append(Text(f"changes: {told}"))
    return Group(*parts)


def _files(files: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column("file")
    for heading in ("rows", "applied", "quarantined", "repeated"):
        table.add_column(heading, justify="right")
    table.add_column("totals")
    for file in files:
        counts = [f"{file[key]:,}" for key in ("rows", "applied", "quarantined", "repeated")]
        agree = ", ".join(
            f"{name} {'=' if found['counted'] == found['declared'] else '≠'} {found['declared']}"
            for name, found in file["totals"].items()
        )
        table.add_row(file["name"], *counts, agree)
    return table


def _findings(findings: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE)
    for heading in ("verdict", "code", "file", "row", "column", "value", "rows", "what"):
        table.add_column(heading, overflow="fold")
    for found in findings:
        table.add_row(
            Text(found["verdict"], STYLE[found["verdict"]]),
            found["code"].removeprefix("intake."),
            found["file"],
            "" if found["row"] is None else str(found["row"]),
            found["column"],
            Text(found["masked"]),
            str(found["count"]),
            gettext(found["says"]),
        )
    return table
