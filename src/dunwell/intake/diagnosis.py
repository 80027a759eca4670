"""Which code says what is wrong with a value, as SQL over its tidied text."""

from __future__ import annotations

from dunwell.intake.checks import GARBLED, PRIVATE, Setting, amount_pattern, fine, has, like
from dunwell.intake.layout import Column, Type

_CLOSED = {
    Type.FLAG: "G09_flag",
    Type.CHOICE: "G17_not_a_choice",
    Type.COUNT: "E08_number_style",
}


def diagnosis(column: Column, setting: Setting) -> str:
    """Return SQL: the code of what is wrong with the tidied text, null if nothing is."""
    name = column.name
    cases = _cases(column, setting)
    if column.required:
        cases = [(f"{name} is null", "E18_empty"), *cases]
    whens = " ".join(f"when {fault} then 'intake.{code}'" for fault, code in cases)
    return f"case {whens} end"


def _cases(column: Column, setting: Setting) -> list[tuple[str, str]]:
    name, kind = column.name, column.type
    if kind in (Type.AMOUNT, Type.SIGNED):
        return _amount_cases(name, setting.places, signed=kind is Type.SIGNED)
    if kind is Type.DATE:
        return _date_cases(name)
    if kind is Type.TEXT:
        return _text_cases(column)
    if kind is Type.CODE:
        return _code_cases(column)
    if kind is Type.KEY:
        return [
            (f"length({name}) > {column.length}", "C12_too_long"),
            (f"not {like(name, '[!-~]+')}", "G18_code_style"),
        ]
    return [(f"not ({fine(column, setting)})", _CLOSED[kind])]


def _amount_cases(name: str, places: int, *, signed: bool) -> list[tuple[str, str]]:
    pattern = amount_pattern(places)
    good = f"({like(name, '-?' + pattern)} and not {like(name, '-[0.]+')})"
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
    return cases + [(f"not {good} and {like(name, shape)}", code) for shape, code in shapes]


def _date_cases(name: str) -> list[tuple[str, str]]:
    no_date = r"(?i)0000-00-00|1900-01-0[01]|9999-12-31|-?infinity|today|now|epoch|null|\\n|-"
    iso = like(name, "[0-9]{4}-[0-9]{2}-[0-9]{2}")
    return [
        (like(name, no_date), "F06_no_date"),
        (f"{iso} and try_cast({name} as date) is null", "F01_no_such_day"),
        (f"{iso} and try_cast({name} as date) >= date '2100-01-01'", "F14_other_calendar"),
        (f"{iso} and try_cast({name} as date) < date '1901-01-01'", "F06_no_date"),
        (like(name, r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}"), "F03_ambiguous_date"),
        (like(name, r"(0[0-9]{2}|1[0-9]{2})/[0-9]{2}/[0-9]{2}"), "F14_other_calendar"),
        (like(name, r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}"), "F05_two_digit_year"),
        (like(name, r".*[+-][0-9]{2}:?[0-9]{2}|.*[0-9]Z"), "F12_zone"),
        (has(name, "[0-9]:[0-9]"), "F11_time_in_date"),
        (f"not {iso}", "F04_date_style"),
    ]


def _text_cases(column: Column) -> list[tuple[str, str]]:
    name = column.name
    return [
        (f"length({name}) > {column.length}", "C12_too_long"),
        (f"contains({name}, chr(0))", "B11_nul"),
        (has(name, GARBLED), "B09_mojibake"),
        (has(name, PRIVATE), "B13_private_use"),
        (f"(length({name}) - length(replace({name}, chr(34), ''))) % 2 = 1", "C08_quote_inside"),
    ]


def _code_cases(column: Column) -> list[tuple[str, str]]:
    name = column.name
    shapes = {
        "currency": ("[A-Z]{3}", "G13_currency"),
        "country": ("[A-Z]{2}", "G18_code_style"),
        "card_last4": ("[0-9]{4}", "G18_code_style"),
    }
    shape, code = shapes.get(name, (r"[A-Za-z0-9*()/._+\[\] -]+", "G18_code_style"))
    if name == "card_last4":
        return [(f"not {like(name, shape)}", code)]
    return [
        (f"length({name}) > {column.length}", "C12_too_long"),
        (f"not {like(name, shape)}", code),
    ]
