"""Deliveries on screen: masked rows, approvals, mappings, and what may not come in at all."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dunwell.accounts.models import Payment
from dunwell.audit.models import Event
from dunwell.intake import uploads
from dunwell.intake.actions import load_delivery
from dunwell.intake.models import Delivery, Mapping, QuarantinedRow
from dunwell.intake.tests import making
from dunwell.staff.models import Role
from dunwell.testing import make
from dunwell.workbench.tests.conftest import told

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def ops(at):
    return at(make.agent(Role.OPERATIONS))


@pytest.fixture
def kept(settings, tmp_path):
    settings.DUNWELL_UPLOADS = str(tmp_path / "uploads")
    return lambda: sorted(Path(settings.DUNWELL_UPLOADS).glob("*/*"))


def packed(folder, name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    return SimpleUploadedFile(name, out.getvalue())


def waiting(tmp_path, kind, **change):
    making.portfolio()
    rows = making.good()
    rows[kind][-1].update(change)
    load_delivery(making.write(tmp_path / "d", rows, with_totals=False), now=making.NOW)
    return QuarantinedRow.objects.get(kind=kind)


def test_a_row_is_masked_until_it_is_revealed_for_a_reason(tmp_path, ops):
    row = waiting(tmp_path, "customers", gender="Q", id_number="11010519491231002X")

    page = ops.get(f"/quarantine/{row.pk}/").content.decode()
    without = ops.post(f"/quarantine/{row.pk}/reveal/", {"reason": " "})
    whole = ops.post(f"/quarantine/{row.pk}/reveal/", {"reason": "the bank asks"})

    for secret in ("11010519491231002X", "张伟", "1985-02-28"):
        assert secret not in page + without.content.decode()
        assert secret in whole.content.decode()
    assert 'name="v-gender"' in page and 'name="v-name"' not in page
    assert (without.status_code, told(without).split(":")[0]) == (422, "intake.reveal_reason")
    assert Event.objects.get(kind="intake.row_revealed").data["reason"] == "the bank asks"


def test_a_forged_release_is_refused(tmp_path, ops):
    row = waiting(tmp_path, "payments", amount="1e5")
    sent = {f"v-{name}": value for name, value in row.values.items()}
    sent |= {"v-account_ref": "A000002", "v-payment_ref": "FORGED", "v-amount": "99999.00"}

    answer = ops.post(f"/quarantine/{row.pk}/release/", sent)

    assert (answer.status_code, told(answer).split(":")[0]) == (422, "intake.release_other_column")
    assert Payment.objects.count() == 1
    odd = ops.post(f"/quarantine/{row.pk}/release/", {"v-amount": "9\0", "v-\0": "x"})
    assert odd.status_code == 422


def test_a_held_upload_is_approved_on_its_page(tmp_path, ops, kept):
    making.portfolio()
    day = making.DAY + timedelta(days=3650)
    file = packed(making.write(tmp_path / "d", day=day), "账" * 190 + ".zip")

    page = ops.post("/deliveries/load/", {"file": file}, follow=True)
    waits = Delivery.objects.get()
    assert (waits.state, len(kept())) == ("held", 1)
    assert f"/deliveries/{waits.pk}/approve/" in page.content.decode()
    without = ops.post(f"/deliveries/{waits.pk}/approve/")
    done = ops.post(f"/deliveries/{waits.pk}/approve/", {"reason": "a test of years"}, follow=True)

    assert (without.status_code, told(without).split(":")[0]) == (422, "intake.approve_reason")
    assert done.context["delivery"].state == "applied"
    assert done.context["delivery"].name == waits.name
    assert kept() == []
    assert (
        f"/deliveries/{done.context['delivery'].pk}/"
        in ops.get(f"/deliveries/{waits.pk}/").content.decode()
    )


def test_what_is_not_held_is_not_kept(tmp_path, ops, kept):
    ops.post("/deliveries/load/", {"file": SimpleUploadedFile("x.zip", b"PK no")})

    assert (Delivery.objects.get().state, kept()) == ("refused", [])


def test_a_mapping_is_kept_from_a_file_and_shown(ops):
    making.portfolio()
    text = "payments:\n  columns: {amount: Betrag}\n"
    given = {"portfolio": making.CODE, "name": "bank-1"}

    page = ops.post(
        "/deliveries/mappings/keep/",
        {**given, "file": SimpleUploadedFile("b.yaml", text.encode())},
        follow=True,
    ).content.decode()

    assert Mapping.objects.get().text == text
    assert "bank-1" in page and "Betrag" in page


@pytest.mark.parametrize(
    ("change", "body", "code"),
    [
        ({}, b"payments: {columnz: {}}", "intake.M01_mapping"),
        ({}, b"\xff", "intake.mapping_text"),
        ({"name": "a b"}, b"payments: {}", "intake.mapping_name"),
        ({"portfolio": "NONE"}, b"payments: {}", "form.portfolio"),
        ({"portfolio": "a\0b"}, b"payments: {}", "form.portfolio"),
        ({"name": "a\0"}, b"payments: {}", "form.name"),
    ],
)
def test_a_mapping_that_is_wrong_is_told_on_its_page(ops, change, body, code):
    making.portfolio()
    given = {"portfolio": making.CODE, "name": "bank-1", **change}

    answer = ops.post(
        "/deliveries/mappings/keep/", {**given, "file": SimpleUploadedFile("b.yaml", body)}
    )

    assert (answer.status_code, told(answer).split(":")[0]) == (422, code)
    assert not Mapping.objects.exists()


def test_an_auditor_sees_mappings_and_keeps_none(at):
    browser = at(make.agent(Role.AUDITOR))

    assert 'type="file"' not in browser.get("/deliveries/mappings/").content.decode()
    assert browser.post("/deliveries/mappings/keep/").status_code == 403


def test_an_upload_that_nobody_approved_goes_after_a_fortnight(settings, tmp_path):
    settings.DUNWELL_UPLOADS = str(tmp_path / "uploads")
    now = timezone.now()

    old = uploads.keep([b"a", b"b"], now=now)
    assert old.read_bytes() == b"ab"
    uploads.keep([b""], now=now + timedelta(days=13))
    assert old.exists()
    uploads.keep([b""], now=now + timedelta(days=15))

    assert not old.parent.exists()
    uploads.drop(tmp_path / "elsewhere" / "delivery.zip")
    assert tmp_path.exists()
