"""``dunwell staff``: people join, get a password, change their work, and leave."""

from __future__ import annotations

import argparse
import getpass
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from dunwell.kernel.refusal import Refused
from dunwell.staff.actions import (
    add_agent,
    add_team,
    change_agent,
    leave,
    set_password,
    unlock,
)
from dunwell.staff.models import Agent, Role


class Command(BaseCommand):
    help = (
        "List the staff; add or change somebody, set a password, unlock a name, let somebody leave."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(
            dest="verb", required=True, parser_class=argparse.ArgumentParser
        )
        verbs.add_parser("list")
        team = verbs.add_parser("team", help="make a team")
        team.add_argument("code")
        team.add_argument("name")
        add = verbs.add_parser("add", help="the password is asked for, or DUNWELL_PASSWORD")
        add.add_argument("username")
        add.add_argument("--name", required=True)
        add.add_argument("--role", choices=Role.values, required=True)
        add.add_argument("--team", default="")
        add.add_argument("--queues", default="", help="comma-separated")
        add.add_argument("--languages", default="zh", help="comma-separated")
        add.add_argument("--capacity", type=int, default=0)
        change = verbs.add_parser("set", help="what is left out stays as it is")
        change.add_argument("username")
        away = change.add_mutually_exclusive_group()
        away.add_argument("--available", action="store_true", default=None, dest="available")
        away.add_argument(
            "--away", action="store_false", dest="available",
            help="the next day's run gives his cases to others",
        )  # fmt: skip
        change.add_argument("--capacity", type=int, help="cases at most")
        change.add_argument("--queues", help="comma-separated")
        change.add_argument("--languages", help="comma-separated")
        change.add_argument("--team", help="code of a team")
        for verb in ("password", "unlock", "leave"):
            verbs.add_parser(verb).add_argument("username")

    def handle(self, *, verb: str, **options: Any) -> None:
        try:
            getattr(self, f"do_{verb}")(**options)
        except Refused as refused:
            raise CommandError("\n".join(one.text for one in refused.refusals)) from None

    def do_list(self, **options: Any) -> None:
        table = Table("name", "sign-in", "role", "team", "queues", "cases at most")
        for agent in Agent.objects.select_related("team").order_by("team", "username"):
            team = agent.team.code if agent.team else ""
            role = agent.role if agent.is_active else f"{agent.role} (left)"
            role += " (away)" if agent.is_active and not agent.available else ""
            table.add_row(
                agent.name, agent.username, role, team, " ".join(agent.queues), str(agent.capacity)
            )
        Console().print(table)

    def do_team(self, *, code: str, name: str, **options: Any) -> None:
        self.stdout.write(f"team {add_team(code, name, now=timezone.now()).code}")

    def do_add(self, **options: Any) -> None:
        agent = add_agent(
            username=options["username"],
            name=options["name"],
            role=options["role"],
            team=options["team"],
            queues=_listed(options["queues"]),
            languages=_listed(options["languages"]),
            capacity=options["capacity"],
            password=_password(),
            actor=None,
            now=timezone.now(),
        )
        self.stdout.write(f"{agent.username} can sign in and then chooses a password")

    def do_set(self, *, username: str, **options: Any) -> None:
        agent = change_agent(
            username,
            actor=None,
            now=timezone.now(),
            team=options["team"],
            queues=None if options["queues"] is None else _listed(options["queues"]),
            languages=None if options["languages"] is None else _listed(options["languages"]),
            capacity=options["capacity"],
            available=options["available"],
        )
        self.stdout.write(
            f"{agent.username}: team {agent.team.code if agent.team else '-'}, "
            f"queues {' '.join(agent.queues) or '-'}, languages {' '.join(agent.languages) or '-'}, "
            f"{agent.capacity} cases at most, {'at work' if agent.available else 'away'}"
        )

    def do_password(self, *, username: str, **options: Any) -> None:
        set_password(username, _password(), actor=None, now=timezone.now())
        self.stdout.write(f"{username} has a new password, and changes it at the next sign-in")

    def do_unlock(self, *, username: str, **options: Any) -> None:
        unlock(username, actor=None, now=timezone.now())
        self.stdout.write(f"{username} is not locked")

    def do_leave(self, *, username: str, **options: Any) -> None:
        leave(username, actor=None, now=timezone.now())
        self.stdout.write(f"{username} has left")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _password() -> str:
    """Take the password from DUNWELL_PASSWORD or the terminal, never from the command line."""
    return os.environ.get("DUNWELL_PASSWORD") or getpass.getpass("Password: ")
