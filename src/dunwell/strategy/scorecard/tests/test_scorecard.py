from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import translation

from dunwell.kernel.refusal import Refused
from dunwell.strategy.scorecard import layout
from dunwell.strategy.scorecard.data import WANTED, Book, load
from dunwell.strategy.scorecard.measure import Report, report
from dunwell.strategy.scorecard.model import FILE, dumps, loads, shipped
from dunwell.strategy.scorecard.reasons import SAYS, says
from dunwell.strategy.scorecard.train import train

CARD = Path(__file__).parents[1] / FILE


@pytest.fixture(scope="module")
def book() -> Book:
    return load()


@pytest.fixture(scope="module")
def found(book) -> Report:
    return report(book, shipped())


def test_on_accounts_not_seen_it_ranks_well(found):
    assert found.auc >= 0.765
    assert min(found.fold_auc) >= 0.75
    assert found.unseen.ks >= 0.40
    assert found.unseen.brier <= 0.138


def test_among_the_past_due_it_still_ranks(found):
    assert found.unseen_overdue.accounts == 6_818
    assert found.unseen_overdue.auc >= 0.72
    assert found.unseen_overdue.brier <= 0.213


def test_chances_come_true_in_every_tenth(found):
    off = [abs(tenth.foretold - tenth.paid) for tenth in found.unseen.tenths]
    off_overdue = [abs(tenth.foretold - tenth.paid) for tenth in found.unseen_overdue.tenths]

    assert max(off) < 0.025
    # Some 680 accounts a tenth: chance alone makes 0.04 of it.
    assert max(off_overdue) < 0.06


def test_the_shipped_card_gains_little_from_having_seen_the_accounts(found):
    assert found.shipped.auc - found.unseen.auc < 0.005


def test_every_band_holds_past_due_accounts(found):
    assert min(found.bands_overdue.values()) > 500
    assert sum(found.bands_overdue.values()) == 6_818


def test_training_again_gives_the_shipped_bytes(book):
    assert dumps(train(book)).encode() == CARD.read_bytes()


def test_a_card_survives_writing_and_reading():
    assert loads(dumps(shipped())) == shipped()


def test_nothing_about_the_person_enters():
    assert not {"SEX", "AGE", "EDUCATION", "MARRIAGE", "X2", "X3", "X4", "X5"} & set(WANTED)


def test_the_worse_never_has_more_points():
    for one in shipped().characteristics:
        given = {mark: a.points for a in one.attributes for mark in a.marks}
        if one.measure == "mark":
            assert given["R"] >= given["1"] >= given["2"] >= given["8"]
        elif one.measure == "utilisation":
            points = [a.points for a in one.attributes[1:]]
            assert points == sorted(points, reverse=True)
        else:
            points = [a.points for a in one.attributes]
            assert points == sorted(points)


def test_a_card_in_another_currency_leaves_the_limits_out():
    own, other = shipped("TWD"), shipped("CNY")

    assert own == shipped()
    (limit,) = [one for one in other.characteristics if one.measure == "limit"]
    assert {a.points for a in limit.attributes} == {limit.unknown}
    assert {a.reason for a in limit.attributes} == {None}
    assert [one for one in other.characteristics if one != limit] == [
        one for one in own.characteristics if one.measure != "limit"
    ]


def test_every_reason_that_can_arise_has_a_sentence():
    possible = {a.reason for one in layout.blank() for a in one.attributes} - {None}
    given = {a.reason for a in shipped().attributes} - {None}

    assert given <= possible == set(SAYS)
    assert 8 <= len(SAYS) <= 12


def test_reasons_are_told_in_order_and_old_codes_stand_for_themselves():
    with translation.override("en"):
        told = [str(one) for one in says("PS1X,GONE,UTIL")]

    assert told == [
        "Two or more cycles past due at the last statement",
        "GONE",
        "High balance for the credit limit",
    ]
    assert says("") == []


def test_the_report_is_one_line_of_json_and_the_same_twice(found):
    out = StringIO()

    call_command("scorecard", "report", "--json", stdout=out)

    assert out.getvalue() == json.dumps(found.plain()) + "\n"


def test_train_writes_where_it_is_told(tmp_path):
    out = StringIO()

    call_command("scorecard", "train", "--out", str(tmp_path / "card.json"), stdout=out)

    assert (tmp_path / "card.json").read_bytes() == CARD.read_bytes()
    assert "written anew" in out.getvalue()


def test_another_file_is_refused(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")

    with pytest.raises(Refused, match=r"scorecard\.not_the_data"):
        load(other)
    with pytest.raises(CommandError, match=r"scorecard\.no_data"):
        call_command("scorecard", "report", "--data", str(tmp_path / "none.csv"))
