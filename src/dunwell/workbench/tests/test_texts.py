"""What a Chinese reader is told, down to the values that a refusal names."""

import csv
from datetime import date
from importlib.resources import files

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import override, pgettext

from dunwell.cases.rules import ASKED_FOR
from dunwell.daybook.rules import days_to_run
from dunwell.intake.faults import CODES, said
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.portfolio.sheets import from_rows
from dunwell.staff.models import Agent
from dunwell.staff.passwords import password_refused
from dunwell.strategy.actions import default_rows, default_table
from dunwell.strategy.rules import SHIPPED, WANTED, values_refused
from dunwell.strategy.sheet_files import LARGEST_ROWS, read_sheet
from dunwell.testing import make
from dunwell.workbench.templatetags.dunwell import cell_words, figure_key, refusal, table_note
from dunwell.workbench.words import WORDS, say


@pytest.fixture(autouse=True)
def _chinese():
    with override("zh-hans"):
        yield


def has_english(text: str) -> bool:
    """Say whether English words stand in it: three of them that begin small, in a row."""
    small = [word.isascii() and word.isalpha() and word.islower() for word in text.split()]
    return any(all(small[at : at + 3]) for at in range(len(small) - 2))


def told(act, *given, **named):
    with pytest.raises(Refused) as refused:
        act(*given, **named)
    return [refusal(one) for one in refused.value.refusals]


def test_what_a_call_record_lacks_is_asked_for_in_chinese():
    assert [refusal(one) for one in ASKED_FOR.values()] == [
        "请询问并选择逾期原因。",
        "请填写通话内容。",
        "请填写约定的回电时间。",
        "请填写承诺还款的金额和日期。",
    ]


def test_a_named_text_is_said_in_the_language_of_the_rest():
    answer = refusal(said("intake.G13_currency", "currency"))

    assert answer == "currency：币种与资产组合不一致。"
    with override("en"):
        english = refusal(said("intake.G13_currency", "currency"))
    assert english == f"currency: {CODES['intake.G13_currency'][1]}"


def test_a_value_that_happens_to_be_a_text_of_ours_is_left_alone():
    name = Refusal("staff.name_taken", "%(name)s is taken.", named={"name": "Save"})

    assert refusal(name) == "登录名 Save 已被使用，请换一个。"


def test_a_percent_sign_in_a_value_is_no_template():
    code = Refusal("staff.unknown_team", "There is no team %(team)s.", named={"team": "100%(x)s"})

    assert refusal(code) == "小组 100%(x)s 不存在。"


def test_the_faults_of_a_sheet_name_row_and_column():
    header, *rows = default_rows("treatment")
    rows[2][0] = "3..1"

    assert told(from_rows, header, rows, code="treatment", version=1) == [
        "第 4 行 in:bucket:int：区间“3..1”起止颠倒。"
    ]


def test_the_bounds_of_an_answer_are_told():
    header, *rows = default_rows("treatment")
    rows[0][14] = "x" * 41
    rows[0][18] = "101"
    wrong = values_refused(from_rows(header, rows, code="treatment", version=1))

    assert [refusal(one) for one in wrong] == [
        f"规则 1：segment 的输出值“{'x' * 41}”不符合要求，应为：1 至 40 个字符。",
        "规则 1：priority 的输出值“101”不符合要求，应为：0..100。",
    ]
    assert not any(has_english(refusal(Refusal("x", str(want)))) for want in WANTED.values())


