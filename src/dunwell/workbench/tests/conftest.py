"""A small house for the views: two teams, a case with everything on it, one of each record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dunwell.cases.models import Case, Entry, Hold
from dunwell.daybook.models import Figure, StepRun
from dunwell.daybook.rules import STEPS
from dunwell.intake.models import Delivery, QuarantinedRow
from dunwell.parties.models import ContactPoint
from dunwell.plans.models import Promise
from dunwell.staff.models import Agent, Role
from dunwell.strategy.actions import install_default_tables
from dunwell.strategy.models import TableVersion
from dunwell.testing import make

BACKEND = "dunwell.staff.backend.CountedBackend"


@dataclass
class House:
    """Who and what the tests of the views need."""

    ada: Agent  # collector
    bo: Agent  # her lead
    cy: Agent  # collector of another team
    case: Case
    phone: ContactPoint
    promise: Promise
    hold: Hold
    delivery: Delivery
    row: QuarantinedRow
    table: TableVersion

    @property
    def code(self) -> str:
        return self.case.portfolio.code


@pytest.fixture
def house(db: None) -> House:
    ada = make.agent(username="ada", name="Ada")
    bo = make.agent(Role.LEAD, username="bo", name="Bo")
    cy = make.agent(username="cy", name="Cy", team=make.team("late"))
    case = make.case(collector=ada)
    portfolio = case.portfolio
    phone = make.phone(case.party)
    promise = Promise.objects.create(
        case=case, amount_minor=50_000, currency="CNY", due_on=make.DAY + timedelta(days=5),
        counts_until=make.DAY + timedelta(days=6), tolerance_minor=100, taken_by=ada,
        taken_at=make.NOW, taken_on=make.DAY,
    )  # fmt: skip
    hold = Hold.objects.create(
        party=case.party, kind="dispute", from_on=make.DAY, evidence="letter of 3 March", set_by=ada
    )
    entry(case, "note", actor=ada, note="first of all")
    run_day(portfolio)
    delivery = deliver(portfolio)
    install_default_tables(now=make.NOW, in_force_from=make.DAY)
    return House(
        ada, bo, cy, case, phone, promise, hold, delivery, waiting(delivery, 2),
        TableVersion.objects.get(code="treatment"),
    )  # fmt: skip


def entry(case: Case, kind: str, **fields: object) -> Entry:
    return Entry.objects.create(
        case=case, kind=kind, business_date=make.DAY, happened_at=make.NOW, **fields
    )


def run_day(portfolio, day=make.DAY) -> None:
    """Put the records of a whole day there, and a key figure of each kind that is drawn."""
    for step in STEPS:
        StepRun.objects.create(
            portfolio=portfolio, day=day, step=step, inputs_sha256="0" * 64,
            produced={"accounts": 1}, started_at=make.NOW, finished_at=make.NOW,
        )  # fmt: skip
    for name, key in (("bucket", "1"), ("roll", "0>1"), ("queue", "early"), ("treatment", "x")):
        Figure.objects.create(
            portfolio=portfolio, day=day, name=name, key=key, count=1, amount_minor=100_000
        )


def deliver(portfolio, name="P-2026-03-09.zip", day=make.DAY) -> Delivery:
    return Delivery.objects.create(
        portfolio=portfolio, business_date=day, name=name, sha256=name.ljust(64, "0")[:64],
        state="applied", rows=3, rows_at_fault=1, received_at=datetime(2026, 3, 9, tzinfo=UTC),
    )  # fmt: skip


def waiting(delivery: Delivery, number: int) -> QuarantinedRow:
    return QuarantinedRow.objects.create(
        delivery=delivery, file="accounts.csv", kind="accounts", row=number,
        faults=[{"column": "interest", "code": "intake.E08_number_style", "masked": "1e5"}],
        values={"account_ref": f"A{number}", "interest": "1e5"},
    )  # fmt: skip


@pytest.fixture
def at() -> Callable[[Agent], Client]:
    """Give the browser of somebody who is signed in; English, so that texts read as written."""

    def signed_in(agent: Agent, **headers: str) -> Client:
        client = Client(headers={"accept-language": "en", **headers})
        client.force_login(agent, backend=BACKEND)
        return client

    return signed_in


def told(answer) -> str:
    """Return the refusals on a page as plain text."""
    refusals = (answer.context or {}).get("refusals") or ()
    return " | ".join(f"{one.code}: {one.says}" for one in refusals)


def tomorrow(days: int = 1) -> str:
    return str(timezone.localdate() + timedelta(days=days))
