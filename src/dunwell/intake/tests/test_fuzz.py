"""Whatever bytes come, the loader answers, loses nothing and does nothing by halves."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunwell.accounts.models import Account
from dunwell.intake.actions import load_delivery
from dunwell.intake.models import QuarantinedRow
from dunwell.intake.tests import making
from dunwell.parties.models import Portfolio

GOOD = making.as_csv("accounts", making.accounts(6))
PIECES = st.sampled_from(
    [b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"'", b"-", b"1e5", "\u200b".encode(), b"\xe7\x8e"]
)
PLACE = st.integers(0, len(GOOD))
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), PLACE, st.binary(min_size=1, max_size=1)),
        st.tuples(st.just("insert"), PLACE, st.one_of(PIECES, st.binary(max_size=4))),
        st.tuples(st.just("cut"), PLACE, st.integers(1, 60)),
        st.tuples(st.just("repeat"), PLACE, st.integers(1, 200)),
    ),
    min_size=1,
    max_size=3,
)


def spoiled(edits) -> bytes:
    body = GOOD
    for how, place, what in edits:
        if how == "flip":
            body = body[:place] + what + body[place + 1 :]
        elif how == "insert":
            body = body[:place] + what + body[place:]
        elif how == "cut":
            body = body[:place] + body[place + what :]
        else:
            body = body[:place] + body[place : place + what] * 2 + body[place + what :]
    return body


@pytest.mark.usefixtures("committed_db")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits=EDITS)
def test_any_bytes_get_an_answer_and_no_row_is_lost(edits):
    number = Portfolio.objects.count()
    code = f"P{number}"
    whose = making.portfolio(code)
    rows = {"customers": making.customers(6), "accounts": making.accounts(6)}
    with tempfile.TemporaryDirectory() as folder:
        path = making.write(
            Path(folder) / "d", rows, raw={"accounts": spoiled(edits)}, portfolio=code
        )
        delivery = load_delivery(path, now=making.NOW)

    mine = Account.objects.filter(portfolio=whose).count()
    if delivery.state != "applied":
        assert delivery.report["findings"]
        assert mine == 0
        return
    file = next(f for f in delivery.report["files"] if f["kind"] == "accounts")
    kept = QuarantinedRow.objects.filter(delivery=delivery, kind="accounts").count()
    assert (file["rows"], file["applied"], file["quarantined"]) == (6, mine, kept)
    assert mine + kept + file["repeated"] == 6
