"""Operations: deliveries, rows in quarantine, and the business days."""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dunwell.accounts.models import Position
from dunwell.audit.actions import record
from dunwell.audit.models import Event
from dunwell.daybook.models import StepRun
from dunwell.intake.actions import load_delivery
from dunwell.intake.models import Delivery, QuarantinedRow
from dunwell.intake.tests import making
from dunwell.staff.models import Role
from dunwell.testing import make
from dunwell.workbench.tests.conftest import deliver, run_day, told, waiting
from dunwell.workbench.views import operations


@pytest.fixture
def ops(house, at):
    return at(make.agent(Role.OPERATIONS))


# -- deliveries -----------------------------------------------------------------------


def test_the_list_tells_how_many_rows_wait(house, ops):
    waiting(house.delivery, 3)
    done = waiting(house.delivery, 4)
    done.state, done.decided_at = "dismissed", timezone.now()
    done.save()

    (delivery,) = ops.get("/deliveries/").context["deliveries"]

    assert (delivery.pk, delivery.waiting) == (house.delivery.pk, 2)


@pytest.mark.parametrize(
    ("state", "found"), [("waiting", 1), ("released", 0), ("dismissed", 0), ("nonsense", 1)]
)
def test_the_rows_of_a_delivery_are_shown_by_state(state, found, house, ops):
    page = ops.get(f"/deliveries/{house.delivery.pk}/", {"state": state}).context

    assert len(page["rows"]) == found


@pytest.mark.parametrize(
    ("name", "content"),
    [("delivery.zip", b"no archive at all"), ("a/../../b.zip", b""),
     ("delivery.xlsx", b"PK\x03\x04broken")],
)  # fmt: skip
def test_a_file_that_is_no_delivery_is_told_and_nothing_is_loaded(name, content, house, ops):
    answer = ops.post("/deliveries/load/", {"file": SimpleUploadedFile(name, content)}, follow=True)

    assert Delivery.objects.filter(state="applied").count() == 1
    if answer.status_code == 200:
        assert answer.context["delivery"].state in ("refused", "held")
    else:
        assert answer.status_code == 422 and told(answer)


def test_nothing_chosen_is_told(house, ops):
    answer = ops.post("/deliveries/load/")

    assert (answer.status_code, told(answer).split(":")[0]) == (422, "intake.no_file")


@pytest.mark.usefixtures("committed_db")
def test_a_delivery_is_loaded_and_its_faulty_row_corrected_and_released(tmp_path, at):
    making.portfolio()
    rows = making.good()
    rows["accounts"][-1]["interest"] = "1e5"
    folder = making.write(tmp_path / "d", rows)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    given = SimpleUploadedFile("CN-TEST-2026-11-23.zip", packed.getvalue())
    browser = at(make.agent(Role.OPERATIONS))

    loaded = browser.post("/deliveries/load/", {"file": given}, follow=True)
    row = QuarantinedRow.objects.get()
    typed = {f"v-{name}": value or "" for name, value in row.values.items()}
    wrong = browser.post(f"/quarantine/{row.pk}/release/", {**typed, "v-interest": "2e5"})
    right = browser.post(f"/quarantine/{row.pk}/release/", {**typed, "v-interest": "7.00"})

    assert "Not a plain decimal number." in loaded.content.decode()
    assert "principal 3003.30" in loaded.content.decode()
    assert "≠" not in loaded.content.decode()
    assert (wrong.status_code, wrong.context["fields"] and told(wrong).split(":")[0]) == (
        422, "intake.E08_number_style",
    )  # fmt: skip
    assert 'value="2e5"' in wrong.content.decode()
    assert right["Location"] == f"/deliveries/{row.delivery_id}/"
    assert Position.objects.get(account__account_ref="A000002").interest_minor == 700


@pytest.mark.usefixtures("committed_db")
def test_a_row_is_decided_once(tmp_path, at):
    making.portfolio()
    rows = making.good()
    rows["accounts"][-1]["interest"] = "1e5"
    load_delivery(making.write(tmp_path / "d", rows, with_totals=False), now=making.NOW)
    row, browser = QuarantinedRow.objects.get(), at(make.agent(Role.OPERATIONS))

    assert browser.post(f"/quarantine/{row.pk}/dismiss/").status_code == 422
    assert browser.post(f"/quarantine/{row.pk}/dismiss/", {"reason": "x" * 2001}).status_code == 422
    assert browser.post(f"/quarantine/{row.pk}/dismiss/", {"reason": "test"}).status_code == 302
    again = browser.post(f"/quarantine/{row.pk}/release/", {"v-interest": "7.00"})

    assert again.status_code == 422 and told(again)
    assert "dismissed" in browser.get(f"/quarantine/{row.pk}/").content.decode().lower()


@pytest.mark.parametrize("what", ["release", "dismiss"])
def test_a_row_that_is_not_there_cannot_be_decided(what, house, ops):
    assert ops.post(f"/quarantine/999999/{what}/", {"reason": "x"}).status_code == 404


def test_the_fields_of_a_row_stand_in_the_order_of_its_file(house, ops):
    house.row.values = {"fees": "1", "interest": "1e5", "account_ref": "A2", "odd": "x"}
    house.row.save()

    fields = ops.get(f"/quarantine/{house.row.pk}/").context["fields"]

    assert [name for name, *_ in fields] == ["account_ref", "interest", "fees", "odd"]


# -- days -----------------------------------------------------------------------------


