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


def test_terms_are_given_at_the_opening_and_changed_later(capsys):
    call_command(
        "portfolio", "open", "JP-1", *GIVEN, "--currency", "JPY", "--grace-days", "0",
        "--tolerance", "500", "--error-limit", "2000",
    )  # fmt: skip
    made = Portfolio.objects.get()
    assert (made.grace_days, made.tolerance_minor, made.error_limit_ppm) == (0, 500, 2000)

    call_command(
        "portfolio", "set", "JP-1", "--tolerance", "1000", "--ladder", "card", "--arm", "a=10000"
    )

    told = capsys.readouterr().out
    assert "tolerance_minor: 500 -> 1000; the next day's run ages by it" in told
    assert "ladder: stricter -> card" in told and "grace_days" not in told
    made.refresh_from_db()
    assert (made.tolerance_minor, made.ladder) == (1000, "card")
    assert made.experiment_shares == {"a": 10000}
    call_command("portfolio", "set", "JP-1", "--no-experiment")
    made.refresh_from_db()
    assert made.experiment_shares == {}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["NONE", "--grace-days", "5"], "no portfolio NONE"),
        (["CN-1"], "Nothing would change"),
        (["CN-1", "--tolerance", "ten"], "--tolerance ten: write an amount in CNY"),
        (["CN-1", "--tolerance", "0.001"], "--tolerance 0.001"),
    ],
)
def test_a_change_that_cannot_be_is_told(typed, told):
    call_command("portfolio", "open", "CN-1", *GIVEN)
    with pytest.raises(CommandError, match=told):
        call_command("portfolio", "set", *typed)
