"""``dunwell day run | show | export``: the business day from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from dunwell.daybook.exports import export_portfolio
from dunwell.daybook.jobs import run_days
from dunwell.daybook.models import Figure
from dunwell.daybook.queries import steps_of
from dunwell.daybook.rules import STEPS
from dunwell.daybook.running import watch
from dunwell.kernel.refusal import Refused
from dunwell.parties.models import Portfolio


class Command(BaseCommand):
    # The web pages are not asked for here; checking them takes half a second.
    requires_system_checks: list[str] = []
    help = "Run a business day, show what it did, or export what it left behind."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(
            dest="verb", required=True, parser_class=argparse.ArgumentParser
        )
        for verb in ("run", "show", "export"):
            sub = verbs.add_parser(verb)
            sub.add_argument("--portfolio", help="code; all portfolios when left out")
            if verb != "export":
                sub.add_argument("--date", type=date.fromisoformat, required=True)
        verbs.choices["run"].add_argument("--engine", choices=["duckdb", "spark"], default="duckdb")
        verbs.choices["run"].add_argument(
            "--skip-quiet", action="store_true", help="leave out days without a delivery"
        )
        verbs.choices["run"].add_argument(
            "--watched", action="store_true",
            help="in a process of its own; how it ends is kept for the screen",
        )  # fmt: skip
        verbs.choices["show"].add_argument("--json", action="store_true")
        verbs.choices["export"].add_argument("--out", type=Path, required=True)

    def handle(self, *, verb: str, portfolio: str | None, **options: Any) -> None:
        chosen = Portfolio.objects.order_by("code")
        if portfolio:
            chosen = chosen.filter(code=portfolio)
        if not chosen:
            raise CommandError(
                f"No portfolio {portfolio!r}." if portfolio else "There is no portfolio yet."
            )
        for one in chosen:
            getattr(self, verb)(one, **options)

    def run(self, portfolio: Portfolio, **options: Any) -> None:
        if options["engine"] == "spark":
            raise CommandError(
                "The Spark engine is not part of this installation; use --engine duckdb."
            )
        if options["watched"]:
            self._watched(portfolio, **options)
            return
        console = Console(stderr=True)

        def progress(day: date, step: str, produced: dict[str, int] | None) -> None:
            if produced is not None:
                told = ", ".join(f"{name} {count:,}" for name, count in produced.items())
                console.print(f"{portfolio.code} {day} {step:<11} {told or 'had run'}")

        try:
            days = run_days(
                portfolio,
                options["date"],
                clock=timezone.now,
                skip_quiet=options["skip_quiet"],
                progress=progress,
            )
        except Refused as refused:
            told = " ".join(one.text for one in refused.refusals)
            raise CommandError(f"{portfolio.code}: {told}") from None
        if not days:
            self.stdout.write(f"{portfolio.code} {options['date']}: had run, nothing to do.")
        for day in days:
            self.stdout.write(f"{portfolio.code} {day}: done.")
        self._warn(portfolio, days[-1:])

    def _warn(self, portfolio: Portfolio, days: list[date]) -> None:
        """Say which cases nobody could be given on the last of ``days``, and what to do."""
        found = Figure.objects.filter(portfolio=portfolio, day__in=days, name="unserved")
        if waiting := [f"{one.key} {one.count:,}" for one in found.order_by("key")]:
            self.stderr.write(
                f"Warning: {portfolio.code} {days[0]}: cases wait in queues that no collector serves: "
                f"{', '.join(waiting)}. Give a collector the queue, or change the table."
            )

    def _watched(self, portfolio: Portfolio, **options: Any) -> None:
        words = ["day", "run", "--date", str(options["date"]), "--portfolio", portfolio.code]
        words += ["--skip-quiet"] if options["skip_quiet"] else []
        code = watch(
            portfolio,
            options["date"],
            [sys.executable, "-m", "django", *words],
            clock=timezone.now,
        )
        if code:
            sys.exit(1)

    def show(self, portfolio: Portfolio, **options: Any) -> None:
        runs = steps_of(portfolio, options["date"])
        if options["json"]:
            steps = [
                {
                    "step": run.step,
                    "seconds": round((run.finished_at - run.started_at).total_seconds(), 3),
                    "produced": run.produced,
                }
                for run in runs
            ]
            self.stdout.write(
                json.dumps(
                    {"portfolio": portfolio.code, "day": str(options["date"]), "steps": steps}
                )
            )
            return
        table = Table(title=f"{portfolio.code} {options['date']}")
        for heading in ("step", "seconds", "produced"):
            table.add_column(heading, justify="right" if heading == "seconds" else "left")
        done = {run.step: run for run in runs}
        for step in STEPS:
            run = done.get(step)
            if run is None:
                table.add_row(step, "", "has not run")
                continue
            told = ", ".join(f"{name} {count:,}" for name, count in run.produced.items())
            table.add_row(step, f"{(run.finished_at - run.started_at).total_seconds():.2f}", told)
        Console(file=sys.stdout).print(table)

    def export(self, portfolio: Portfolio, **options: Any) -> None:
        for path in export_portfolio(portfolio, options["out"] / portfolio.code):
            self.stdout.write(str(path))
