from __future__ import annotations

import json
from typing import Any

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.kernel.refusal import Refused
from dunwell.portfolio.cells import BadCell, output, parse
from dunwell.portfolio.schema import WrongColumns
from dunwell.portfolio.sheets import from_data, from_json, from_rows, to_rows
from dunwell.portfolio.tables import DecisionTable, decide_row, sha256, to_data, to_json
from dunwell.portfolio.tables_ibis import decide
from dunwell.portfolio.tests.rows import table

HEADER = ["in:bucket:int", "in:band:text", "in:vip:bool", "out:treatment:text", "out:days:int", "note"]  # fmt: skip
REST = ["", "", "", "letter", "7", "everybody else"]


def sheet(*rows: list[Any], header: list[str] = HEADER) -> DecisionTable:
    return from_rows(header, rows, code="treatment", version=3)


def faults(*rows: list[Any], header: list[str] = HEADER) -> list[tuple[str, int, str]]:
    with pytest.raises(Refused) as refused:
        sheet(*rows, header=header)
    return [(fault.code, fault.row, fault.column) for fault in refused.value.refusals]


MEETS = [
    # cell, type, met, not met
    ("", "int", [None, 0, -5], []),
    ("-", "text", [None, "", "a"], []),
    ("3", "int", [3], [2, 4, None]),
    ("-3", "int", [-3], [3, None]),
    ("1..3", "int", [1, 2, 3], [0, 4, None]),
    ("-2 .. -1", "int", [-2, -1], [0, -3]),
    (">=5", "int", [5, 6], [4, None]),
    (">5", "int", [6], [5]),
    ("<100", "int", [99, -1], [100, None]),
    ("<= 100", "int", [100], [101]),
    ("1,4..6,>9", "int", [1, 4, 6, 10], [2, 7, 9, None]),
    ("not(1,2)", "int", [0, 3], [1, 2, None]),
    ("not(<3)", "int", [3], [2, None]),
    ("not(1..3,5)", "int", [0, 4, 6], [1, 3, 5, None]),
    ("null", "int", [None], [0]),
    ("null,3", "int", [None, 3], [0]),
    ("not(null)", "int", [0, -9], [None]),
    ("M1,M2", "text", ["M1", "M2"], ["M3", None, "m1"]),
    ("not(S, M)", "text", ["L", ""], ["S", "M", None]),
    ("null", "text", [None], ["null", ""]),
    ("NULL,S", "text", [None, "S"], ["M"]),
    ("not(null)", "text", ["S"], [None]),
    ("true", "bool", [True], [False, None]),
    ("FALSE", "bool", [False], [True, None]),
    ("not(true)", "bool", [False], [True, None]),
    ("true,false", "bool", [True, False], [None]),
    ("≥５", "int", [5], [4]),
    ("早期，后期", "text", ["早期", "后期"], ["中期"]),
]


@pytest.mark.parametrize(("cell", "kind", "met", "missed"), MEETS)
def test_a_cell_meets_what_it_says(cell, kind, met, missed):
    condition = parse(cell, kind)

    assert [value for value in met if not condition.meets(value)] == []
    assert [value for value in missed if condition.meets(value)] == []


@pytest.mark.parametrize(
    ("cell", "kind", "code"),
    [
        ("3..1", "int", "range_backwards"),
        ("three", "int", "not_a_number"),
        ("1.5", "int", "not_a_number"),
        ("99999999999999999999", "int", "not_a_number"),
        ("1,,2", "int", "empty_part"),
        ("not()", "text", "empty_part"),
        (">5", "text", "not_a_text"),
        ("1..3", "text", "not_a_text"),
        ("not(a", "text", "not_a_text"),
        ("yes", "bool", "not_a_bool"),
        ("not(true,false)", "bool", "never_met"),
        ("not(<5,>=5)", "int", "never_met"),
    ],
)
def test_a_bad_cell_says_what_is_wrong(cell, kind, code):
    with pytest.raises(BadCell) as bad:
        parse(cell, kind)

    assert bad.value.code == code


