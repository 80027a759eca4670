"""``dunwell bench NAME``: measured figures, one JSON line on standard output."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dunwell.proofs.bench_day import bench_day
from dunwell.proofs.bench_pages import bench_pages


class Command(BaseCommand):
    help = "Measure: day (a portfolio's first load and steady day), pages (the desk's pages)."

    def add_arguments(self, parser: CommandParser) -> None:
        names = parser.add_subparsers(
            dest="name", required=True, parser_class=argparse.ArgumentParser
        )
        day = names.add_parser("day", help="first load and steady day against the floor")
        pages = names.add_parser("pages", help="worklist, Next and case page at a steady rate")
        for sub in (day, pages):
            sub.add_argument("--accounts", type=int, default=1_000_000)
            sub.add_argument("--seed", type=int, default=7)
            sub.add_argument(
                "--keep", action="store_true", help="keep the database for another look"
            )
        pages.add_argument("--seconds", type=int, default=30)
        pages.add_argument("--rate", type=int, default=20, help="requests a second")
        pages.add_argument("--reuse", action="store_true", help="use the database --keep left")

    def handle(self, *, name: str, **options: Any) -> None:
        def tell(text: str) -> None:
            self.stderr.write(text)

        benches: dict[str, Callable[..., dict[str, Any]]] = {"day": bench_day, "pages": bench_pages}
        wanted = ("accounts", "seed", "keep", "seconds", "rate", "reuse")
        given = {key: options[key] for key in wanted if key in options}
        self.stdout.write(json.dumps(benches[name](tell=tell, **given)))
