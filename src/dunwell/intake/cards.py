"""Full card numbers: found wherever they stand, never kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pyarrow as pa
from stdnum import luhn

from dunwell.intake.checks import LONG_DIGITS, SHORTEST_CARD, national_id_is_right, text
from dunwell.intake.faults import Finding
from dunwell.intake.layout import Column, Kind, Type
from dunwell.kernel.cards import masked

# A reference of a bank is often as long as a card number and fits the check by chance: in a
# key only what networks begin their numbers with counts, in one group or in theirs.
_OF_A_NETWORK = re.compile(r"4|5[1-5]|6[0245]|3[04-9]|2[2-7]|9558")
_DIGITS = re.compile(r"[0-9]+")
_IN_KEY = re.compile(r"[0-9]+(?:[./_-][0-9]+)*")
_GROUPED = ((4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4),
            (6, 13), (6, 10))  # fmt: skip
LONGEST = 19
AT_ONCE = 20_000
LONGEST_TEXT = 1_000


def key_without_cards(key: str) -> str:
    """Return a reference with every network's card number cut down to its last four.

    Zeros in front are filling: they neither make a number longer nor hide it.
    """
    while found := next(_cards_in_key(key), None):
        begin, end, last = found
        key = f"{key[:begin]}[card ****{last}]{key[end:]}"
    return key


def _cards_in_key(key: str) -> Iterator[tuple[int, int, str]]:
    """Yield where card numbers stand among the groups of digits, and their last four."""
    for run in _IN_KEY.finditer(key):
        groups = [match.span() for match in _DIGITS.finditer(key, *run.span())]
        for first in range(len(groups)):
            for last in range(first + 1, min(first + 6, len(groups) + 1)):
                some = groups[first:last]
                digits = "".join(key[begin:end] for begin, end in some).lstrip("0")
                shape = tuple(end - begin for begin, end in some)
                if (len(some) == 1 or shape in _GROUPED) and _is_network_card(digits):
                    yield some[0][0], some[-1][1], digits[-4:]


def _is_network_card(digits: str) -> bool:
    return (
        SHORTEST_CARD <= len(digits) <= LONGEST
        and _OF_A_NETWORK.match(digits) is not None
        and len(set(digits)) > 1
        and luhn.is_valid(digits)
    )


def redact(con: duckdb.DuckDBPyConnection, kind: Kind, file: str) -> list[Finding]:
    """Mask card numbers in the rows of ``b_<kind>`` and, in keys, fault them.

    Both the tidied text and the text as delivered are rewritten, so neither table nor
    log ever sees one.
    """
    findings = []
    for column in kind.columns:
        if column.type not in (Type.TEXT, Type.CODE, Type.KEY):
            continue
        count = 0
        for changed in _changes(con, kind, column):
            count += len(changed)
            _write(con, kind, f'"{column.name}"', changed)
            if column.type is Type.KEY:
                _fault(con, kind, column, changed)
        if count:
            findings.append(
                Finding("intake.G11_card_number", file=file, column=column.name, count=count)
            )
    return findings


def _changes(
    con: duckdb.DuckDBPyConnection, kind: Kind, column: Column
) -> Iterator[list[tuple[int, str]]]:
    """Yield rows and what becomes of their value, some at a time: all of them may have one.

    A value that is far too long waits for that, and is masked when it is kept.
    """
    name, after = f'"{column.name}"', 0
    exempt = f"AND NOT (length({name}) = 18 AND {national_id_is_right(name)})"
    con.execute(
        f"CREATE OR REPLACE TABLE suspect AS SELECT row, {name} FROM b_{kind.name}"
        f" WHERE length({name}) <= {LONGEST_TEXT} AND regexp_matches({name}, {text(LONG_DIGITS)})"
        f" {exempt if column.name == 'id_number' else ''}"
    )
    while hits := con.execute(
        f"FROM suspect WHERE rowid >= {after} AND rowid < {after + AT_ONCE}"
    ).fetchall():
        after += AT_ONCE
        clean = key_without_cards if column.type is Type.KEY else masked
        if changed := [(row, kept) for row, value in hits if (kept := clean(value)) != value]:
            yield changed


def _fault(
    con: duckdb.DuckDBPyConnection, kind: Kind, column: Column, changed: list[tuple[int, str]]
) -> None:
    con.executemany(
        f"INSERT INTO fault VALUES ('{kind.name}', ?, '{column.name}',"
        " 'intake.G11_card_number_as_key')",
        [(row,) for row, _ in changed],
    )


def _write(
    con: duckdb.DuckDBPyConnection, kind: Kind, name: str, changed: list[tuple[int, str]]
) -> None:
    rows, values = zip(*changed, strict=True)
    con.register("masked_now", pa.table({"row": rows, "kept": values}))
    for table in (f"b_{kind.name}", f"raw_{kind.name}"):
        con.execute(
            f"UPDATE {table} SET {name} = m.kept FROM masked_now m WHERE {table}.row = m.row"
        )
    con.unregister("masked_now")
