"""``dunwell prepare``: a portfolio, staff and tables for a scratch database of a proof."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from dunwell.demo.people import hire, move_cases, open_portfolio, take_promises
from dunwell.staff.models import Agent


class Command(BaseCommand):
    help = "Set up a scratch database of a bench or a proof; not for a database people work with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code")
        parser.add_argument("--accounts", type=int, help="open the portfolio and hire for as many")
        parser.add_argument("--promises", action="store_true", help="take promises on its cases")
        parser.add_argument("--moves", type=int, help="let leads move cases so many times")
        parser.add_argument("--seed", type=int, default=7, help="of the moves")
        parser.add_argument("--password", help="give everybody this password")

    def handle(self, *, code: str, accounts: int | None, **options: Any) -> None:
        now = timezone.now()
        if accounts:
            open_portfolio(code, now=now)
            hire(accounts=accounts, now=now)
        if options["promises"]:
            take_promises(code, now=now)
        if options["moves"]:
            move_cases(code, rounds=options["moves"], seed=options["seed"], now=now)
        if options["password"]:
            Agent.objects.update(password=make_password(options["password"]))
