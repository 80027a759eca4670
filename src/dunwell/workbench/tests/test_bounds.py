"""Nobody fills the disk from a browser: a body is refused by its length, unread."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client

from dunwell.staff.models import Role
from dunwell.testing import make
from dunwell.workbench.bounds import FORM_BYTES

pytestmark = pytest.mark.django_db


@pytest.fixture
def spooled(monkeypatch):
    made = []
    init = TemporaryUploadedFile.__init__
    monkeypatch.setattr(
        TemporaryUploadedFile, "__init__", lambda *a, **k: (made.append(a), init(*a, **k))[1]
    )
    return made


def file(size):
    return {"file": SimpleUploadedFile("x.zip", b"0" * size)}


@pytest.mark.parametrize("path", ["/sign-in/", "/deliveries/load/", "/tables/upload/", "/nowhere/"])
def test_a_stranger_sends_no_more_than_a_form(path, spooled):
    browser = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    browser.cookies["csrftoken"] = "a" * 32

    answer = browser.post(path, file(FORM_BYTES))

    assert (answer.status_code, spooled) == (413, [])
    assert "What was sent is too large." in answer.content.decode()


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [(Role.OPERATIONS, "/deliveries/load/", 302), (Role.OPERATIONS, "/days/run/", 413),
     (Role.AUDITOR, "/deliveries/load/", 413), (Role.STRATEGY, "/tables/upload/", 413)],
)  # fmt: skip
def test_only_a_delivery_may_be_larger(role, path, status, at, settings, tmp_path):
    settings.DUNWELL_UPLOADS = str(tmp_path)
    browser = at(make.agent(role))

    assert browser.post(path, file(FORM_BYTES)).status_code == status


def test_a_delivery_has_a_bound_too(at, settings, spooled):
    settings.DUNWELL_UPLOAD_BYTES = FORM_BYTES + 1000

    answer = at(make.agent(Role.OPERATIONS)).post("/deliveries/load/", file(FORM_BYTES + 1000))

    assert (answer.status_code, spooled) == (413, [])


@pytest.mark.parametrize(
    ("header", "status"),
    [({"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}, 411),
     ({"CONTENT_LENGTH": "-1"}, 400), ({"CONTENT_LENGTH": "١"}, 400),
     ({"CONTENT_LENGTH": "9" * 40}, 400)],
)  # fmt: skip
def test_a_length_must_be_told(header, status):
    assert Client().generic("POST", "/sign-in/", b"", **header).status_code == status