def test_the_days_are_shown_with_what_they_produced(house, ops):
    page = ops.get("/days/").context

    (run,) = page["runs"]
    assert (run["day"], run["whole"], run["produced"]) == (make.DAY, True, {"accounts": 1})
    assert (page["next"], page["last"]) == (make.DAY + timedelta(days=1), make.DAY)
    assert page["charts"]["rolls"]["rows"][0]["cells"][1]["count"] == 1


def test_a_day_that_stopped_half_way_says_so(house, ops):
    StepRun.objects.filter(step="figures").delete()

    page = ops.get("/days/").content.decode()
    progress = ops.get(f"/days/{house.code}/{make.DAY}/progress/").content.decode()

    assert "4/5" in page
    assert "Nothing has been heard of it" in progress and "The day is whole." not in progress


def test_a_portfolio_that_is_not_there_shows_the_first(house, ops):
    assert ops.get("/days/?portfolio=%00").context["portfolio"] == house.case.portfolio


def test_a_house_without_portfolios_has_a_page_of_days(db, at):
    answer = at(make.agent(Role.OPERATIONS)).get("/days/")

    assert "No day has run yet." in answer.content.decode()


def started(monkeypatch) -> list[list[str]]:
    """Keep the processes that would be started; the browser's tests start real ones."""
    calls: list[list[str]] = []
    monkeypatch.setattr(operations.subprocess, "Popen", lambda words, **_: calls.append(words))
    return calls


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("", "day.which"),
        ("next Monday", "day.which"),
        ("2026-02-30", "day.which"),
        (str(make.DAY), "day.ran"),
        ("2000-01-01", "day.ran"),
        (str(timezone.localdate() + timedelta(days=2)), "day.to_come"),
        ("9999-12-31", "day.to_come"),
    ],
)
def test_a_day_that_cannot_run_is_not_started(day, code, house, ops, monkeypatch):
    calls = started(monkeypatch)

    answer = ops.post("/days/run/", {"portfolio": house.code, "day": day})

    assert (answer.status_code, told(answer).split(":")[0]) == (422, code)
    assert calls == []


def test_a_day_before_anything_was_delivered_is_not_started(house, ops, monkeypatch):
    calls, empty = started(monkeypatch), make.portfolio()

    answer = ops.post("/days/run/", {"portfolio": empty.code, "day": "2020-01-01"})

    assert (answer.status_code, told(answer).split(":")[0]) == (422, "day.no_delivery")
    assert calls == []


def test_the_next_day_is_started_in_a_process_of_its_own(house, ops, monkeypatch):
    calls = started(monkeypatch)
    day = make.DAY + timedelta(days=1)
    run_day(make.portfolio())

    answer = ops.post("/days/run/", {"portfolio": house.code, "day": str(day)})

    assert answer["Location"] == f"/days/{house.code}/{day}/progress/"
    assert calls == [[
        sys.executable, "-m", "django", "day", "run", "--date", str(day),
        "--portfolio", house.code, "--watched",
    ]]  # fmt: skip
    event = Event.objects.get(kind="daybook.run_started")
    assert (event.actor.role, event.data) == (Role.OPERATIONS, {"skip_quiet": False})


def test_quiet_days_are_left_out_only_if_asked(house, ops, monkeypatch):
    calls = started(monkeypatch)
    form = {"portfolio": house.code, "day": str(make.DAY + timedelta(days=60))}

    refused = ops.post("/days/run/", form)
    ops.post("/days/run/", {**form, "skip_quiet": "on"})

    assert told(refused).startswith("day.too_many_missed")
    assert [words[-1] for words in calls] == ["--skip-quiet"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"said": "no table is in force", "code": 1}, "no table is in force"),
        ({"said": "", "code": -9}, "ended from outside (signal 9)"),
    ],
)
def test_a_run_that_died_says_so_and_the_page_asks_no_more(data, says, house, ops, monkeypatch):
    calls = started(monkeypatch)
    day = make.DAY + timedelta(days=1)
    path = f"/days/{house.code}/{day}/progress/"
    ops.post("/days/run/", {"portfolio": house.code, "day": str(day), "skip_quiet": "on"})
    running = ops.get(path).content.decode()
    subject = f"day:{house.case.portfolio.pk}:{day}"
    record("daybook.run_failed", subject=subject, actor=None, at=timezone.now(), **data)

    died = ops.get(path).content.decode()
    again = ops.post("/days/run/", {"portfolio": house.code, "day": str(day)})
    started_again = ops.get(path).content.decode()

    assert "hx-get" in running and "hx-get" in started_again and again.status_code == 302
    assert says in died and "Run the day again" in died and 'name="skip_quiet"' in died
    assert "hx-get" not in died
    assert len(calls) == 2


def test_who_only_reads_sees_how_a_run_died_and_starts_none(house, at):
    page = at(make.agent(Role.AUDITOR)).get(f"/days/{house.code}/2026-03-10/progress/")

    assert "Nothing has been heard of it" in page.content.decode()
    assert "Run the day again</button>" not in page.content.decode()


def test_a_delivery_without_portfolio_or_day_has_a_page(house, ops):
    lost = deliver(house.case.portfolio, name="lost.zip", day=make.DAY + timedelta(days=1))
    Delivery.objects.filter(pk=lost.pk).update(portfolio=None, business_date=None, state="refused")

    assert ops.get(f"/deliveries/{lost.pk}/").status_code == 200
    assert ops.get("/deliveries/").status_code == 200
