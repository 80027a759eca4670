"""Decision tables on screen: read, compared, uploaded, approved, retired."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dunwell.staff.models import Role
from dunwell.strategy.models import TableVersion
from dunwell.testing import make
from dunwell.workbench.tests.conftest import told, tomorrow

TABLE = "/tables/treatment/1"


@pytest.fixture
def lin(house, at):
    return at(make.agent(Role.STRATEGY, username="lin"))


def sheet(browser) -> bytes:
    return browser.get(f"{TABLE}/file.csv").content


def upload(browser, data: bytes, name: str = "treatment.csv", **fields: str):
    given = {"file": SimpleUploadedFile(name, data), **fields}
    return browser.post("/tables/upload/", given)


def test_the_sheet_comes_down_in_both_forms_with_the_same_cells(lin):
    rows = sheet(lin).decode("utf-8-sig").split("\r\n")
    workbook = lin.get(f"{TABLE}/file.xlsx")
    cells = list(openpyxl.load_workbook(io.BytesIO(workbook.content)).active.values)

    assert workbook["Content-Disposition"] == 'attachment; filename="treatment-v1.xlsx"'
    assert len(cells) == len(rows) - 1
    assert rows[0].split(",") == list(cells[0])


def test_a_changed_sheet_becomes_a_draft_with_its_new_row_marked(lin):
    changed = sheet(lin).replace(b",60,", b",61,", 1)
    assert changed != sheet(lin)

    answer = upload(lin, changed, note="try one more")
    page = lin.get(answer["Location"])

    draft = TableVersion.objects.get(version=2)
    assert (draft.state, draft.note, draft.made_by.username) == ("draft", "try one more", "lin")
    assert sum(row["new"] for row in page.context["rows"]) == 1
    assert len(page.context["gone"]) == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.csv", b""),
        ("t.csv", b"\xff\xfe\x00"),
        ("t.csv", b"in:bucket:int,out:treatment:text\n1,x\n"),
        ("t.csv", b"a" * 3_000_000),
        ("t.xlsx", b"PK\x03\x04 broken"),
        ("t.xlsx", b"in:bucket:int"),
        ("t.exe", b"MZ"),
    ],
)
def test_a_sheet_that_is_no_table_is_refused_with_its_faults(name, data, lin):
    answer = upload(lin, data, name)

    assert answer.status_code == 422
    assert told(answer)
    assert TableVersion.objects.count() == 1


def test_every_fault_of_a_sheet_is_listed_with_its_row(lin):
    rows = sheet(lin).split(b"\r\n")
    rows[2], rows[4] = rows[2].replace(b",", b",=??=", 1), rows[4] + b",too,many"

    answer = upload(lin, b"\r\n".join(rows))

    assert len(answer.context["refusals"]) >= 2
    assert "row 3" in answer.content.decode().lower()


def test_nothing_chosen_is_told(lin):
    answer = lin.post("/tables/upload/")

    assert (answer.status_code, told(answer).split(":")[0]) == (422, "strategy.no_file")


def test_nobody_approves_his_own_draft_and_a_colleague_does(lin, at):
    upload(lin, sheet(lin).replace(b",60,", b",61,", 1))
    path, day = "/tables/treatment/2/approve/", {"day": tomorrow()}

    own = lin.post(path, day)
    colleague = at(make.agent(Role.STRATEGY)).post(path, day, follow=True)

    assert (own.status_code, told(own).split(":")[0]) == (422, "strategy.own_draft")
    assert f"Approved. It decides from {tomorrow()}." in colleague.content.decode()
    assert TableVersion.objects.get(version=2).state == "approved"


@pytest.mark.parametrize(
    ("day", "code"),
    [("", "strategy.which_day"), ("soon", "strategy.which_day"),
     (str(timezone.localdate() - timedelta(days=9)), "strategy.in_the_past")],
)  # fmt: skip
def test_a_day_that_cannot_be_is_refused(day, code, lin, at):
    upload(lin, sheet(lin))

    answer = at(make.agent(Role.STRATEGY)).post("/tables/treatment/2/approve/", {"day": day})

    assert (answer.status_code, told(answer).split(":")[0]) == (422, code)
    assert TableVersion.objects.get(version=2).state == "draft"


def test_an_approved_version_is_not_approved_again(lin):
    answer = lin.post(f"{TABLE}/approve/", {"day": tomorrow()})

    assert "strategy.not_a_draft" in told(answer)


def test_the_last_table_in_force_is_not_retired(lin):
    answer = lin.post(f"{TABLE}/retire/", {"day": tomorrow()})

    assert "strategy.nothing_left" in told(answer)
    assert TableVersion.objects.get().state == "approved"


def test_a_superseded_version_is_retired(lin, at):
    colleague = at(make.agent(Role.STRATEGY))
    upload(lin, sheet(lin))
    colleague.post("/tables/treatment/2/approve/", {"day": tomorrow()})

    answer = lin.post(f"{TABLE}/retire/", {"day": tomorrow(2)})

    assert answer["Location"] == f"{TABLE}/"
    assert TableVersion.objects.get(version=1).state == "retired"


def test_the_row_that_decided_a_case_is_lit(lin):
    page = lin.get(f"{TABLE}/?row=3").content.decode()

    assert '<tr id="rule-3" class=" lit">' in page
