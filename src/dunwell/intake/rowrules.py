"""What the columns of a row must be to one another, as SQL."""

from __future__ import annotations

from dataclasses import dataclass

from dunwell.intake.checks import Setting, has, like, national_id_is_right, text, words
from dunwell.intake.layout import Kind

_PLACEHOLDERS = (
    "测试", "test", "null", "none", "n/a", "na", "无", "未知", "unknown", "xxx", "无名氏", "-",
)  # fmt: skip
_INTERNATIONAL = r"\+[1-9][0-9]{6,14}"
_FIXED = rf"{_INTERNATIONAL}|0?[0-9]{{5,12}}(-[0-9]{{1,6}})?"


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule over several columns; ``fault`` is SQL, true where the row breaks it."""

    code: str
    column: str
    fault: str


def row_rules(kind: Kind, setting: Setting) -> tuple[RowRule, ...]:
    """Return the rules over several columns; typed values are ``<column>__t``."""
    return _RULES[kind.name](setting)


def _day(setting: Setting) -> str:
    return f"date '{setting.day.isoformat()}'"


def _customer_rules(setting: Setting) -> tuple[RowRule, ...]:
    day, number = _day(setting), "upper(id_number)"
    looks = like(number, "[0-9]{17}[0-9X]")
    resident = (
        f"(id_type is null or {has('lower(id_type)', '身份证|resident|^id$|cn_id|^id_?card$')})"
    )
    return (
        RowRule(
            "G08_placeholder",
            "name",
            f"lower(name) in {words(_PLACEHOLDERS)} or {like('name', '[0-9 +.-]+')}"
            " or name = id_number",
        ),
        RowRule(
            "F08_age",
            "birth_date",
            f"birth_date__t > {day} - interval 18 year or birth_date__t < {day} - interval 110 year",
        ),
        RowRule(
            "G05_id_check_digit",
            "id_number",
            f"{resident} and length(id_number) = 18 and {looks}"
            f" and not {national_id_is_right('id_number')}",
        ),
    )


def _contact_rules(setting: Setting) -> tuple[RowRule, ...]:
    mobile = "1[0-9]{10}" if setting.country == "CN" else "0?[1-9][0-9]{6,10}"
    email = r"[^@\s,;<>]+@[^@\s,;<>]+\.[A-Za-z0-9-]{2,}"
    value = "value"
    return (
        RowRule(
            "G06_phone",
            value,
            f"(kind = 'mobile' and not {like(value, f'{_INTERNATIONAL}|{mobile}')})"
            f" or (kind in ('landline', 'work_phone') and not {like(value, _FIXED)})",
        ),
        RowRule(
            "G07_email",
            value,
            f"kind = 'email' and (not {like(value, email)} or lower({value}) like 'test@%')",
        ),
        RowRule("F07_future", "verified_on", f"verified_on__t > {_day(setting)}"),
    )


def _account_rules(setting: Setting) -> tuple[RowRule, ...]:
    day = _day(setting)
    late = (
        "opened_on",
        "statement_on",
        "oldest_unpaid_due_on",
        "last_payment_on",
        "charged_off_on",
    )
    owed = "principal__t + interest__t + fees__t + penalty__t"
    return (
        RowRule("G13_currency", "currency", f"currency <> {text(setting.currency)}"),
        *(RowRule("F07_future", name, f"{name}__t > {day}") for name in late),
        RowRule("F09_order", "due_on", "due_on__t < opened_on__t"),
        RowRule(
            "F06_no_date",
            "oldest_unpaid_due_on",
            "past_due__t > 0 and oldest_unpaid_due_on is null",
        ),
        # A credit has no parts.
        RowRule(
            "E20_balance",
            "balance",
            f"balance__t <> {owed} and not ({owed} = 0 and balance__t < 0)",
        ),
        RowRule("E15_nothing_owed", "past_due", f"past_due__t > 0 and {owed} = 0"),
        RowRule("E16_fees", "fees", "principal__t > 0 and fees__t > 20 * principal__t"),
    )


def _payment_rules(setting: Setting) -> tuple[RowRule, ...]:
    day = _day(setting)
    return (
        RowRule("H12_currency", "currency", f"currency <> {text(setting.currency)}"),
        RowRule("E14_negative", "amount", "amount__t = 0"),
        RowRule("F07_future", "value_on", f"value_on__t > {day}"),
        RowRule("F07_future", "posted_on", f"posted_on__t > {day}"),
        RowRule("H09_reversal", "reverses_ref", "kind = 'reversal' and reverses_ref is null"),
    )


_RULES = {
    "customers": _customer_rules,
    "contacts": _contact_rules,
    "accounts": _account_rules,
    "payments": _payment_rules,
}
