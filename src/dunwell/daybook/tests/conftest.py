from __future__ import annotations

import pytest

from dunwell.daybook.tests.days import DAY
from dunwell.strategy.actions import install_default_tables
from dunwell.testing import make


@pytest.fixture
def portfolio(committed_db):
    made = make.portfolio(grace_days=3, tolerance_minor=100)
    install_default_tables(now=make.NOW, in_force_from=DAY)
    return made


@pytest.fixture
def wang(portfolio):
    """A cardholder twelve days past due."""
    person = make.party(portfolio, name="王小明")
    make.account(person, bucket=None)
    return person
