"""The tests' own database, in place of pytest-django's: made by the role that may make one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dunwell.database import scratch


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Make the database as its owner; migrate it and work in it as ``dunwell`` does.

    It is made whatever was collected: a test that asked for none would else be given the
    database that people work with.
    """
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    from dunwell.database.current import current_url

    url, name = current_url(), str(connection.settings_dict["TEST"]["NAME"])
    with django_db_blocker.unblock(), scratch.database(url, name):
        made = setup_databases(verbosity=0, interactive=False, keepdb=True, serialized_aliases=[])
        yield
        teardown_databases(made, verbosity=0, keepdb=True)
        connection.close()
