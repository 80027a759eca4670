"""``dunwell portfolio``, as an operator types it."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from dunwell.audit.models import Event
from dunwell.parties.models import Portfolio

pytestmark = pytest.mark.django_db
GIVEN = (
    "--name", "信用卡", "--issuer", "bank", "--issuer-name", "银行", "--currency", "CNY",
    "--country", "CN", "--time-zone", "Asia/Shanghai",
)  # fmt: skip


def test_a_portfolio_is_opened_and_listed(capsys):
    call_command("portfolio", "open", "CN-1", *GIVEN, "--arm", "a=9000", "--arm", "b=1000")

    portfolio = Portfolio.objects.get()
    assert (portfolio.code, portfolio.issuer.name) == ("CN-1", "银行")
    assert portfolio.experiment_shares == {"a": 9000, "b": 1000}
    assert Event.objects.filter(kind="parties.portfolio_opened").count() == 1
    call_command("portfolio", "list")
    assert "CN-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--currency", "XXQ"], "currency"),
        (["--time-zone", "Asia/Nowhere"], "zone"),
        (["--arm", "a"], "NAME=SHARE"),
        (["--arm", "a=9000"], "10"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_made(more, told):
    with pytest.raises(CommandError, match=told):
        call_command("portfolio", "open", "CN-1", *GIVEN, *more)
    assert not Portfolio.objects.exists()
