"""The canonical files: which columns each kind has and what may stand in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Type(Enum):
    """What a column's text must look like."""

    KEY = "key"  # printable ASCII without spaces
    CODE = "code"  # letters, digits and a few marks
    TEXT = "text"  # anything a person may write
    AMOUNT = "amount"  # decimal text, zero or more
    SIGNED = "signed"  # decimal text, a credit is negative
    DATE = "date"  # YYYY-MM-DD
    COUNT = "count"  # a small whole number
    FLAG = "flag"  # true or false
    CHOICE = "choice"  # one of a few words


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical column; ``length`` is in characters."""

    name: str
    type: Type
    required: bool = False
    length: int = 64
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file; ``key`` says which columns may not repeat together."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.required)

    def column(self, name: str) -> Column:
        """Return the column called ``name``; it must exist."""
        return next(c for c in self.columns if c.name == name)


def _key(name: str) -> Column:
    return Column(name, Type.KEY, required=True)


def _amount(name: str, *, required: bool = False) -> Column:
    return Column(name, Type.AMOUNT, required, 24)


def _date(name: str, *, required: bool = False) -> Column:
    return Column(name, Type.DATE, required, 10)


def _flag(name: str) -> Column:
    return Column(name, Type.FLAG, length=5)


CUSTOMERS = Kind(
    "customers",
    (
        _key("customer_ref"),
        Column("name", Type.TEXT, required=True, length=200),
        Column("id_type", Type.TEXT, length=32),
        Column("id_number", Type.CODE),
        _date("birth_date"),
        Column("gender", Type.CHOICE, length=1, choices=("M", "F", "X", "U")),
        Column("language", Type.CODE, length=12),
        Column("country", Type.CODE, required=True, length=2),
        Column("region", Type.TEXT, length=80),
        Column("city", Type.TEXT, length=80),
        Column("postal_code", Type.TEXT, length=16),
        Column("time_zone", Type.CODE),
        Column("employer", Type.TEXT, length=200),
        _flag("deceased"),
        _flag("bankrupt"),
        _flag("staff"),
    ),
    ("customer_ref",),
)
CONTACTS = Kind(
    "contacts",
    (
        _key("customer_ref"),
        Column(
            "role",
            Type.CHOICE,
            required=True,
            choices=("debtor", "guarantor", "supplementary", "related", "emergency", "other"),
        ),
        Column("name", Type.TEXT, length=200),
        Column(
            "kind",
            Type.CHOICE,
            required=True,
            choices=("mobile", "landline", "work_phone", "email", "address"),
        ),
        Column("value", Type.TEXT, required=True, length=400),
        Column("source", Type.CODE, required=True, length=32),
        _date("verified_on"),
        _flag("call_ok"),
        _flag("sms_ok"),
        _flag("email_ok"),
    ),
    ("customer_ref", "role", "kind", "value"),
)
ACCOUNTS = Kind(
    "accounts",
    (
        _key("account_ref"),
        _key("customer_ref"),
        Column("product", Type.TEXT, required=True),
        Column("currency", Type.CODE, required=True, length=3),
        _date("opened_on", required=True),
        _amount("credit_limit", required=True),
        Column("card_last4", Type.CODE, length=4),
        _date("statement_on"),
        _date("due_on"),
        Column("statement_balance", Type.SIGNED, length=24),
        _amount("minimum_due"),
        _amount("past_due", required=True),
        _date("oldest_unpaid_due_on"),
        Column("cycles_past_due", Type.COUNT, length=3),
        _amount("principal", required=True),
        _amount("interest", required=True),
        _amount("fees", required=True),
        _amount("penalty", required=True),
        # Not kept: what the four parts are checked against.
        Column("balance", Type.SIGNED, length=24),
        _date("last_payment_on"),
        _amount("last_payment_amount"),
        Column(
            "status",
            Type.CHOICE,
            required=True,
            choices=("open", "blocked", "closed", "charged_off", "fraud"),
        ),
        _date("charged_off_on"),
    ),
    ("account_ref",),
)
PAYMENTS = Kind(
    "payments",
    (
        _key("payment_ref"),
        _key("account_ref"),
        Column(
            "kind",
            Type.CHOICE,
            required=True,
            choices=("payment", "reversal", "refund", "adjustment"),
        ),
        _amount("amount", required=True),
        Column("currency", Type.CODE, required=True, length=3),
        _date("value_on", required=True),
        _date("posted_on", required=True),
        Column("channel", Type.TEXT, length=32),
        Column("reverses_ref", Type.KEY),
    ),
    ("payment_ref",),
)
KINDS = {kind.name: kind for kind in (CUSTOMERS, CONTACTS, ACCOUNTS, PAYMENTS)}
