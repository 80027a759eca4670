"""Who works a case after the day: nobody loses it, nothing that was agreed is forgotten."""

from __future__ import annotations

import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from dunwell.cases.models import Case, Entry
from dunwell.cases.reassigning import reassign
from dunwell.daybook.models import Figure, StepRun
from dunwell.daybook.steps import cases as cases_step
from dunwell.daybook.tests.days import AFTER, DAY, NEXT, run, stands
from dunwell.plans.actions import take_promise
from dunwell.staff.access import case_scope
from dunwell.staff.models import Role
from dunwell.testing import make

HOUR = timedelta(hours=1)


def promised(person, *, by, days=14):
    case = Case.objects.get(party=person)
    due = DAY + timedelta(days=days)
    take_promise(case.pk, amount_minor=10_000, due_on=due, actor=by, now=make.NOW)
    return due


def test_while_a_promise_is_open_the_case_stays_where_it_is(portfolio, wang):
    ada = make.agent(username="ada", queues=["early", "mid"])
    stands(wang, DAY)
    run(portfolio, DAY)
    due = promised(wang, by=ada)

    run(portfolio, NEXT)

    case = Case.objects.get(party=wang)
    assert (case.queue, case.collector, case.team) == ("self_serve", ada, ada.team)
    assert case.next_step_on == due


def test_who_goes_away_hands_over_his_promises_too(portfolio, wang):
    ada = make.agent(username="ada", queues=["early"])
    stands(wang, DAY)
    run(portfolio, DAY)
    promised(wang, by=ada)
    bo = make.agent(username="bo", queues=["self_serve"])
    ada.available = False
    ada.save()

    run(portfolio, NEXT)

    assert Case.objects.get(party=wang).collector == bo


def test_promises_that_wait_take_room_from_their_collector(portfolio, wang):
    ada = make.agent(username="ada", queues=["early"], capacity=1)
    stands(wang, DAY)
    run(portfolio, DAY)
    promised(wang, by=ada)
    second = make.party(portfolio)
    make.account(second, bucket=None)
    stands(wang, NEXT, 13)
    stands(second, NEXT)

    run(portfolio, NEXT)

    assert Case.objects.get(party=wang).collector == ada
    assert Case.objects.get(party=second).collector is None


def test_a_call_back_that_was_agreed_stands(portfolio, wang):
    make.agent(username="ada", queues=["early", "mid"])
    stands(wang, DAY, 30)
    run(portfolio, DAY)
    agreed = NEXT + timedelta(days=5)
    Case.objects.update(follow_up_at=make.NOW + 99 * HOUR, next_step_on=agreed)
    before = Case.objects.get().treatment
    stands(wang, NEXT, 31)

    run(portfolio, NEXT)

    case = Case.objects.get()
    assert case.treatment != before
    assert case.next_step_on == agreed


def test_a_queue_that_nobody_serves_falls_to_the_team_of_its_stage(portfolio, wang):
    first = make.agent(username="ada", queues=["mid"], team=make.team("aaa"))
    late = make.agent(username="bo", queues=["late"], team=make.team("bbb"))
    lead = make.agent(Role.LEAD, team=late.team)
    other = make.party(portfolio)
    make.account(other, bucket=None)
    stands(other, DAY, 100)
    stands(wang, DAY, 100)
    make.hold(wang, "dispute", DAY)

    run(portfolio, DAY)

    case = Case.objects.get(party=wang)
    assert case.queue == "special"
    assert (case.team, case.collector) == (late.team, None)
    assert Case.objects.filter(case_scope(lead), pk=case.pk).exists()
    assert first.team != late.team
    assert Figure.objects.get(name="unserved").count == 1
    assert Figure.objects.get(name="unserved").key == "special"
    assert StepRun.objects.get(step="figures").produced["unserved"] == 1


def test_where_no_team_works_the_stage_the_first_with_a_lead_gets_the_case(portfolio, wang):
    make.agent(username="ada", queues=["mid"], team=make.team("aaa"))
    lead = make.agent(Role.LEAD, team=make.team("bbb"))
    stands(wang, DAY, 100)
    told = StringIO()

    call_command("day", "run", date=DAY, portfolio=portfolio.code, stdout=StringIO(), stderr=told)

    assert Case.objects.get().team == lead.team
    assert "no collector serves: late 1." in told.getvalue()


def test_teams_that_serve_one_queue_share_its_pool(portfolio):
    one = make.agent(username="ada", capacity=1, team=make.team("one"))
    two = make.agent(username="bo", capacity=1, team=make.team("two"))
    people = [make.party(portfolio, language="zh") for _ in range(8)]
    for person in people:
        make.account(person, bucket=None)
        stands(person, DAY, 25)

    run(portfolio, DAY)

    waiting = Case.objects.filter(collector=None).order_by("pk")
    before = list(waiting.values_list("pk", "team"))
    counts = [waiting.filter(team=agent.team).count() for agent in (one, two)]
    assert sorted(counts) in ([3, 3], [2, 4])
    for person in people:
        stands(person, NEXT, 26)
    make.agent(username="cy", capacity=0, team=make.team("abc"))

    run(portfolio, NEXT)

    assert list(waiting.values_list("pk", "team")) == before


@pytest.mark.parametrize("away", ["one", "two", "three"])
def test_a_case_keeps_its_team_while_that_serves_its_queue(portfolio, wang, away):
    for code in ("one", "two", "three"):
        make.agent(available=False, team=make.team(code))
    stands(wang, DAY, 25)
    case = make.case(portfolio, party=wang, team=make.team(away), arm="champion")

    run(portfolio, DAY)

    case.refresh_from_db()
    assert (case.collector, case.team) == (None, make.team(away))


def test_what_a_lead_moves_during_the_run_is_told_as_it_is(portfolio, wang, monkeypatch):
    ada = make.agent(username="ada")
    stands(wang, DAY)
    run(portfolio, DAY)
    ada.available = False
    ada.save()
    people = {make.agent(username="bo"), make.agent(username="cy")}
    lead = make.agent(Role.LEAD)
    decide = cases_step.decisions
    moved_to = []

    def while_deciding(day, engine):
        found = engine.keep("decided_now", decide(day, engine))
        chosen = found.collector_id.to_pyarrow().to_pylist()
        other = next(agent for agent in people if agent.pk not in chosen)

        def move():
            case = Case.objects.get()
            reassign([case.pk], to=other, reason="leave", actor=lead, now=make.NOW)
            connection.close()

        beside = threading.Thread(target=move)
        beside.start()
        beside.join()
        moved_to.append(other)
        return found

    monkeypatch.setattr(cases_step, "decisions", while_deciding)
    run(portfolio, NEXT)

    case = Case.objects.get()
    told = Entry.objects.filter(case=case, kind="assigned").order_by("pk").last()
    assert [case.collector] == moved_to
    assert told.actor == lead and told.data["collector"] == case.collector.username
    assert StepRun.objects.get(day=NEXT, step="cases").produced["assigned"] == 0


@pytest.mark.parametrize("written", ["zh", "ZH", "zh_CN", "zh-Hans-CN", "Zh_cn"])
@pytest.mark.parametrize("spoken", ["zh", "zh_CN"])
def test_a_language_is_known_however_it_is_written(portfolio, wang, written, spoken):
    portfolio.language = "en"
    portfolio.save()
    wang.language = written
    wang.save()
    ada = make.agent(username="ada", queues=["early", "self_serve"], languages=[spoken])
    stands(wang, DAY)

    run(portfolio, DAY)
    run(portfolio, AFTER)

    assert Case.objects.get().collector == ada
