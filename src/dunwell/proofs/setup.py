"""A portfolio, staff and tables for a scratch database: ``python -m dunwell.proofs.setup``."""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dunwell.project.settings")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 - Django must be set up first
from django.utils import timezone  # noqa: E402

from dunwell.demo.people import hire, open_portfolio, take_promises  # noqa: E402
from dunwell.staff.models import Agent  # noqa: E402


def main(code: str, what: str) -> None:
    """Set up the portfolio ``code`` for ``what`` accounts; or, on a portfolio that is set up,
    take ``promises`` on its cases or give its staff known ``passwords:WORD``.
    """
    now = timezone.now()
    if what.startswith("passwords:"):
        Agent.objects.update(password=make_password(what.removeprefix("passwords:")))
        return
    if what == "promises":
        take_promises(code, now=now)
        return
    open_portfolio(code, now=now)
    hire(accounts=int(what), now=now)


if __name__ == "__main__":
    main(*sys.argv[1:3])
