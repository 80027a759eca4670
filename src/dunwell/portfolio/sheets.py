"""Decision tables in and out: as rows of a sheet, and from their JSON.

Whatever is wrong with a sheet is said at once, each fault with its row and column.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dunwell.kernel.refusal import Refusal, Refused
from dunwell.portfolio.cells import (
    MOST_PARTS,
    TYPES,
    BadCell,
    Condition,
    is_anything,
    output,
    parse,
)
from dunwell.portfolio.tables import Column, DecisionTable, Rule

# What each fault says; the templates are msgids for whoever shows them in another tongue.
SAYS = {
    "no_inputs": "The header names no input: write in:name:type.",
    "no_outputs": "The header names no output: write out:name:type.",
    "header": "“%(given)s” is no header: write in:name:type, out:name:type or note;"
    " types are int, text and bool.",
    "name_twice": "The name “%(given)s” stands in the header twice or is reserved.",
    "width": "Row %(row)s has %(given)s cells; the header has another number.",
    "empty_part": "Row %(row)s, %(column)s: “%(given)s” has nothing between its commas.",
    "never_met": "Row %(row)s, %(column)s: no value can ever fit “%(given)s”.",
    "not_a_bool": "Row %(row)s, %(column)s: “%(given)s” is neither true nor false.",
    "not_a_number": "Row %(row)s, %(column)s: “%(given)s” is not a whole number, range or limit.",
    "not_a_text": "Row %(row)s, %(column)s: “%(given)s” is not a plain text or list of texts.",
    "range_backwards": "Row %(row)s, %(column)s: the range “%(given)s” runs backwards.",
    "too_many_parts": "Row %(row)s, %(column)s: more than %(most)s parts in one cell."
    " Make ranges of them, or more rows.",
    "too_many_rules": "The table has more than %(most)s rules. Take out what decides nothing.",
    "too_many_conditions": "The table asks for more than %(most)s values in all."
    " Make ranges of them, or leave out what decides nothing.",
    "no_rules": "The table has no rules.",
    "no_catch_all": "Row %(row)s, the last, must fit everything: leave all its inputs empty.",
    "unreachable": "Row %(row)s is never reached: row %(given)s fits whatever it fits.",
}
NOTE = "note"
# Every rule is compared with all before it.
MOST_RULES = 500
# Values and ranges of all cells together: with them grows the work of comparing.
MOST_CONDITIONS = 10_000
RESERVED = ("rule_row",)
_HEADER = re.compile(r"(in|out)\s*:\s*([a-z_][a-z0-9_]*)\s*:\s*([a-z]+)")


@dataclass(frozen=True, slots=True)
class Fault(Refusal):
    """A fault of a sheet: its row as the sheet counts (1 is the header), its column."""

    row: int = 0
    column: str = ""
    given: str = ""


def from_rows(
    header: Sequence[object], rows: Sequence[Sequence[object]], *, code: str, version: int
) -> DecisionTable:
    """Return the table that a sheet says.

    Cells may be text, whole numbers, booleans or None, as spreadsheets give them; empty
    rows are passed over. Rules are numbered from 1 in the order they stand.

    :raises Refused: with a ``Fault`` for every mistake found
    """
    titles = [unicodedata.normalize("NFKC", _text(cell)) for cell in header]
    while titles and not titles[-1]:
        titles.pop()
    columns, faults = _columns(titles)
    if faults:
        raise Refused(*faults)
    numbered = [(line, [_text(cell) for cell in row]) for line, row in enumerate(rows, start=2)]
    numbered = [(line, cells) for line, cells in numbered if any(cells)]
    rules: list[tuple[int, Rule]] = []
    if len(numbered) > MOST_RULES:
        raise Refused(_fault("too_many_rules", most=MOST_RULES))
    for number, (line, cells) in enumerate(numbered, start=1):
        rule, wrong = _rule(number, line, cells, columns)
        faults += wrong
        if rule is not None:
            rules.append((line, rule))
    if not faults:
        faults += _order(rules)
    if faults:
        raise Refused(*faults)
    return DecisionTable(
        code=code,
        version=version,
        inputs=tuple(column for side, column in columns if side == "in"),
        outputs=tuple(column for side, column in columns if side == "out"),
        rules=tuple(rule for _, rule in rules),
    )


def to_rows(table: DecisionTable) -> tuple[list[str], list[list[str]]]:
    """Return header and rows; ``from_rows`` makes the same table of them again."""
    header = [f"in:{column.name}:{column.type}" for column in table.inputs]
    header += [f"out:{column.name}:{column.type}" for column in table.outputs]
    rows = [
        [*(cell or "-" for cell in rule.cells), *(_text(v) for v in rule.outputs), rule.note]
        for rule in table.rules
    ]
    return [*header, NOTE], rows


def from_data(data: Mapping[str, Any]) -> DecisionTable:
    """Return the table of ``tables.to_data``, checked as if it came from a sheet.

    :raises Refused: if it breaks a rule of the sheet
    """
    header = [f"in:{name}:{kind}" for name, kind in data["inputs"]]
    header += [f"out:{name}:{kind}" for name, kind in data["outputs"]]
    rows = [
        [*(cell or "-" for cell in rule["cells"]), *rule["outputs"], rule["note"]]
        for rule in data["rules"]
    ]
    return from_rows([*header, NOTE], rows, code=data["code"], version=data["version"])


def from_json(text: str) -> DecisionTable:
    """Return the table of ``tables.to_json``.

    :raises Refused: if it breaks a rule of the sheet
    """
    return from_data(json.loads(text))


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    # Spreadsheets keep every number as a float; 3.0 was typed as 3.
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _fault(
    code: str, *, row: int = 1, column: str = "", given: object = "", most: int = 0
) -> Fault:
    named = {"row": row, "column": column, "given": given, "most": most}
    return Fault(
        f"tables.{code}", SAYS[code], row=row, column=column, given=str(given), named=named
    )


def _columns(titles: Sequence[str]) -> tuple[list[tuple[str, Column]], list[Fault]]:
    columns: list[tuple[str, Column]] = []
    faults: list[Fault] = []
    taken = set(RESERVED)
    for title in titles:
        match = _HEADER.fullmatch(title)
        if title == NOTE:
            side, name, kind = NOTE, NOTE, "text"
        elif match and match.group(3) in TYPES:
            side, name, kind = match.groups()
        else:
            faults.append(_fault("header", column=title, given=title))
            continue
        if name in taken:
            faults.append(_fault("name_twice", column=title, given=name))
        taken.add(name)
        columns.append((side, Column(name, kind)))
    sides = {side for side, _ in columns}
    if not faults:
        wanted = (("in", "no_inputs"), ("out", "no_outputs"))
        faults = [_fault(code) for side, code in wanted if side not in sides]
    return columns, faults


def _rule(
    number: int, line: int, cells: Sequence[str], columns: Sequence[tuple[str, Column]]
) -> tuple[Rule | None, list[Fault]]:
    width = len(columns)
    if any(cells[width:]):
        return None, [_fault("width", row=line, given=len(cells))]
    # Spreadsheets leave out empty cells at a row's end.
    padded = [*cells[:width], *[""] * (width - len(cells))]
    written, conditions, outputs, note = [], [], [], ""
    faults = []
    for (side, column), cell in zip(columns, padded, strict=True):
        try:
            if side == "in":
                conditions.append(parse(cell, column.type))
                written.append("" if cell == "-" else cell)
            elif side == "out":
                outputs.append(output(cell, column.type))
            else:
                note = cell
        except BadCell as bad:
            title = f"{side}:{column.name}:{column.type}"
            faults.append(_fault(bad.code, row=line, column=title, given=cell, most=MOST_PARTS))
    if faults:
        return None, faults
    return Rule(number, tuple(written), tuple(conditions), tuple(outputs), note), []


def _order(rules: Sequence[tuple[int, Rule]]) -> Iterator[Fault]:
    """Yield rules that an earlier one hides, and the want of a last one for the rest.

    Only what a single earlier rule hides is found, not what several hide together.
    """
    if not rules:
        yield _fault("no_rules")
        return
    asked = [_asked(rule) for _, rule in rules]
    if sum(condition.parts for some in asked for _, condition in some) > MOST_CONDITIONS:
        yield _fault("too_many_conditions", most=MOST_CONDITIONS)
        return
    for at, (line, rule) in enumerate(rules):
        for (earlier_line, _), some in zip(rules[:at], asked, strict=False):
            if _hides(some, rule):
                yield _fault("unreachable", row=line, given=earlier_line)
                break
    last_line, last = rules[-1]
    if not all(is_anything(condition) for condition in last.conditions):
        yield _fault("no_catch_all", row=last_line)


def _asked(rule: Rule) -> list[tuple[int, Condition]]:
    """Return the conditions that do not meet everything, with their places."""
    return [(at, one) for at, one in enumerate(rule.conditions) if not is_anything(one)]


def _hides(earlier: Sequence[tuple[int, Condition]], later: Rule) -> bool:
    # Both conditions of a column are of one class: its type decides which.
    return all(wide.covers(later.conditions[at]) for at, wide in earlier)  # type: ignore[arg-type]
