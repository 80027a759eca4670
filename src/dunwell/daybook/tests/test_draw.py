"""The day draws experiment arms with a key that is nobody's to know."""

import pytest

from dunwell.cases.models import Case
from dunwell.daybook.facts import EXPERIMENT
from dunwell.daybook.jobs import run_days
from dunwell.portfolio.arms import arm_of
from dunwell.strategy.actions import install_default_tables
from dunwell.testing import make

SHARES = {"champion": 5000, "control": 5000}
PEOPLE = 48
OTHER = "another key, as long as one must be"


@pytest.fixture
def portfolio(committed_db):
    made = make.portfolio(currency="TWD", experiment_shares=SHARES)
    for number in range(PEOPLE):
        make.position(make.account(make.party(made, customer_ref=f"draw-{number:03}")))
    install_default_tables(now=make.NOW, in_force_from=make.DAY)
    return made


def drawn(portfolio):
    run_days(portfolio, make.DAY, clock=lambda: make.NOW)
    return dict(Case.objects.values_list("party__customer_ref", "arm"))


def expected(portfolio, key):
    return {
        ref: arm_of(ref, key=key, experiment=EXPERIMENT, shares=SHARES)
        for ref in (f"draw-{number:03}" for number in range(PEOPLE))
    }


def test_nobody_without_the_key_can_tell_an_arm(portfolio, settings):
    settings.EXPERIMENT_KEY = OTHER
    arms = drawn(portfolio)

    assert arms == expected(portfolio, f"{OTHER}/{portfolio.code}")
    assert arms != expected(portfolio, portfolio.code)
    assert arms != expected(portfolio, f"yet {OTHER}/{portfolio.code}")
    assert set(arms.values()) == set(SHARES)
