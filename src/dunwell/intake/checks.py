"""What a row must look like, as SQL over columns.

Every canonical column yields four expressions over its text: is it ``fine`` as it
stands, what does it become once tidied, which code says what is wrong with it, and
which typed value it gives. Validation is then one scan, not a loop over rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dunwell.intake.layout import Column, Kind, Type
from dunwell.kernel.money import digits

_FULL = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000\u00a0"
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F)) + "  "
_SPACE = r"[\s\x{3000}\x{a0}]"
INVISIBLE = (
    r"[\x{1}-\x{8}\x{b}\x{c}\x{e}-\x{1f}\x{7f}-\x{9f}\x{ad}\x{200b}-\x{200f}"
    r"\x{2028}-\x{202e}\x{2060}-\x{2069}\x{feff}]"
)
_PRIVATE = r"[\x{e000}-\x{f8ff}\x{f0000}-\x{10fffd}]"
_GARBLED = r"\x{fffd}|锟斤拷|ï»¿|Ã[\x{80}-\x{bf}]|â€"
# Thirteen characters or more of digits and their usual separators: perhaps a card number.
LONG_DIGITS = r"[0-9０-９][0-9０-９ .\x{a0}\x{2010}-\x{2015}\x{3000}-]{11,}[0-9０-９]"
_SUSPECT = (
    rf"{INVISIBLE}|\s{{2}}|[\r\n\t]|{_PRIVATE}|{_GARBLED}|^{_SPACE}|{_SPACE}$|{LONG_DIGITS}|\x22"
)
_PLACEHOLDERS = (
    "测试", "test", "null", "none", "n/a", "na", "无", "未知", "unknown", "xxx", "无名氏", "-"
)  # fmt: skip
_TRUE, _FALSE = ("true", "1", "yes", "y", "t"), ("false", "0", "no", "n", "f")
_PHONES = "('mobile', 'landline', 'work_phone')"
_INTERNATIONAL = r"\+[1-9][0-9]{6,14}"
_FIXED = rf"{_INTERNATIONAL}|0?[0-9]{{5,12}}(-[0-9]{{1,6}})?"
# Weights of GB 11643-1999 (ISO 7064 MOD 11-2) for the first 17 digits.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the checks must know: whose rows, and of which day."""

    currency: str
    country: str
    day: date

    @property
    def places(self) -> int:
        return digits(self.currency)


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule over several columns; ``fault`` is SQL, true where the row breaks it."""

    code: str
    column: str
    fault: str


def text(value: str) -> str:
    """Return ``value`` as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def _words(values: tuple[str, ...]) -> str:
    return "(" + ", ".join(text(value) for value in values) + ")"


def _like(name: str, pattern: str) -> str:
    return f"regexp_full_match({name}, {text(pattern)})"


def _has(name: str, pattern: str) -> str:
    return f"regexp_matches({name}, {text(pattern)})"


def amount_pattern(places: int) -> str:
    """Return what an amount with ``places`` decimals looks like: at most 15 digits in all."""
    whole = f"[0-9]{{1,{15 - places}}}"
    return whole if places == 0 else whole + rf"(\.[0-9]{{1,{places}}})?"


def national_id_is_right(name: str) -> str:
    """Return SQL: are these 18 characters a resident identity number with a right check?"""
    number = f"try_cast(substr({name}, 1, 17) as bigint)"
    total = " + ".join(
        f"({number} // {10 ** (16 - place)} % 10) * {weight}"
        for place, weight in enumerate(_WEIGHTS)
    )
    return f"coalesce(substr('10X98765432', (({total}) % 11)::int + 1, 1) = upper({name}[18]), false)"


def fine(column: Column, setting: Setting) -> str:
    """Return SQL: the text needs no second look. Null is fine; so is what this answers null."""
    name = column.name
    match column.type:
        case Type.KEY:
            return _like(name, r"[!-~]{1,64}") + f" and not {_like(name, LONG_DIGITS)}"
        case Type.AMOUNT:
            return _like(name, amount_pattern(setting.places))
        case Type.SIGNED:
            return _like(name, "-?" + amount_pattern(setting.places)) + f" and {name}[1:2] <> '-0'"
        case Type.DATE:
            return (
                _like(name, "[0-9]{4}-[0-9]{2}-[0-9]{2}")
                + f" and try_cast({name} as date) between date '1901-01-01' and date '2099-12-31'"
            )
        case Type.COUNT:
            return _like(name, "[0-9]{1,3}")
        case Type.FLAG:
            return f"{name} in {_words((*_TRUE, *_FALSE))}"
        case Type.CHOICE:
            return f"{name} in {_words(column.choices)}"
        case Type.CODE:
            return _code_is_fine(column)
        case Type.TEXT:
            return f"length({name}) <= {column.length} and not {_has(name, _SUSPECT)}"


