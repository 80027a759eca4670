"""``dunwell intake load | show | mapping``: deliveries and layouts from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from dunwell.intake.actions import keep_mapping, load_delivery
from dunwell.intake.models import Delivery, Mapping
from dunwell.intake.reports import as_json, as_text
from dunwell.kernel.refusal import Refused
from dunwell.parties.models import Portfolio
from dunwell.staff.access import Forbidden
from dunwell.staff.models import Agent

NOT_APPLIED = 2


class Command(BaseCommand):
    # The web pages are not asked for here; checking them takes half a second.
    requires_system_checks: list[str] = []
    help = "Load a delivery of files, or show what became of one."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(
            dest="verb", required=True, parser_class=argparse.ArgumentParser
        )
        load = verbs.add_parser("load", help="load a folder or a zip; exit 2 if it is not applied")
        load.add_argument("path", type=Path)
        load.add_argument("--portfolio", help="code; refuse what is not for this portfolio")
        load.add_argument("--mapping", type=Path, help="YAML file in place of the kept mapping")
        load.add_argument(
            "--approve", action="append", default=[], metavar="CODE", help="let this hold pass"
        )
        load.add_argument("--by", help="user name of who loads or approves")
        load.add_argument("--json", action="store_true")
        show = verbs.add_parser("show", help="the report of a delivery")
        show.add_argument("id", type=int)
        show.add_argument("--json", action="store_true")

        mapping = verbs.add_parser("mapping", help="the layouts that manifests may name")
        verbs_of = mapping.add_subparsers(dest="what", required=True)
        keep = verbs_of.add_parser("keep", help="keep a YAML file under a name")
        for name in ("portfolio", "name"):
            keep.add_argument(name)
        keep.add_argument("file", type=Path)
        keep.add_argument("--by", help="user name of who keeps it")
        verbs_of.add_parser("list", help="what is kept")
        one = verbs_of.add_parser("show", help="the YAML of one")
        for name in ("portfolio", "name"):
            one.add_argument(name)

    def handle(self, *, verb: str, **options: Any) -> None:
        getattr(self, verb)(**options)

    def load(
        self,
        *,
        path: Path,
        portfolio: str | None,
        mapping: Path | None,
        approve: list[str],
        by: str | None,
        **options: Any,
    ) -> None:
        actor = _person(by)
        if approve and actor is None:
            raise CommandError("An approval needs a name: --by USERNAME.")
        layout = _text_of(mapping) if mapping else ""
        with Bars() as bars:
            try:
                delivery = load_delivery(
                    path,
                    now=timezone.now(),
                    portfolio_code=portfolio,
                    actor=actor,
                    progress=bars.tell,
                    approved=[f"intake.{code.removeprefix('intake.')}" for code in approve],
                    mapping=layout,
                )
            except Forbidden as forbidden:
                raise CommandError(str(forbidden)) from None
        self.tell(delivery, as_json_line=options["json"])
        if delivery.state != Delivery.State.APPLIED:
            sys.exit(NOT_APPLIED)

    def show(self, *, id: int, **options: Any) -> None:
        delivery = Delivery.objects.filter(pk=id).first()
        if delivery is None:
            raise CommandError(f"There is no delivery {id}.")
        self.tell(delivery, as_json_line=options["json"])

    def mapping(self, *, what: str, **options: Any) -> None:
        found = Mapping.objects.select_related("portfolio").order_by("portfolio__code", "name")
        if what == "list":
            for one in found:
                self.stdout.write(f"{one.portfolio.code}  {one.name}  {one.changed_at:%Y-%m-%d}")
            return
        code, name = options["portfolio"], options["name"]
        if what == "show":
            kept = found.filter(portfolio__code=code, name=name).first()
            if kept is None:
                raise CommandError(f"{code} has no mapping {name}.")
            self.stdout.write(kept.text)
            return
        portfolio = Portfolio.objects.filter(code=code).first()
        if portfolio is None:
            raise CommandError(f"There is no portfolio {code}.")
        try:
            keep_mapping(
                portfolio=portfolio,
                name=name,
                text=_text_of(options["file"]),
                actor=_person(options["by"]),
                now=timezone.now(),
            )
        except Refused as refused:
            raise CommandError("\n".join(refusal.text for refusal in refused.refusals)) from None
        except Forbidden as forbidden:
            raise CommandError(str(forbidden)) from None
        self.stdout.write(f"{code}: mapping {name} is kept.")

    def tell(self, delivery: Delivery, *, as_json_line: bool) -> None:
        if as_json_line:
            self.stdout.write(json.dumps(as_json(delivery), ensure_ascii=False))
        else:
            Console(file=cast(IO[str], self.stdout._out)).print(as_text(delivery))


def _person(name: str | None) -> Agent | None:
    found = Agent.objects.filter(username=name).first() if name else None
    if name and found is None:
        raise CommandError(f"No such person: {name}.")
    return found


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None


class Bars:
    """One bar for each thing that is being done; nothing where nobody watches."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def tell(self, what: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` is done."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=done, total=total)
