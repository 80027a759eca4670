"""The engine's column contracts: what each table of the day brings, name by name.

Dates are local business dates, amounts whole minor units of the portfolio's one
currency, keys those of the database. A table may bring more columns than its
contract; ageing and decisions pass them on. Every column may be read in any order of
rows: no function of this package depends on it.

===================  ========================================================
positions            one row an account: what it owes on the day
aged                 positions with days past due, bucket and asset class
cardholders          one row a party, over all his accounts
open_cases           one row an open case; at most one a party
cases_to_allocate    one row an open case that wants a collector
agents               one row a collector and queue he is skilled for
assignments          one row a case: who works it from today, or nobody
===================  ========================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import ibis
import ibis.expr.datatypes as dt


def _contract(**columns: str) -> Mapping[str, str]:
    return MappingProxyType(columns)


# oldest_unpaid_due_on is NULL where nothing was billed and left unpaid.
POSITIONS = _contract(
    account_id="int64",
    party_id="int64",
    oldest_unpaid_due_on="date",
    past_due_minor="int64",
    balance_minor="int64",
    charged_off="boolean",
)
AGED = _contract(**POSITIONS, overdue="boolean", dpd="int32", bucket="int32", asset_class="string")
# dpd and oldest_unpaid_due_on are of the worst account; 0 and NULL if none is overdue.
CARDHOLDERS = _contract(
    party_id="int64",
    bucket="int32",
    dpd="int32",
    oldest_unpaid_due_on="date",
    past_due_minor="int64",
    balance_minor="int64",
    overdue_accounts="int64",
    accounts="int64",
    charged_off="boolean",
)
OPEN_CASES = _contract(
    case_id="int64", party_id="int64", bucket="int32", oldest_unpaid_due_on="date"
)
# language is a BCP 47 tag, NULL where any collector will do; collector_id is NULL
# where nobody holds the case. case_key never changes and is unique: it breaks ties.
CASES_TO_ALLOCATE = _contract(
    case_id="int64",
    case_key="string",
    queue="string",
    language="string",
    priority="int64",
    dpd="int64",
    past_due_minor="int64",
    collector_id="int64",
)
AGENTS = _contract(
    agent_id="int64",
    agent_key="string",
    team_id="int64",
    queue="string",
    languages="array<string>",
    capacity="int64",
    available="boolean",
)
ASSIGNMENTS = _contract(case_id="int64", team_id="int64", collector_id="int64")


class WrongColumns(ValueError):
    """A table does not keep its contract: a column is missing or of another type."""


def check(table: ibis.Table, schema: Mapping[str, str]) -> None:
    """Raise unless ``table`` has every column of ``schema`` with its type.

    Whole numbers may be narrower than the contract says, for databases differ in the
    width they give back; decimals and floats are refused, for money is neither.

    :raises WrongColumns: naming every column at fault
    """
    has = table.schema()
    wrong = []
    for name, kind in schema.items():
        if name not in has:
            wrong.append(f"{name} is missing")
        elif not _fits(has[name], dt.dtype(kind)):
            wrong.append(f"{name} is {has[name]}, not {kind}")
    if wrong:
        raise WrongColumns("; ".join(wrong) + ".")


def _fits(found: dt.DataType, wanted: dt.DataType) -> bool:
    if wanted.is_signed_integer():
        return found.is_signed_integer() and found.nbytes <= wanted.nbytes
    return found.copy(nullable=True) == wanted.copy(nullable=True)
