"""``dunwell portfolio``: a portfolio is opened or changed, and which there are."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from dunwell.kernel.money import DIGITS, BadAmount, Money
from dunwell.kernel.refusal import Refused
from dunwell.parties.actions import Changes, change_portfolio, create_portfolio
from dunwell.parties.models import Portfolio

# What changes, and from when; days that ran stay as they are.
FROM_WHEN = {
    "grace_days": "the next day's run ages by it, so cases may open or cure",
    "tolerance_minor": "the next day's run ages by it, so cases may open or cure",
    "ladder": "the next day's run classes all accounts by it",
    "error_limit_ppm": "the next delivery is judged by it",
    "experiment_shares": "cases that open from the next run on are drawn by it; arms that stand"
    " on open cases stay",
}


class Command(BaseCommand):
    help = "Open a portfolio, change its terms, or list those there are."
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
        _terms(make, new=True)
        change = verbs.add_parser("set", help="change a portfolio's terms from the next run on")
        change.add_argument("code")
        _terms(change, new=False)
        change.add_argument("--no-experiment", action="store_true", help="no arms any more")

    def handle(self, *, verb: str, **options: Any) -> None:
        if verb == "list":
            self.list()
            return
        try:
            if verb == "set":
                self.change(**options)
                return
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
                grace_days=options["grace_days"],
                tolerance_minor=_minor(options["tolerance"], options["currency"]),
                error_limit_ppm=options["error_limit"],
                actor=None,
                now=timezone.now(),
            )
        except Refused as refused:
            raise CommandError("\n".join(one.text for one in refused.refusals)) from None
        self.stdout.write(
            f"portfolio {portfolio.code} is open. Next: dunwell tables install, then"
            " dunwell intake load"
        )

    def change(self, code: str, **options: Any) -> None:
        of = Portfolio.objects.filter(code=code).first()
        shares = _shares(options["arm"]) or ({} if options["no_experiment"] else None)
        changes = Changes(
            grace_days=options["grace_days"],
            tolerance_minor=_minor(options["tolerance"], of.currency) if of else None,
            ladder=options["ladder"],
            error_limit_ppm=options["error_limit"],
            experiment_shares=shares,
        )
        changed = change_portfolio(code, changes, actor=None, now=timezone.now())
        for name, (was, new) in changed.items():
            self.stdout.write(f"{name}: {was} -> {new}; {FROM_WHEN[name]}")

    def list(self) -> None:
        table = Table(
            "code", "name", "issuer", "currency", "time zone", "ladder", "grace", "tolerance"
        )
        for one in Portfolio.objects.select_related("issuer").order_by("code"):
            table.add_row(
                one.code, one.name, one.issuer.name, one.currency, one.time_zone, one.ladder,
                str(one.grace_days), str(Money(one.tolerance_minor, one.currency)),
            )  # fmt: skip
        Console().print(table)


def _terms(verb: argparse.ArgumentParser, *, new: bool) -> None:
    """Add the terms that may be given at the opening and changed later."""
    verb.add_argument(
        "--ladder", choices=Portfolio.Ladder.values,
        default=Portfolio.Ladder.STRICTER if new else None,
        help="how asset classes follow from days past due",
    )  # fmt: skip
    verb.add_argument(
        "--grace-days", type=int, default=3 if new else None,
        help="days after the due date that are not yet overdue",
    )  # fmt: skip
    verb.add_argument(
        "--tolerance", metavar="AMOUNT",
        help="what may be past due and is not overdue, such as 10.00; at the opening 10 units",
    )  # fmt: skip
    verb.add_argument(
        "--error-limit", type=int, metavar="PPM", default=1000 if new else None,
        help="faulty rows, in parts per million, above which a delivery is refused",
    )  # fmt: skip
    verb.add_argument(
        "--arm", action="append", default=[], metavar="NAME=SHARE",
        help="an experiment arm and its share in ten-thousandths; they add up to 10000",
    )  # fmt: skip


def _minor(given: str | None, currency: str) -> int | None:
    if given is None or currency not in DIGITS:
        return None
    try:
        return Money.of(given, currency).minor
    except BadAmount:
        raise CommandError(
            f"--tolerance {given}: write an amount in {currency}, such as 10"
        ) from None


def _shares(given: list[str]) -> dict[str, int]:
    shares = {}
    for one in given:
        name, _, share = one.partition("=")
        if not share.isascii() or not share.isdigit():
            raise CommandError(f"--arm {one}: write NAME=SHARE, such as champion=9000")
        shares[name] = int(share)
    return shares
