"""The ``dunwell`` command: finds the database, then runs the asked command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dunwell.database.binaries import NoDatabase
from dunwell.database.embedded import Embedded
from dunwell.database.roles import VARIABLE

# These ask nothing of a database, so none is started for them.
WITHOUT_DATABASE = {"help", "--help", "-h", "--version", "version", "makemessages", "compilemessages", "collectstatic", "scorecard"}  # fmt: skip

# These make tables or databases, and are given the role that owns them.
AS_OWNER = {"migrate", "demo", "bench", "prove"}


def home() -> Path:
    """Return the folder of the embedded server: ``DUNWELL_HOME`` or ``./.dunwell``."""
    return Path(os.environ.get("DUNWELL_HOME", ".dunwell"))


def main(argv: list[str] | None = None) -> None:
    """Run one command; start the embedded database for it where no other is named."""
    argv = sys.argv if argv is None else argv
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dunwell.project.settings")
    command = argv[1] if len(argv) > 1 else "help"
    if command in WITHOUT_DATABASE or os.environ.get("DUNWELL_DATABASE_URL"):
        _run(argv)
        return
    try:
        server = Embedded(home())
        os.environ["DUNWELL_DATABASE_URL"] = server.enter()
        if command in AS_OWNER:
            os.environ[VARIABLE] = server.owner
    except NoDatabase as missing:
        print(f"dunwell: {missing}", file=sys.stderr)
        raise SystemExit(1) from None
    if command == "demo":
        server.keep_alive()
    try:
        _run(argv)
    finally:
        server.leave()


def _run(argv: list[str]) -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(argv)