def _code_is_fine(column: Column) -> str:
    name = column.name
    if name in ("currency", "country"):
        return _like(name, f"[A-Z]{{{column.length}}}")
    if name == "card_last4":
        return _like(name, "[0-9]{4}")
    plain = _like(name, rf"[A-Za-z0-9*()/._+-]{{1,{column.length}}}")
    if name == "id_number":
        looks = _like(name, "[0-9]{17}[0-9Xx]")
        return f"{plain} and (not {_has(name, LONG_DIGITS)} or ({looks} and {national_id_is_right(name)}))"
    return plain


def tidied(column: Column) -> str:
    """Return SQL: the text with its harmless oddities gone."""
    name = column.name
    if column.type is Type.TEXT:
        bare = f"regexp_replace({name}, {text(INVISIBLE)}, '', 'g')"
        spaced = rf"regexp_replace({bare}, '[\s\x{{3000}}\x{{a0}}]+', ' ', 'g')"
        tidy = f"trim(nfc_normalize({spaced}))"
        if name == "value":
            phone = f"regexp_replace(translate({tidy}, {text(_FULL)}, {text(_PLAIN)}), '[ ().]', '', 'g')"
            plain = f"case when kind = 'mobile' then replace({phone}, '-', '') else {phone} end"
            tidy = f"case when kind in {_PHONES} then {plain} else {tidy} end"
    else:
        bare = f"regexp_replace({name}, {text(INVISIBLE)}, '', 'g')"
        tidy = f"trim(translate({bare}, {text(_FULL)}, {text(_PLAIN)}))"
        if column.type is Type.FLAG or (column.type is Type.CHOICE and name != "gender"):
            tidy = f"lower({tidy})"
        if name == "gender":
            tidy = f"upper({tidy})"
    return f"nullif({tidy}, '')"


def typed(column: Column, setting: Setting) -> str:
    """Return SQL: the value in its type; null where the text is no such value."""
    name, places = column.name, setting.places
    match column.type:
        case Type.AMOUNT | Type.SIGNED:
            return f"(try_cast({name} as decimal(15,{places})) * {10**places}::decimal(4,0))::bigint"
        case Type.DATE:
            return f"try_cast({name} as date)"
        case Type.COUNT:
            return f"try_cast({name} as smallint)"
        case Type.FLAG:
            return f"case when {name} in {_words(_TRUE)} then true when {name} is null then null else false end"
        case _:
            return name


def diagnosis(column: Column, setting: Setting) -> str:
    """Return SQL: the code of what is wrong with the tidied text, null if nothing is."""
    name = column.name
    cases = [(f"not ({fine(column, setting)})", "''")]
    match column.type:
        case Type.AMOUNT | Type.SIGNED:
            cases = _amount_cases(name, setting.places, signed=column.type is Type.SIGNED)
        case Type.DATE:
            cases = _date_cases(name)
        case Type.TEXT:
            cases = _text_cases(column)
        case Type.KEY:
            cases = [
                (f"length({name}) > {column.length}", "C12_too_long"),
                (f"not {_like(name, '[!-~]+')}", "G18_code_style"),
            ]
        case Type.CODE:
            cases = _code_cases(column)
        case Type.FLAG:
            cases = [(f"not ({fine(column, setting)})", "G09_flag")]
        case Type.CHOICE:
            cases = [(f"not ({fine(column, setting)})", "G17_not_a_choice")]
        case Type.COUNT:
            cases = [(f"not ({fine(column, setting)})", "E08_number_style")]
    if column.required:
        cases = [(f"{name} is null", "E18_empty"), *cases]
    whens = " ".join(f"when {fault} then 'intake.{code}'" for fault, code in cases)
    return f"case {whens} end"


