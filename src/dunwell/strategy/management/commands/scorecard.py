"""``dunwell scorecard report|train``: judge the shipped card, or make it again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dunwell.kernel.refusal import Refused
from dunwell.strategy import scorecard as package
from dunwell.strategy.scorecard.data import Book, load
from dunwell.strategy.scorecard.measure import Figures, Report, report
from dunwell.strategy.scorecard.model import FILE, dumps, shipped
from dunwell.strategy.scorecard.train import train


class Command(BaseCommand):
    help = "The propensity scorecard: report (how good it is) or train (write it anew)."
    # Neither needs a database.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        names = parser.add_subparsers(
            dest="name", required=True, parser_class=argparse.ArgumentParser
        )
        for name, help_text in (("report", "print the figures"), ("train", "write card.json")):
            sub = names.add_parser(name, help=help_text)
            sub.add_argument("--data", type=Path, help="UCI_Credit_Card.csv; else the demo's copy")
            sub.add_argument("--json", action="store_true", help="one line of JSON")
            if name == "train":
                sub.add_argument("--out", type=Path, help="write here, not into the package")

    def handle(self, *, name: str, data: Path | None, **options: Any) -> None:
        try:
            book = load(data)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        if name == "train":
            self.train(book, options["out"], options["json"])
        else:
            self.report(book, options["json"])

    def train(self, book: Book, out: Path | None, as_json: bool) -> None:
        path = out or Path(package.__path__[0]) / FILE
        text = dumps(train(book))
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        path.write_text(text, encoding="utf-8", newline="\n")
        told = {"file": path.name, "bytes": len(text.encode()), "changed": not same}
        says = f"{path.name}: {'as it was' if same else 'written anew'}, {told['bytes']:,} bytes"
        self.stdout.write(json.dumps(told) if as_json else says)

    def report(self, book: Book, as_json: bool) -> None:
        found = report(book, shipped())
        self.stdout.write(json.dumps(found.plain()) if as_json else "\n".join(lines(found)))


def lines(found: Report) -> list[str]:
    """Return the report for a person."""
    folds = ", ".join(f"{auc:.4f}" for auc in found.fold_auc)
    rows = [
        f"Card {found.card}; AUC of 5 folds {found.auc:.4f} ({folds})",
        "",
        f"{'':<26}{'accounts':>9}{'AUC':>8}{'KS':>8}{'Brier':>8}{'foretold':>10}{'paid':>8}",
        _line("not seen in training", found.unseen),
        _line("  of these, past due", found.unseen_overdue),
        _line("shipped card", found.shipped),
        _line("  of these, past due", found.shipped_overdue),
    ]
    for title, one in (
        ("Calibration, not seen in training", found.unseen),
        ("Calibration of the past due, not seen in training", found.unseen_overdue),
    ):
        rows += ["", f"{title} (tenths, lowest first)", "  accounts  foretold      paid"]
        rows += [f"{t.accounts:>10,}{t.foretold:>10.4f}{t.paid:>10.4f}" for t in one.tenths]
    rows += ["", "Bands        " + "".join(f"{letter:>8}" for letter in found.bands)]
    rows += ["  all        " + "".join(f"{count:>8,}" for count in found.bands.values())]
    rows += ["  past due   " + "".join(f"{count:>8,}" for count in found.bands_overdue.values())]
    return rows


def _line(name: str, one: Figures) -> str:
    return (
        f"{name:<26}{one.accounts:>9,}{one.auc:>8.4f}{one.ks:>8.4f}{one.brier:>8.4f}"
        f"{one.foretold:>10.4f}{one.paid:>8.4f}"
    )
