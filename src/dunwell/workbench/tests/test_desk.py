"""The collector's desk: list, case, call, note, hold, promise, number."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dunwell.audit.models import Event
from dunwell.cases.models import Case, Entry, Hold, Lease
from dunwell.plans.models import Promise
from dunwell.staff.models import Role
from dunwell.testing import make
from dunwell.workbench.tests.conftest import entry, told, tomorrow

SPOKE = {"reason": "forgot", "willingness": "3", "ability": "2"}


def names(answer) -> list[str]:
    return [case.party.name for case in answer.context["page"].cases]


# -- the worklist ---------------------------------------------------------------------


def test_a_collector_sees_his_own_and_asks_for_his_teams_pool(house, at):
    pool = make.case(collector=None)
    make.case(collector=None, queue="late")  # not his skill
    make.case(collector=house.cy, team=house.cy.team)
    browser = at(house.ada)

    shown = {
        show: [case.pk for case in browser.get(f"/worklist/?show={show}").context["page"].cases]
        for show in ("all", "pool")
    }

    assert shown == {"all": [house.case.pk], "pool": [pool.pk]}


def cases_to_choose_from(ada):
    today = timezone.localdate()
    for name, fields in {
        "王一": {"bucket": 3, "treatment": "firm_call", "priority": 90},
        "李二": {"bucket": 2, "next_step_on": today + timedelta(days=3), "priority": 10,
                "last_worked_at": timezone.now()},
        "周三": {"bucket": 2, "queue": "early", "follow_up_at": timezone.now(), "priority": 40},
    }.items():  # fmt: skip
        of = make.portfolio()
        party = make.party(of, name=name, name_key={"王一": "wang", "李二": "li"}.get(name, "zhou"))
        made = make.case(of, party=party, collector=ada, **fields)
        make.phone(party, f"+8613900000{made.pk % 10_000:04}")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["王一", "周三", "李二"]),
        ("?bucket=3", ["王一"]),
        ("?bucket=9", ["王一", "周三", "李二"]),
        ("?treatment=firm_call", ["王一"]),
        ("?queue=late", []),
        ("?show=due", ["王一", "周三"]),
        ("?show=callback", ["周三"]),
        ("?show=never", ["王一", "周三"]),
        ("?show=promise", []),
        ("?show=closed", []),
        ("?show=nonsense", ["王一", "周三", "李二"]),
        ("?order=name", ["李二", "王一", "周三"]),
        ("?order=bucket", ["王一", "李二", "周三"]),
        ("?order=nonsense", ["王一", "周三", "李二"]),
        ("?q=王", ["王一"]),
        ("?q=ZHOU", ["周三"]),
        ("?q=一", ["王一"]),
        ("?q=nobody", []),
        ("?page=9", []),
        ("?page=-1", ["王一", "周三", "李二"]),
        ("?page=²", ["王一", "周三", "李二"]),
        ("?page=" + "9" * 5000, ["王一", "周三", "李二"]),
        ("?q=%00&queue=%00&treatment=%00&collector=%00", ["王一", "周三", "李二"]),
        ("?q=%27%3B--%25_%5C", []),
    ],
)
def test_the_list_shows_what_was_asked_for(asked, found, db, at):
    ada = make.agent()
    cases_to_choose_from(ada)

    answer = at(ada).get(f"/worklist/{asked}")

    assert answer.status_code == 200
    assert names(answer) == found


@pytest.mark.parametrize("role", [Role.COLLECTOR, Role.LEAD, Role.COMPLIANCE])
def test_name_reference_and_phone_ending_find_the_case(role, house, at):
    agent = house.ada if role == Role.COLLECTOR else make.agent(role, team=make.team())
    party = house.case.party
    make.case(collector=house.ada)

    for typed in (party.name, party.customer_ref, house.phone.value[-4:]):
        assert names(at(agent).get("/worklist/", {"q": typed})) == [party.name]


def test_the_part_that_is_asked_for_comes_without_the_page_around_it(house, at):
    answer = at(house.ada, **{"HX-Request": "true"}).get("/worklist/")

    assert b"<html" not in answer.content
    assert house.case.party.name in answer.content.decode()


def test_the_list_tells_what_a_colleague_has_in_hand(house, at):
    other = make.agent()
    pool = make.case(collector=None)
    Lease.objects.create(
        case=pool, holder=other, taken_at=timezone.now(),
        until=timezone.now() + timedelta(minutes=5),
    )  # fmt: skip

    free = make.case(collector=None)

    cases = at(house.ada).get("/worklist/?show=pool").context["page"].cases

    assert {case.pk: case.in_hand for case in cases} == {free.pk: False, pool.pk: True}


def test_the_list_and_the_case_count_days_past_due_from_the_same_day(house, at):
    browser = at(house.ada)

    for path in ("/worklist/", f"/case/{house.case.pk}/"):
        # From 20 February to the last day that ran, 9 March; whatever today is.
        assert "17 days" in browser.get(path).content.decode()


def test_a_balance_is_of_the_day_of_its_delivery(house, at):
    make.position(house.case.party.accounts.get(), day=make.DAY + timedelta(days=1))

    page = at(house.ada).get(f"/case/{house.case.pk}/").content.decode()

    assert "as of 2026-03-10" in page


# -- Next and the lease ---------------------------------------------------------------


def test_next_gives_the_best_case_and_says_when_nothing_is_due(house, at):
    browser = at(house.ada)

    assert browser.post("/next/")["Location"] == f"/case/{house.case.pk}/"
    Case.objects.update(next_step_on=timezone.localdate() + timedelta(days=1))
    answer = browser.post("/next/", follow=True)

    assert answer.redirect_chain == [("/worklist/", 302)]
    assert "Nothing is due." in answer.content.decode()


def test_a_case_in_a_colleagues_hand_is_not_taken(house, at):
    pool = make.case(collector=None)
    other = make.agent(name="Dee")
    at(other).post(f"/case/{pool.pk}/take/")

    answer = at(house.ada).post(f"/case/{pool.pk}/take/")

    assert answer.status_code == 409
    assert "Dee has this case in hand now." in answer.content.decode()
    assert Lease.objects.get(case=pool).holder == other


# -- calls ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "codes"),
    [
        ({}, ["cases.no_outcome"]),
        ({"outcome": "flew_away"}, ["cases.no_outcome"]),
        ({"outcome": "rpc_unable"}, ["cases.no_reason", "cases.no_grade"]),
        ({"outcome": "rpc_promise", **SPOKE}, ["cases.no_promise"]),
        ({"outcome": "rpc_callback", **SPOKE}, ["cases.no_callback"]),
        ({"outcome": "rpc_dispute", **SPOKE}, ["cases.no_note"]),
        ({"outcome": "no_answer", "contact_point": "999999"}, ["cases.not_his_number"]),
        ({"outcome": "no_answer", "contact_point": "9" * 30}, ["cases.not_his_number"]),
        ({"outcome": "no_answer", "contact_point": "first"}, ["form.contact_point"]),
        ({"outcome": "no_answer", "next_step_on": "2020-01-01"}, ["cases.next_step_past"]),
        ({"outcome": "no_answer", "next_step_on": "31 of March"}, ["form.next_step_on"]),
        ({"outcome": "no_answer", "note": "x" * 4001}, ["form.note"]),
        ({"outcome": "no_answer", "note": "nul \0"}, ["form.note"]),
        ({"outcome": "rpc_unable", **SPOKE, "willingness": "9"}, ["cases.bad_grade"]),
        ({"outcome": "rpc_callback", **SPOKE, "callback_at": "soon"}, ["form.callback_at"]),
        ({"outcome": "rpc_callback", **SPOKE, "callback_at": "2020-01-01T10:00"},
         ["cases.callback_when"]),
        ({"outcome": "rpc_promise", **SPOKE, "promise_amount": "a lot", "promise_due": "soon"},
         ["form.promise_amount", "form.promise_due"]),
    ],
)  # fmt: skip
def test_an_incomplete_record_is_refused_and_nothing_is_written(form, codes, house, at):
    before = Entry.objects.count()

    answer = at(house.ada).post(f"/case/{house.case.pk}/call/", form)

    assert answer.status_code == 422
    assert [one.code for one in answer.context["refusals"]] == codes
    assert Entry.objects.count() == before
    assert 'role="alert"' in answer.content.decode()


def test_what_was_typed_stays_when_it_is_refused(house, at):
    typed = {"outcome": "rpc_unable", "note": "lost his job", "next_step_on": tomorrow()}

    page = at(house.ada).post(f"/case/{house.case.pk}/call/", typed).content.decode()

    assert "lost his job</textarea>" in page
    assert f'name="next_step_on" value="{tomorrow()}"' in page
    assert '<option value="rpc_unable"' in page and "selected" in page


def test_a_fault_names_its_field(house, at):
    form = {"outcome": "no_answer", "next_step_on": "31 of March"}

    page = at(house.ada).post(f"/case/{house.case.pk}/call/", form).content.decode()

    assert "Next step on: Enter a valid date." in page


@pytest.mark.parametrize("amount", ["0", "-5", "99999999999999", "1e3", "0.001", "１２"])
def test_an_amount_that_cannot_be_promised_is_refused(amount, house, at):
    Promise.objects.update(state="withdrawn", decided_on=make.DAY)
    form = {
        "outcome": "rpc_promise", **SPOKE, "promise_amount": amount, "promise_due": tomorrow(3),
    }  # fmt: skip

    answer = at(house.ada).post(f"/case/{house.case.pk}/call/", form)

    assert answer.status_code == 422
    assert not Promise.objects.filter(state="open").exists()
    assert not Entry.objects.filter(kind="call").exists()


def test_a_promise_and_its_call_are_both_written(house, at):
    Promise.objects.update(state="withdrawn", decided_on=make.DAY)
    form = {
        "outcome": "rpc_promise", **SPOKE, "promise_amount": "1,200.50",
        "promise_due": tomorrow(3), "promise_method": "app", "contact_point": house.phone.pk,
    }  # fmt: skip

    answer = at(house.ada).post(f"/case/{house.case.pk}/call/", form, follow=True)

    promise = Promise.objects.get(state="open")
    assert (promise.amount_minor, promise.method, str(promise.due_on)) == (
        120_050, "app", tomorrow(3),
    )  # fmt: skip
    assert "Written down: Promises to pay." in answer.content.decode()
    house.phone.refresh_from_db()
    assert house.phone.last_rpc_at is not None


def test_a_second_open_promise_takes_the_call_back_too(house, at):
    form = {
        "outcome": "rpc_promise", **SPOKE, "promise_amount": "100", "promise_due": tomorrow(3),
    }  # fmt: skip

    answer = at(house.ada).post(f"/case/{house.case.pk}/call/", form)

    assert answer.status_code == 422
    assert not Entry.objects.filter(kind="call").exists()


def test_what_another_outcome_left_in_the_form_is_passed_over(house, at):
    form = {"outcome": "no_answer", "promise_amount": "to be asked", "then": "stay"}

    answer = at(house.ada).post(f"/case/{house.case.pk}/call/", form)

    assert answer["Location"] == f"/case/{house.case.pk}/"
    assert Entry.objects.get(kind="call").outcome == "no_answer"


def test_a_call_back_is_agreed_in_the_cardholders_time(house, at):
    house.case.party.time_zone = "Asia/Urumqi"
    house.case.party.save()
    form = {"outcome": "rpc_callback", **SPOKE, "callback_at": f"{tomorrow()}T10:00"}

    at(house.ada).post(f"/case/{house.case.pk}/call/", form)

    house.case.refresh_from_db()
    assert house.case.follow_up_at.isoformat() == f"{tomorrow()}T04:00:00+00:00"


def test_saving_leads_to_the_next_case_when_asked(house, at):
    other = make.case(collector=house.ada)

    answer = at(house.ada).post(
        f"/case/{house.case.pk}/call/", {"outcome": "no_answer", "then": "next"}
    )

    assert answer["Location"] == f"/case/{other.pk}/"


def test_an_outcome_that_sets_a_hold_sets_it(house, at):
    form = {"outcome": "rpc_complaint", **SPOKE, "note": "called too early"}

    at(house.ada).post(f"/case/{house.case.pk}/call/", form)

    hold = Hold.objects.get(kind="complaint")
    assert (hold.party_id, hold.evidence) == (house.case.party_id, "called too early")


def test_no_call_is_written_on_a_closed_case(house, at):
    Case.objects.update(state="closed", closed_as="cured", closed_on=make.DAY)

    answer = at(house.ada).post(f"/case/{house.case.pk}/call/", {"outcome": "no_answer"})

    assert (answer.status_code, told(answer).split(":")[0]) == (422, "cases.closed")


# -- notes, holds, promises, numbers ---------------------------------------------------


@pytest.mark.parametrize(("note", "code"), [("  ", "cases.empty_note"), ("x" * 4001, "form.note")])
def test_a_note_that_cannot_be_kept_is_refused(note, code, house, at):
    answer = at(house.ada).post(f"/case/{house.case.pk}/note/", {"note": note})

    assert (answer.status_code, told(answer).split(":")[0]) == (422, code)


def test_a_note_is_on_the_timeline_as_text_not_as_markup(house, at):
    answer = at(house.ada).post(
        f"/case/{house.case.pk}/note/", {"note": "<script>alert(1)</script>"}, follow=True
    )

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.content.decode()
    assert Entry.objects.filter(kind="note", actor=house.ada).count() == 2


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"kind": "manual"}, "cases.no_evidence"),
        ({"kind": "dispute", "evidence": "x"}, "cases.hold_there"),
        ({"kind": "nonsense", "evidence": "x"}, "form.kind"),
        ({"kind": "manual", "evidence": "x", "until_on": "2020-01-01"}, "cases.hold_over"),
        ({"kind": "manual", "evidence": "x", "until_on": "never"}, "form.until_on"),
    ],
)
def test_a_hold_that_cannot_stand_is_refused(form, code, house, at):
    answer = at(house.ada).post(f"/case/{house.case.pk}/hold/", form)

    assert (answer.status_code, told(answer).split(":")[0]) == (422, code)
    assert Hold.objects.count() == 1


def test_a_hold_is_set_by_a_collector_and_lifted_by_his_lead(house, at):
    form = {"kind": "manual", "evidence": "seen at court", "until_on": tomorrow(9)}

    at(house.ada).post(f"/case/{house.case.pk}/hold/", form)
    lift = f"/case/{house.case.pk}/hold/manual/lift/"
    assert at(house.ada).post(lift, {"reason": "x"}).status_code == 403
    assert at(house.bo).post(lift).status_code == 422
    assert at(house.bo).post(lift, {"reason": "case closed by the court"}).status_code == 302

    hold = Hold.objects.get(kind="manual")
    assert (str(hold.until_on), hold.lifted_by) == (tomorrow(9), house.bo)


def test_a_hold_that_is_not_there_is_not_lifted(house, at):
    answer = at(house.bo).post(f"/case/{house.case.pk}/hold/bankrupt/lift/", {"reason": "x"})

    assert (answer.status_code, told(answer).split(":")[0]) == (422, "cases.no_hold")


def test_a_promise_is_withdrawn_for_a_reason_and_once(house, at):
    browser, path = at(house.ada), f"/case/{house.case.pk}/promise/{house.promise.pk}/withdraw/"

    assert browser.post(path).status_code == 422
    assert browser.post(path, {"reason": "he lost the card"}).status_code == 302
    assert browser.post(path, {"reason": "again"}).status_code == 422

    house.promise.refresh_from_db()
    assert house.promise.state == "withdrawn"


def test_a_promise_is_withdrawn_on_its_own_case_only(house, at):
    other = make.case(collector=house.ada)

    for case_id, promise_id in ((other.pk, house.promise.pk), (house.case.pk, 999_999)):
        path = f"/case/{case_id}/promise/{promise_id}/withdraw/"
        assert at(house.ada).post(path, {"reason": "x"}).status_code == 403

    house.promise.refresh_from_db()
    assert house.promise.state == "open"


def test_a_number_is_masked_until_a_reason_is_given(house, at):
    browser, case = at(house.ada), f"/case/{house.case.pk}"
    assert house.phone.value not in browser.get(f"{case}/").content.decode()

    refused = browser.post(f"{case}/contact/{house.phone.pk}/")
    shown = browser.post(f"{case}/contact/{house.phone.pk}/", {"reason": "to call him"})

    assert refused.status_code == 422 and house.phone.value not in refused.content.decode()
    assert house.phone.value in shown.content.decode()
    assert Event.objects.get(kind="parties.unmasked").data["reason"] == "to call him"


def test_a_number_of_another_case_is_not_shown(house, at):
    other = make.phone(make.case(collector=house.ada).party, "+8613800000002")

    for point in (other.pk, 999_999):
        path = f"/case/{house.case.pk}/contact/{point}/"
        assert at(house.ada).post(path, {"reason": "x"}).status_code == 403


def test_the_timeline_goes_on_where_it_stopped(house, at):
    for number in range(30):
        entry(house.case, "note", actor=house.ada, note=f"line {number:02}")

    browser = at(house.ada)
    first = browser.get(f"/case/{house.case.pk}/").context
    last = first["entries"][-1].pk
    rest = browser.get(f"/case/{house.case.pk}/timeline/?before={last}").context

    assert (len(first["entries"]), first["more"]) == (25, True)
    assert ([e.note for e in rest["entries"]][-1], rest["more"]) == ("first of all", False)


@pytest.mark.parametrize("before", ["²", "-1", "x", "9" * 40, "%00"])
def test_a_stretch_that_nobody_can_mean_is_the_first_one(before, house, at):
    answer = at(house.ada).get(f"/case/{house.case.pk}/timeline/?before={before}")

    assert answer.status_code == 200
    assert len(answer.context["entries"]) == 1


def test_the_language_of_a_refused_page_leads_back_to_the_case(house, at):
    browser = at(house.ada)

    page = browser.post(f"/case/{house.case.pk}/call/").content.decode()
    answer = browser.post(
        "/i18n/setlang/", {"language": "zh-hans", "next": f"/case/{house.case.pk}/"}, follow=True
    )

    assert f'name="next" value="/case/{house.case.pk}/"' in page
    assert (answer.status_code, answer.wsgi_request.path) == (200, f"/case/{house.case.pk}/")
    assert '<html lang="zh-hans">' in answer.content.decode()


# -- whose it is, and what is in force -------------------------------------------------


@pytest.mark.parametrize(("capacity", "said"), [(10, "on your desk now"), (0, "stays in the pool")])
def test_the_caller_is_told_whose_the_pool_case_is_now(capacity, said, house, at):
    house.ada.capacity = capacity
    house.ada.save()
    pool = make.case(collector=None)
    typed = {"outcome": "rpc_callback", **SPOKE, "callback_at": f"{tomorrow()}T10:00"}

    browser = at(house.ada)
    browser.post(f"/case/{pool.pk}/call/", typed)

    assert said in browser.get("/worklist/").content.decode()


def test_the_page_shows_only_holds_that_are_in_force(house, at):
    Hold.objects.update(until_on=make.DAY + timedelta(days=1))

    page = at(house.bo).get(f"/case/{house.case.pk}/")

    assert page.context["parts"].holds == []
    assert "letter of 3 March" not in page.content.decode()
