"""Whatever is typed on a case: no card number is kept, and the writer is told."""

from __future__ import annotations

import pytest
from django.core.serializers import serialize
from django.utils import timezone

from dunwell.audit.models import Event
from dunwell.cases.models import Case, Entry, Hold
from dunwell.plans.models import Promise
from dunwell.testing import make
from dunwell.workbench.tests.conftest import tomorrow

TYPED = "card 4111 1111 1111 1111 cvv 123"
KEPT = "card [card ****1111] cvv ***"
CALL = {"outcome": "rpc_promise", "reason": "forgot", "willingness": "3", "ability": "3",
        "promise_amount": "10", "promise_due": tomorrow()}  # fmt: skip
ACTS = {
    "note": ("note/", {"note": TYPED}),
    "call": (
        "call/",
        {"outcome": "rpc_dispute", "note": TYPED, "willingness": "1", "ability": "1"},
    ),
    "promise": ("call/", {**CALL, "promise_method": "4111111111111111"}),
    "hold": ("hold/", {"kind": "complaint", "evidence": TYPED}),
    "lift": ("hold/dispute/lift/", {"reason": TYPED}),
    "withdraw": ("promise/%(promise)s/withdraw/", {"reason": TYPED}),
    "reveal": ("contact/%(phone)s/", {"reason": TYPED}),
}


def everything_written() -> str:
    return "".join(
        serialize("json", model.objects.all()) for model in (Entry, Event, Hold, Promise, Case)
    )


@pytest.mark.parametrize("act", ACTS)
def test_card_data_is_masked_before_it_is_written(act, house, at):
    path, typed = ACTS[act]
    if act == "promise":
        house.promise.state, house.promise.decided_on = "withdrawn", timezone.localdate()
        house.promise.save()
    browser = at(house.bo if act == "lift" else house.ada)
    named = {"promise": house.promise.pk, "phone": house.phone.pk}

    answer = browser.post(f"/case/{house.case.pk}/{path % named}", typed)

    assert answer.status_code in (200, 302)
    written = everything_written()
    assert "4111" not in written
    assert ("[card ****1111]" if act == "promise" else KEPT) in written
    assert "was masked" in browser.get(f"/case/{house.case.pk}/").content.decode()


def test_a_reason_to_reassign_is_masked_too(house, at):
    browser, to = at(house.bo), make.agent()

    browser.post("/team/reassign/", {"case": house.case.pk, "to": to.username, "reason": TYPED})

    assert "4111" not in everything_written() and KEPT in everything_written()
    assert "was masked" in browser.get("/team/").content.decode()


def test_of_other_texts_nothing_is_said(house, at):
    browser = at(house.ada)

    browser.post(f"/case/{house.case.pk}/note/", {"note": "pays by card 4111 on 2026-03-14"})

    assert "was masked" not in browser.get(f"/case/{house.case.pk}/").content.decode()
