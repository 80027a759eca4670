"""``dunwell demo``: from nothing to a served workbench over real overdue accounts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from rich.console import Console

from dunwell.accounts.models import Snapshot
from dunwell.database import roles
from dunwell.daybook.jobs import run_days
from dunwell.daybook.queries import business_date
from dunwell.demo.deliveries import make_deliveries
from dunwell.demo.people import hire, open_portfolio, take_promises, work_a_little
from dunwell.intake.actions import load_delivery
from dunwell.intake.models import Delivery
from dunwell.parties.models import Portfolio

CODE = "TW-DEMO"
SEED = 2005
# The promises of this statement day are due before the next one.
PROMISED_AFTER = 5


class Command(BaseCommand):
    help = "Load the demo portfolio, run its days and serve the workbench."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--small", action="store_true", help="2,000 accounts instead of 30,000")
        parser.add_argument("--no-serve", action="store_true", help="stop when the data are ready")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--last-day", type=date.fromisoformat, help="of the last statement")

    def handle(self, *, small: bool, no_serve: bool, port: int, **options: Any) -> None:
        console = Console(stderr=True)
        console.print("==> Preparing the database")
        call_command("migrate", verbosity=0)
        accounts = 2000 if small else None
        word = self.staff(accounts or 30_000)
        last = options["last_day"] or timezone.localdate() - timedelta(days=1)
        self.load(accounts, last, console)
        self.tell(word, port, no_serve)
        if not no_serve:
            self.serve(port)

    def staff(self, accounts: int) -> str:
        """Return the password of the demo's people; kept, so that a second run tells the same."""
        open_portfolio(CODE, now=timezone.now())
        path = Path(settings.HOME) / "demo-password"
        if path.exists():
            return path.read_text()
        word = hire(accounts=accounts, now=timezone.now())
        path.touch(mode=0o600)
        path.write_text(word)
        return word

    def load(self, accounts: int | None, last: date, console: Console) -> None:
        portfolio = Portfolio.objects.get(code=CODE)
        found = Snapshot.objects.filter(portfolio=portfolio).count()
        if found == 6 and business_date(portfolio):
            console.print("==> The demo data are there already")
            return
        if found:
            raise CommandError(
                f"Only {found} of 6 statement days are loaded. Start afresh: remove the folder "
                f"{settings.HOME} and run make demo again."
            )
        console.print("==> Making six statement days from the UCI credit-card data (CC BY 4.0)")
        folder = Path(settings.HOME) / "demo"
        for number, path in enumerate(
            make_deliveries(folder, last_day=last, accounts=accounts, seed=SEED), start=1
        ):
            delivery = load_delivery(path, now=timezone.now())
            if delivery.state != Delivery.State.APPLIED or delivery.business_date is None:
                raise CommandError(f"{path.name} was {delivery.state}: {delivery.report}")
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            days = run_days(portfolio, delivery.business_date, clock=timezone.now, skip_quiet=True)
            console.print(
                f"    statement day {number} of 6: {delivery.business_date}, {delivery.rows:,} rows,"
                f" {len(days)} day run"
            )
            if number == PROMISED_AFTER:
                take_promises(CODE, now=timezone.now())
        worked = datetime.combine(last, time(15), tzinfo=ZoneInfo(portfolio.time_zone))
        calls = work_a_little(portfolio, now=min(worked, timezone.now()))
        console.print(f"    {calls} calls written down")

    def tell(self, word: str, port: int, no_serve: bool) -> None:
        where = "" if no_serve else f"Open http://127.0.0.1:{port}/ and "
        self.stdout.write(
            f"{where}sign in with the password {word} as\n"
            "  early.001   催收员 collector      lead.early  组长 lead\n"
            "  operations  运营 operations      strategy    策略 strategy (and strategy.2)\n"
            "  compliance  合规 compliance      auditor     审计 auditor\n"
            "  admin       管理员 administrator"
        )

    def serve(self, port: int) -> None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                raise CommandError(
                    f'Port {port} is taken. Choose another: make demo ARGS="--port {port + 1}"'
                )
        words = [
            sys.executable, "-m", "gunicorn", "dunwell.project.wsgi", "--bind", f"127.0.0.1:{port}",
            "--workers", "2", "--log-level", "warning", "--no-control-socket",
        ]  # fmt: skip
        # Whoever finds a hole in the pages finds no way to the tables' owner.
        env = {name: value for name, value in os.environ.items() if name != roles.VARIABLE}
        server = subprocess.Popen(words, env=env)
        # Ended by a service manager or a closed window, it must not leave the port taken.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        self.stdout.write("Serving. Ctrl-C stops it.")
        try:
            server.wait()
        except KeyboardInterrupt:
            server.terminate()
            server.wait()
