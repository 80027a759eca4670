import csv
import io
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from dunwell.cases.models import Entry
from dunwell.kernel.refusal import Refused
from dunwell.portfolio.tables import decide_row, sha256
from dunwell.staff.models import Role
from dunwell.strategy.actions import (
    approve_table,
    default_rows,
    default_table,
    draft_table,
    install_default_tables,
    retire_table,
)
from dunwell.strategy.bands import BANDS, limits_minor
from dunwell.strategy.explain import why
from dunwell.strategy.models import TableVersion
from dunwell.strategy.queries import in_force, table_of
from dunwell.strategy.rules import FACTS
from dunwell.strategy.sheet_files import read_sheet, to_csv, to_xlsx
from dunwell.testing import make

DAY, NOW = make.DAY, make.NOW


@pytest.fixture
def maker(db):
    return make.agent(Role.STRATEGY)


@pytest.fixture
def checker(db):
    return make.agent(Role.STRATEGY)


@pytest.fixture
def installed(db):
    return install_default_tables(now=NOW, in_force_from=DAY)[0]


def codes(refused):
    return {one.code for one in refused.value.refusals}


def test_the_shipped_table_decides_every_stage_and_risk(installed):
    table = table_of(installed)
    assert 30 <= len(table.rules) <= 40
    facts = dict.fromkeys(FACTS)
    facts |= {"broken_promises": 0, "months_on_book": 60, "prior_cases": 0, "accounts": 1,
              "dpd": 15, "charged_off": False, "arm": "champion", "language": "zh",
              "propensity_pct": 50}  # fmt: skip
    found = set()
    for bucket in range(1, 8):
        for band in BANDS:
            for score in "ABCDE":
                one = facts | {"bucket": bucket, "balance_band": band, "score_band": score}
                found.add(decide_row(table, one)[0]["treatment"])
    assert len(found) >= 10


def test_installing_again_changes_nothing(installed):
    assert install_default_tables(now=NOW, in_force_from=DAY) == []
    assert TableVersion.objects.count() == 1


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_table_goes_out_and_comes_back_the_same(kind):
    table = default_table("treatment")
    data = {"csv": to_csv, "xlsx": to_xlsx}[kind](table)
    header, *rows = read_sheet(f"table.{kind}", data)
    from dunwell.portfolio.sheets import from_rows

    again = from_rows(header, rows, code="treatment", version=1)
    assert sha256(again) == sha256(table)


def test_a_draft_is_approved_by_another_and_decides_from_its_day(installed, maker, checker):
    draft = draft_table("treatment", default_rows("treatment"), actor=maker, now=NOW)
    assert draft.version == 2
    later = DAY + timedelta(days=3)

    def approve(actor, day):
        return approve_table(draft.pk, in_force_from=day, actor=actor, today=DAY, now=NOW)

    with pytest.raises(Refused) as refused:
        approve(maker, DAY - timedelta(days=1))
    assert codes(refused) == {"strategy.own_draft", "strategy.in_the_past"}
    with pytest.raises(Refused) as refused:
        approve(checker, DAY)
    assert codes(refused) == {"strategy.day_taken"}
    approve(checker, later)
    with pytest.raises(Refused) as refused:
        approve(checker, later + timedelta(days=1))
    assert codes(refused) == {"strategy.not_a_draft"}
    assert in_force("treatment", DAY) == installed
    assert in_force("treatment", later).version == 2


def test_the_last_table_in_force_is_not_retired(installed, maker, checker):
    def retire(version, day=DAY):
        return retire_table(version.pk, from_day=day, actor=checker, today=DAY, now=NOW)

    with pytest.raises(Refused) as refused:
        retire(installed, DAY - timedelta(days=1))
    assert codes(refused) == {"strategy.nothing_left", "strategy.in_the_past"}
    draft = draft_table("treatment", default_rows("treatment"), actor=maker, now=NOW)
    day = DAY + timedelta(days=1)
    approve_table(draft.pk, in_force_from=day, actor=checker, today=DAY, now=NOW)
    retire(installed, day)
    assert in_force("treatment", DAY) == installed  # what it decided, it decided
    assert in_force("treatment", day).version == 2
    with pytest.raises(Refused) as refused:
        retire(installed, day)
    assert "strategy.not_approved" in codes(refused)


def test_no_table_in_force_is_said(db):
    with pytest.raises(Refused, match="second person"):
        in_force("treatment", DAY)


def test_an_approved_table_cannot_be_changed_even_by_sql(installed):
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        TableVersion.objects.filter(pk=installed.pk).update(rules={})
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        installed.delete()


def edited(change):
    rows = [list(row) for row in default_rows("treatment")]
    change(rows)
    return rows


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda r: r[0].__setitem__(0, "in:shoe_size:int"), "strategy.unknown_fact"),
        (lambda r: r[0].__setitem__(14, "out:colour:text"), "strategy.wrong_answers"),
        (lambda r: r[1].__setitem__(16, "moon"), "strategy.bad_answer"),
        (lambda r: r[1].__setitem__(18, "101"), "strategy.bad_answer"),
        (lambda r: r[1].__setitem__(15, ""), "strategy.bad_answer"),
        (lambda r: r.pop(), "tables.no_catch_all"),
        (lambda r: r[1].__setitem__(0, "5..3"), "tables.range_backwards"),
    ],
)
def test_a_sheet_at_fault_is_refused_whole(maker, change, code):
    with pytest.raises(Refused) as refused:
        draft_table("treatment", edited(change), actor=maker, now=NOW)
    assert code in codes(refused)
    assert not TableVersion.objects.exists()


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("t.csv", b"\xff\xfe\x00", "strategy.not_csv"),
        ("t.csv", b'a,"b\n', "strategy.not_csv"),
        ("t.xlsx", b"PK\x03\x04 nothing", "strategy.not_xlsx"),
        ("t.csv", b"x" * (2 * 1024 * 1024 + 1), "strategy.too_large"),
        ("t.csv", b"a\n" * 2001, "strategy.too_long"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused(name, data, code):
    with pytest.raises(Refused) as refused:
        read_sheet(name, data)
    assert code in codes(refused)


def test_the_csv_has_one_line_a_rule_and_chinese_survives():
    text = to_csv(default_table("treatment")).decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text)))) == len(default_table("treatment").rules) + 1


def test_why_names_table_version_and_row_and_proves_it(installed):
    table = table_of(installed)
    facts = dict.fromkeys(FACTS) | {"bucket": 1, "months_on_book": 3, "dpd": 5}
    answer, row = decide_row(table, facts)
    case = make.case(
        treatment=answer["treatment"], table_code="treatment", table_version=1, table_row=row
    )
    Entry.objects.create(
        case=case, kind="treatment", business_date=DAY, happened_at=NOW, data={"facts": facts}
    )
    told = why(case)
    assert (told.code, told.version, told.row, told.same_again) == ("treatment", 1, row, True)
    assert {test.fact for test in told.tests} == {"bucket", "months_on_book"}
    case.table_row = row + 1
    assert why(case).same_again is False
    case.table_version = None
    assert why(case) is None


def test_bands_rise_and_know_the_currency_decimals():
    for currency in ("CNY", "TWD", "JPY", "USD", "KWD"):
        limits = limits_minor(currency)
        assert list(limits) == sorted(set(limits))
    assert limits_minor("CNY")[0] == 100_000
