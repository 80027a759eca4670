"""``dunwell tables``: the shipped decision tables come into force, and which there are."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from dunwell.strategy.actions import install_default_tables
from dunwell.strategy.models import TableVersion

# Before any delivery: the first one is of yesterday or older.
EVER = date(2000, 1, 1)


class Command(BaseCommand):
    help = "Bring the shipped decision tables into force where there are none, or list tables."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(
            dest="verb", required=True, parser_class=argparse.ArgumentParser
        )
        verbs.add_parser("list")
        install = verbs.add_parser("install", help="a table that has a version is left alone")
        install.add_argument(
            "--from", dest="since", type=date.fromisoformat, default=EVER, metavar="DATE",
            help="business day on which they come into force; default: %(default)s, so that"
            " also the days of earlier deliveries can be run",
        )  # fmt: skip

    def handle(self, *, verb: str, **options: Any) -> None:
        if verb == "install":
            since = options["since"]
            before = TableVersion.objects.count()
            install_default_tables(now=timezone.now(), in_force_from=since)
            made = TableVersion.objects.count() - before
            self.stdout.write(
                f"{made} in force from {since}" if made else "nothing to do: the tables are there"
            )
            return
        table = Table("table", "version", "state", "in force from")
        for one in TableVersion.objects.order_by("code", "version"):
            table.add_row(one.code, str(one.version), one.state, str(one.in_force_from or ""))
        Console().print(table)