@pytest.mark.parametrize(
    ("name", "data", "begins"),
    [
        ("table.csv", b"\xff\xfe", "文件不是 UTF-8 编码的 CSV"),
        ("table.csv", b"a\n" * (LARGEST_ROWS + 1), f"表格超过 {LARGEST_ROWS} 行"),
        ("table.csv", b"a" * (2 * 1024 * 1024 + 1), "文件超过 2 MB"),
        ("table.xlsx", b"PK", "无法读取该工作簿"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_in_chinese(name, data, begins):
    (only,) = told(read_sheet, name, data)

    assert only.startswith(begins)


def test_the_line_that_breaks_a_sheet_is_named():
    assert told(read_sheet, "table.csv", b'a,b\n1,2\n3,"4\n') == [
        "文件到第 3 行已不符合 CSV 格式：引号未闭合、引号后有多余文字或单元格过长。请从电子表格另存为“CSV UTF-8”。"
    ]


def test_a_weak_password_is_refused_in_chinese(settings):
    person = Agent(username="adalovelace", name="Ada")

    assert [refusal(one) for one in password_refused("password", person)] == [
        "密码至少需要 12 个字符。", "密码过于常见，请另选一个。",
    ]  # fmt: skip
    assert [refusal(one) for one in password_refused("adalovelace1", person)] == [
        "密码与登录名或姓名过于相似，请另选一个。"
    ]
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": f"{__name__}.Banks"}]
    assert [refusal(one) for one in password_refused("password", person)] == ["须含 % 与数字"]


class Banks:
    """A check that a bank added; what it says is its own."""

    def validate(self, password, user=None):
        raise ValidationError("须含 % 与数字", code="banks_own")


def test_a_day_that_cannot_run_says_why():
    day = date(2026, 3, 10)

    assert told(days_to_run, day, last_run=None, snapshots=[], skip_quiet=False) == [
        "2026-03-10 及以前没有数据交付，请先导入（dunwell intake load）。"
    ]
    (only,) = told(
        days_to_run, day, last_run=date(2026, 1, 1), snapshots=[date(2026, 1, 1)], skip_quiet=False
    )
    assert only.startswith("2026-01-01 与 2026-03-10 之间相隔 67 天")


# -- the shipped table ------------------------------------------------------------------


def test_every_shipped_note_has_its_chinese_and_stands_in_the_table_as_it_was_versioned():
    notes = {rule.note for rule in default_table("treatment").rules} - {""}
    source = files("dunwell.strategy").joinpath("tables", "treatment.csv").read_text("utf-8")

    assert notes == {row["note"] for row in csv.DictReader(source.splitlines())} - {""}
    assert [note for note in notes if table_note(note) == note] == []


@pytest.mark.parametrize("note", ["大额优先", "Ring before noon", "Save", "Closed", ""])
def test_a_banks_own_note_stands_as_it_wrote_it(note):
    assert table_note(note) == note


def test_every_answer_of_the_shipped_table_has_words():
    table = default_table("treatment")
    names = [column.name for column in table.outputs]
    codes = {
        (kind, answer[names.index(kind)])
        for answer in (rule.outputs for rule in table.rules)
        for kind in ("segment", "treatment", "track", "queue")
    }

    assert [(kind, code) for kind, code in sorted(codes) if code not in WORDS[kind]] == []
    assert say("version_note", SHIPPED) == "系统内置默认策略"
    assert say("version_note", "我行 2026 年策略") == "我行 2026 年策略"


def test_conditions_and_facts_are_told_in_words():
    assert cell_words("dispute,complaint") == "异议, 投诉"
    assert cell_words("broken,partly_kept") == "已失约, 部分履约"
    assert [cell_words(fact) for fact in ("large", True, None, 3, ">=2")] == [
        "大", "是", "–", "3", ">=2",
    ]  # fmt: skip


def test_figures_are_counted_by_words():
    assert figure_key("substandard", "asset_class") == "次级"
    assert figure_key("withdrawn", "closed") == "已撤案"
    assert figure_key("7", "case_bucket") == "M7+"
    assert figure_key("2>3", "roll") == "M2 → M3"
    assert figure_key("new>0", "roll") == "新增 → M0"


def test_one_english_word_has_the_chinese_of_its_place():
    pairs = [("promise", "Withdrawn"), ("case", "Withdrawn"), ("account", "Closed"),
             ("case", "Closed"), ("number", "Closed"), ("on a desk", "Load")]  # fmt: skip

    assert [pgettext(*pair) for pair in pairs] == [
        "已撤回", "已撤案", "已销户", "已结案", "结案数", "工作量",
    ]  # fmt: skip


# -- the page where a day is started ----------------------------------------------------


@pytest.fixture
def asking(client, db):
    """Return a call that asks on screen for the day of ``make.DAY``, and the page's text."""
    client.force_login(make.agent("operations"))
    of = make.portfolio()

    def ask():
        given = {"portfolio": of.code, "day": str(make.DAY)}
        answer = client.post(reverse("workbench:run-day"), given)
        return answer.status_code, answer.content.decode()

    return of, ask


def test_a_day_without_a_delivery_is_refused_on_the_page(asking):
    status, page = asking[1]()

    assert status == 422
    assert "2026-03-09 及以前没有数据交付，请先导入" in page


def test_a_day_without_a_table_in_force_is_refused_on_the_page(asking):
    of, ask = asking
    make.snapshot(of)

    status, page = ask()

    assert status == 422
    assert "决策表 treatment 在 2026-03-09 没有生效版本" in page
