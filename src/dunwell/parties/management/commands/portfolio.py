"""``dunwell portfolio``: a portfolio is opened, and which there are."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from dunwell.kernel.refusal import Refused
from dunwell.parties.actions import create_portfolio
from dunwell.parties.models import Portfolio


class Command(BaseCommand):
    help = "Open a portfolio, or list those there are."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(
            dest="verb", required=True, parser_class=argparse.ArgumentParser
        )
        verbs.add_parser("list")
        make = verbs.add_parser("open", help="deliveries name it by its code")
        make.add_argument("code")
        make.add_argument("--name", required=True)
        make.add_argument("--issuer", required=True, help="code of the bank that is owed")
        make.add_argument("--issuer-name", default="", help="if the bank is new here")
        make.add_argument("--currency", required=True, help="such as CNY")
        make.add_argument("--country", required=True, help="such as CN")
        make.add_argument("--time-zone", required=True, help="such as Asia/Shanghai")
        make.add_argument("--language", default="zh", help="that most cardholders speak")
        make.add_argument(
            "--ladder", choices=Portfolio.Ladder.values, default=Portfolio.Ladder.STRICTER,
            help="how asset classes follow from days past due",
        )  # fmt: skip
        make.add_argument(
            "--arm", action="append", default=[], metavar="NAME=SHARE",
            help="an experiment arm and its share in ten-thousandths; they add up to 10000",
        )  # fmt: skip

    def handle(self, *, verb: str, **options: Any) -> None:
        if verb == "list":
            self.list()
            return
        try:
            portfolio = create_portfolio(
                code=options["code"],
                name=options["name"],
                issuer_code=options["issuer"],
                issuer_name=options["issuer_name"] or options["issuer"],
                currency=options["currency"],
                country=options["country"],
                time_zone=options["time_zone"],
                language=options["language"],
                ladder=options["ladder"],
                experiment_shares=_shares(options["arm"]),
                actor=None,
                now=timezone.now(),
            )
        except Refused as refused:
            raise CommandError("\n".join(one.text for one in refused.refusals)) from None
        self.stdout.write(
            f"portfolio {portfolio.code} is open. Next: dunwell tables install, then"
            " dunwell intake load"
        )

    def list(self) -> None:
        table = Table("code", "name", "issuer", "currency", "time zone", "ladder")
        for one in Portfolio.objects.select_related("issuer").order_by("code"):
            table.add_row(
                one.code, one.name, one.issuer.name, one.currency, one.time_zone, one.ladder
            )
        Console().print(table)


def _shares(given: list[str]) -> dict[str, int]:
    shares = {}
    for one in given:
        name, _, share = one.partition("=")
        if not share.isascii() or not share.isdigit():
            raise CommandError(f"--arm {one}: write NAME=SHARE, such as champion=9000")
        shares[name] = int(share)
    return shares
