"""What a row must look like, as SQL over columns.

Every canonical column yields four expressions over its text: is it ``fine`` as it
stands, what does it become once tidied, which code says what is wrong with it, and
which typed value it gives. Validation is then one scan, not a loop over rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dunwell.intake.layout import Column, Type
from dunwell.kernel.money import digits

_FULL = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000\u00a0"
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F)) + "  "
_SPACE = r"[\s\x{3000}\x{a0}]"
INVISIBLE = (
    r"[\x{1}-\x{8}\x{b}\x{c}\x{e}-\x{1f}\x{7f}-\x{9f}\x{ad}\x{200b}-\x{200f}"
    r"\x{2028}-\x{202e}\x{2060}-\x{2069}\x{feff}]"
)
PRIVATE = r"[\x{e000}-\x{f8ff}\x{f0000}-\x{10fffd}]"
GARBLED = r"\x{fffd}|锟斤拷|ï»¿|Ã[\x{80}-\x{bf}]|â€"
SHORTEST_CARD = 13
# Thirteen characters or more of digits and their usual separators: perhaps a card number.
LONG_DIGITS = r"[0-9０-９][0-9０-９ ./_\x{a0}\x{2010}-\x{2015}\x{3000}-]{11,}[0-9０-９]"
# Marks that join the letter before them: the text may have a composed form.
_COMBINING = r"[\x{300}-\x{36f}\x{1100}-\x{11ff}\x{1ab0}-\x{1aff}\x{20d0}-\x{20ff}\x{3099}\x{309a}]"
_SUSPECT = rf"\x{{0}}|{_COMBINING}|{INVISIBLE}|\s{{2}}|[\r\n\t]|{PRIVATE}|{GARBLED}|^{_SPACE}|{_SPACE}$|{LONG_DIGITS}|\x22"
_TRUE, _FALSE = ("true", "1", "yes", "y", "t"), ("false", "0", "no", "n", "f")
_PHONES = "('mobile', 'landline', 'work_phone')"
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


def text(value: str) -> str:
    """Return ``value`` as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def words(values: tuple[str, ...]) -> str:
    return "(" + ", ".join(text(value) for value in values) + ")"


def like(name: str, pattern: str) -> str:
    return f"regexp_full_match({name}, {text(pattern)})"


def has(name: str, pattern: str) -> str:
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
    return (
        f"coalesce(substr('10X98765432', (({total}) % 11)::int + 1, 1) = upper({name}[18]), false)"
    )


# In a key only what an issuer's number can begin with, perhaps after zeros: bank references
# are long, too. ``cards.key_without_cards`` looks again at what this finds.
LONG_KEY = r"(?:^|[^0-9])0*(?:[3-6]|2[2-7]|9558)[0-9./_-]{11,}[0-9]"


def fine(column: Column, setting: Setting) -> str:
    """Return SQL: the text needs no second look. Null is fine; so is what this answers null."""
    name = column.name
    if column.type is Type.CODE:
        return _code_is_fine(column)
    if column.type is Type.SIGNED:
        return like(name, "-?" + amount_pattern(setting.places)) + f" and {name}[1:2] <> '-0'"
    return {
        Type.KEY: like(name, r"[!-~]{1,64}") + f" and not {has(name, LONG_KEY)}",
        Type.AMOUNT: like(name, amount_pattern(setting.places)),
        Type.DATE: like(name, "[0-9]{4}-[0-9]{2}-[0-9]{2}")
        + f" and ({name} is null or coalesce(try_cast({name} as date)"
        " between date '1901-01-01' and date '2099-12-31', false))",
        Type.COUNT: like(name, "[0-9]{1,3}"),
        Type.FLAG: f"{name} in {words((*_TRUE, *_FALSE))}",
        Type.CHOICE: f"{name} in {words(column.choices)}",
        Type.TEXT: f"length({name}) <= {column.length} and not {has(name, _SUSPECT)}",
    }[column.type]


def _code_is_fine(column: Column) -> str:
    name = column.name
    if name in ("currency", "country"):
        return like(name, f"[A-Z]{{{column.length}}}")
    if name == "card_last4":
        return like(name, "[0-9]{4}")
    plain = like(name, rf"[A-Za-z0-9*()/._+-]{{1,{column.length}}}")
    if column.length < SHORTEST_CARD:
        return plain
    bare = f"not {has(name, LONG_DIGITS)}"
    if name == "id_number":
        looks = like(name, "[0-9]{17}[0-9Xx]")
        bare = f"({bare} or ({looks} and {national_id_is_right(name)}))"
    return f"{plain} and {bare}"


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
            return (
                f"(try_cast({name} as decimal(15,{places})) * {10**places}::decimal(4,0))::bigint"
            )
        case Type.DATE:
            return f"try_cast({name} as date)"
        case Type.COUNT:
            return f"try_cast({name} as smallint)"
        case Type.FLAG:
            return f"case when {name} in {words(_TRUE)} then true when {name} is null then null else false end"
        case _:
            return name
