"""``dunwell prove NAME``: proofs of reliability, one line on standard output."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dunwell.proofs.prove_day import prove_day
from dunwell.proofs.prove_uci import prove_uci


class Command(BaseCommand):
    help = (
        "Prove: day (the daily run loses and doubles nothing, whatever kills it); "
        "uci (every real account aged as the plain-Python oracle and the data themselves say)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        names = parser.add_subparsers(
            dest="name", required=True, parser_class=argparse.ArgumentParser
        )
        day = names.add_parser(
            "day", help="kill -9 at random, a fault at every commit, planted bugs"
        )
        day.add_argument("--kills", type=int, default=100)
        day.add_argument("--accounts", type=int, default=2000)
        day.add_argument(
            "--beside", type=int, default=8, help="runs with a loader and leads at work beside"
        )
        day.add_argument("--seed", type=int, default=7)
        names.add_parser("uci", help="180,000 positions against the oracle")

    def handle(self, *, name: str, **options: Any) -> None:
        if name == "uci":
            line, passed = prove_uci(self.tell)
        else:
            line, passed = prove_day(
                kills=options["kills"],
                accounts=options["accounts"],
                beside=options["beside"],
                seed=options["seed"],
                tell=self.tell,
            )
        self.stdout.write(line)
        if not passed:
            raise SystemExit(1)

    def tell(self, text: str) -> None:
        self.stderr.write(text)
