"""``dunwell tables``: the shipped set comes into force once."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import call_command

from dunwell.strategy.queries import in_force

pytestmark = pytest.mark.django_db


def test_the_shipped_tables_are_installed_once(capsys):
    call_command("tables", "install", "--from", "2026-03-01")
    call_command("tables", "install", "--from", "2026-04-01")

    assert in_force("treatment", date(2026, 3, 1)).version == 1
    out = capsys.readouterr().out
    assert "1 in force from 2026-03-01" in out and "nothing to do" in out
    call_command("tables", "list")
    assert "treatment" in capsys.readouterr().out


def test_installed_without_a_day_they_decide_on_the_day_of_the_first_delivery_too():
    call_command("tables", "install")

    assert in_force("treatment", date(2020, 1, 1)).version == 1
