"""Every entry of the bad-input catalogue gets its verdict, its code and nothing by halves."""

from __future__ import annotations

import resource

import pytest
from django.apps import apps
from django.db import connection

from dunwell.intake.actions import load_delivery
from dunwell.intake.models import QuarantinedRow
from dunwell.intake.tests import making
from dunwell.intake.tests.catalogue import CASES
from dunwell.intake.tests.catalogue_workbooks import WORKBOOKS

pytestmark = pytest.mark.usefixtures("committed_db")
TALES = {"intake.Delivery", "audit.Event"}  # what happened is told whatever happened


def counts():
    """Return the rows of every table of ours but the tales."""
    models = [m for m in apps.get_models() if m.__module__.startswith("dunwell.")]
    return {m._meta.label: m.objects.count() for m in models if m._meta.label not in TALES}


def staged():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'stage'")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("case", [*CASES, *WORKBOOKS], ids=lambda case: case.id)
def test_the_verdict_is_the_catalogues(tmp_path, case):
    making.portfolio()
    path = case.make(tmp_path / "d")
    before, peak = counts(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    delivery = load_delivery(path, now=making.NOW)

    codes = {finding["code"] for finding in delivery.report["findings"]}
    assert delivery.state == case.state, codes
    if case.code:
        assert case.full_code in codes
    elif not case.waiting:
        assert codes == set()
    assert QuarantinedRow.objects.count() == case.waiting
    if case.state != "applied":
        assert counts() == before
    else:
        for file in delivery.report["files"]:
            assert file["rows"] == file["applied"] + file["quarantined"] + file["repeated"]
    assert staged() == 0
    # KiB: what a bomb may cost beyond what the tests before it took.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 400_000