def _amount_cases(name: str, places: int, *, signed: bool) -> list[tuple[str, str]]:
    pattern = amount_pattern(places)
    good = f"({_like(name, '-?' + pattern)} and not {_like(name, '-[0.]+')})"
    shapes = (
        (r"(?i)[+-]?(nan|inf|infinity)|-[0.]+", "E09_not_a_number"),
        (r"(?i)null|\\n|-|/|n/?a", "E18_empty"),
        (r".*[\x{660}-\x{669}\x{6f0}-\x{6f9}\x{966}-\x{96f}].*", "E06_foreign_digits"),
        (r".*_.*", "E07_underscore"),
        (r".*[\x{2212}\x{2010}-\x{2015}\x{fe63}\x{ff0d}].*", "E10_odd_minus"),
        (r".*([￥¥$€£元万]|[A-Z]{3}).*", "E17_currency_sign"),
        (r"(?i)\(.*\)|.*-|.*(cr|dr)", "E04_sign_style"),
        (r"-?[0-9.]+(,[0-9.]+)+", "E01_grouped"),
        (r"-?[0-9]+([\s'\x{2009}\x{202f}][0-9.,]+)+", "E03_spaced"),
        (rf"-?[0-9]+\.[0-9]{{{places + 1},}}", "E11_decimals"),
        (r"-?[0-9]{13,}(\.[0-9]*)?", "E13_overflow"),
        (r"(?s).*", "E08_number_style"),
    )
    cases = [(f"{good} and {name}[1] = '-'", "E14_negative")] if not signed else []
    return cases + [(f"not {good} and {_like(name, shape)}", code) for shape, code in shapes]


def _date_cases(name: str) -> list[tuple[str, str]]:
    no_date = r"(?i)0000-00-00|1900-01-0[01]|9999-12-31|-?infinity|today|now|epoch|null|\\n|-"
    iso = _like(name, "[0-9]{4}-[0-9]{2}-[0-9]{2}")
    return [
        (_like(name, no_date), "F06_no_date"),
        (f"{iso} and try_cast({name} as date) is null", "F01_no_such_day"),
        (f"{iso} and try_cast({name} as date) >= date '2100-01-01'", "F14_other_calendar"),
        (f"{iso} and try_cast({name} as date) < date '1901-01-01'", "F06_no_date"),
        (_like(name, r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}"), "F03_ambiguous_date"),
        (_like(name, r"(0?[0-9]{2}|1[0-9]{2})/[0-9]{2}/[0-9]{2}"), "F14_other_calendar"),
        (_like(name, r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}"), "F05_two_digit_year"),
        (_like(name, r".*[+-][0-9]{2}:?[0-9]{2}|.*[0-9]Z"), "F12_zone"),
        (_has(name, "[0-9]:[0-9]"), "F11_time_in_date"),
        (f"not {iso}", "F04_date_style"),
    ]


def _text_cases(column: Column) -> list[tuple[str, str]]:
    name = column.name
    cases = [
        (f"length({name}) > {column.length}", "C12_too_long"),
        (_has(name, _GARBLED), "B09_mojibake"),
        (_has(name, _PRIVATE), "B13_private_use"),
        (f"(length({name}) - length(replace({name}, chr(34), ''))) % 2 = 1", "C08_quote_inside"),
    ]
    return cases


def _code_cases(column: Column) -> list[tuple[str, str]]:
    name = column.name
    shapes = {
        "currency": ("[A-Z]{3}", "G13_currency"),
        "country": ("[A-Z]{2}", "G18_code_style"),
        "card_last4": ("[0-9]{4}", "G18_code_style"),
    }
    shape, code = shapes.get(name, (r"[A-Za-z0-9*()/._+\[\] -]+", "G18_code_style"))
    if name == "card_last4":
        return [(f"not {_like(name, shape)}", code)]
    return [
        (f"length({name}) > {column.length}", "C12_too_long"),
        (f"not {_like(name, shape)}", code),
    ]


def row_rules(kind: Kind, setting: Setting) -> tuple[RowRule, ...]:
    """Return the rules over several columns; typed values are ``<column>__t``."""
    return _RULES[kind.name](setting)


def _day(setting: Setting) -> str:
    return f"date '{setting.day.isoformat()}'"


def _customer_rules(setting: Setting) -> tuple[RowRule, ...]:
    day, number = _day(setting), "upper(id_number)"
    looks = _like(number, "[0-9]{17}[0-9X]")
    resident = f"(id_type is null or {_has('lower(id_type)', '身份证|resident|^id$|cn_id|^id_?card$')})"
    return (
        RowRule(
            "G08_placeholder",
            "name",
            f"lower(name) in {_words(_PLACEHOLDERS)} or {_like('name', '[0-9 +.-]+')}"
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
            f"(kind = 'mobile' and not {_like(value, f'{_INTERNATIONAL}|{mobile}')})"
            f" or (kind in ('landline', 'work_phone') and not {_like(value, _FIXED)})",
        ),
        RowRule(
            "G07_email",
            value,
            f"kind = 'email' and (not {_like(value, email)} or lower({value}) like 'test@%')",
        ),
        RowRule("F07_future", "verified_on", f"verified_on__t > {_day(setting)}"),
    )


def _account_rules(setting: Setting) -> tuple[RowRule, ...]:
    day = _day(setting)
    late = ("opened_on", "statement_on", "oldest_unpaid_due_on", "last_payment_on", "charged_off_on")
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