def test_an_output_is_a_value_of_its_type_or_nothing():
    assert [output("7", "int"), output("7", "text"), output("true", "bool"), output("", "int")] == [
        7, "7", True, None,
    ]  # fmt: skip


def test_the_first_rule_that_fits_decides():
    rules = sheet(["1..3", "", "", "sms", "2", ""], ["", "L,XL", "", "call", "1", ""], REST)

    assert decide_row(rules, {"bucket": 2, "band": "L", "vip": None}) == (
        {"treatment": "sms", "days": 2}, 1,
    )  # fmt: skip
    assert decide_row(rules, {"bucket": 4, "band": "L", "vip": None})[1] == 2
    assert decide_row(rules, {"bucket": None, "band": None, "vip": None})[1] == 3


def test_all_faults_are_said_at_once_with_row_and_column():
    found = faults(["3..1", "<5", "", "sms", "soon", ""], ["", "", "maybe", "x", "1", ""], REST)

    assert found == [
        ("tables.range_backwards", 2, "in:bucket:int"),
        ("tables.not_a_text", 2, "in:band:text"),
        ("tables.not_a_number", 2, "out:days:int"),
        ("tables.not_a_bool", 3, "in:vip:bool"),
    ]


def test_a_fault_reads_as_a_sentence():
    with pytest.raises(Refused) as refused:
        sheet(["3..1", "", "", "sms", "1", ""], REST)

    assert refused.value.refusals[0].text == (
        "Row 2, in:bucket:int: the range “3..1” runs backwards."
    )


def test_the_last_rule_must_fit_everything():
    assert faults(["1", "", "", "sms", "1", ""]) == [("tables.no_catch_all", 2, "")]


def test_a_rule_that_an_earlier_one_hides_is_refused():
    wide = ["1..5", "not(S)", "", "a", "1", ""]
    narrow = ["2,4", "L", "true", "b", "2", ""]

    assert faults(wide, narrow, REST) == [("tables.unreachable", 3, "")]


def test_a_rule_after_the_catch_all_is_never_reached():
    assert faults(REST, ["1", "", "", "a", "1", ""], REST)[0] == ("tables.unreachable", 3, "")


def test_a_rule_that_differs_in_one_null_is_reached():
    assert (
        len(sheet([">=0", "", "", "a", "1", ""], [">=0,null", "", "", "b", "1", ""], REST).rules)
        == 3
    )


def test_empty_rows_are_passed_over_but_counted_by_the_sheet():
    assert faults(["", None, "", "", "", ""], ["x", "", "", "a", "1", ""], REST) == [
        ("tables.not_a_number", 3, "in:bucket:int")
    ]


def test_the_header_is_checked():
    assert faults(REST, header=["in:a:int", "out:a:text", "bucket", "in:x:money"]) == [
        ("tables.name_twice", 1, "out:a:text"),
        ("tables.header", 1, "bucket"),
        ("tables.header", 1, "in:x:money"),
    ]
    assert [code for code, *_ in faults(REST, header=["note"])] == [
        "tables.no_inputs",
        "tables.no_outputs",
    ]


def test_cells_beyond_the_header_are_a_fault_and_missing_ones_are_empty():
    assert faults([*REST, "stray"]) == [("tables.width", 2, "")]
    assert sheet(["1", "", "", "sms"], REST).rules[0].outputs == ("sms", None)


def test_numbers_and_truth_of_a_spreadsheet_are_read_as_typed():
    rules = sheet([3.0, None, True, "sms", 7.0, None], REST)

    assert rules.rules[0].cells == ("3", "", "true")
    assert rules.rules[0].outputs == ("sms", 7)


def test_a_table_survives_the_sheet_and_json():
    rules = sheet(["1..3", "not(S, M)", "true", "sms", "", "why, “so”"], ["", "", "", "", "", ""],
                  ["", "", "", None, None, "none"])  # fmt: skip
    header, rows = to_rows(rules)

    assert from_rows(header, rows, code=rules.code, version=rules.version) == rules
    assert from_json(to_json(rules)) == rules
    assert from_data(json.loads(json.dumps(to_data(rules)))) == rules
    assert to_rows(from_rows(header, rows, code=rules.code, version=3)) == (header, rows)


def test_a_catch_all_that_gives_nothing_survives():
    rules = sheet(["-", "", "", "", "", ""])

    assert from_json(to_json(rules)) == rules


def test_the_canonical_json_and_its_digest_do_not_change():
    rules = from_rows(["in:a:int", "out:b:text"], [["1", "x"], ["-", "中"]], code="t", version=1)

    assert to_json(rules) == (
        '{"code":"t","inputs":[["a","int"]],"outputs":[["b","text"]],"rules":'
        '[{"cells":["1"],"note":"","outputs":["x"]},{"cells":[""],"note":"","outputs":["中"]}],'
        '"version":1}'
    )
    assert sha256(rules) == "be67750837a697d033c41b5b1f68f402cc8cfc1354c955a181bb473f25d8539b"


def test_facts_without_an_input_are_refused():
    with pytest.raises(WrongColumns, match="vip is missing"):
        decide(sheet(REST), table({"bucket": "int32", "band": "string"}, []))


def test_facts_that_already_have_an_output_are_refused():
    facts = table({"bucket": "int32", "band": "string", "vip": "boolean", "days": "int64"}, [])

    with pytest.raises(ValueError, match="days"):
        decide(sheet(REST), facts)


def test_outputs_keep_their_types_and_other_columns_pass():
    facts = table({"bucket": "int16", "band": "string", "vip": "boolean", "case_id": "int64"}, [])

    decided = decide(sheet(["1", "", "", None, "", ""], REST), facts)

    assert decided.schema() == ibis.schema(
        {"bucket": "int16", "band": "string", "vip": "boolean", "case_id": "int64",
         "treatment": "string", "days": "int64", "rule_row": "int32"}
    )  # fmt: skip


WIDE = ",".join(str(2 * n) for n in range(51))


@pytest.mark.parametrize("cell", [WIDE, f"not({WIDE})"])
def test_a_cell_has_a_limit_that_people_can_read(cell):
    assert faults([cell, "", "", "call", "1"], REST) == [
        ("tables.too_many_parts", 2, "in:bucket:int")
    ]
    assert sheet([cell.replace(",100", ""), "", "", "call", "1"], REST)


def test_a_table_has_a_limit_of_rules():
    rows = [[str(n), "", "", "call", "1"] for n in range(500)]

    assert faults(*rows, REST)[0][0] == "tables.too_many_rules"
    assert len(sheet(*rows[1:], REST).rules) == 500


def test_a_table_has_a_limit_of_values_in_all():
    names = ",".join(f"n{n}" for n in range(50))
    rows = [[str(n), names, "", "call", "1"] for n in range(197)]

    assert faults(*rows, REST)[0][0] == "tables.too_many_conditions"
    assert sheet(*rows[1:], REST)


spans = st.lists(st.integers(-6, 6) | st.sampled_from(["<-3", ">4", "0..2", "null"]), min_size=1)


@given(spans, spans, st.booleans(), st.booleans())
def test_a_cell_covers_another_if_it_meets_all_that_the_other_meets(wide, narrow, turn, other):
    def cell(parts, turned):
        text = ",".join(str(part) for part in parts)
        return parse(f"not({text})" if turned else text, "int")

    try:
        one, two = cell(wide, turn), cell(narrow, other)
    except BadCell:
        return
    probes = [*range(-9, 10), None]
    assert one.covers(two) == all(one.meets(value) for value in probes if two.meets(value))
