"""How values look on screen: money, masks, buckets, icons, codes in words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from dunwell.intake.faults import CODES
from dunwell.kernel import masking
from dunwell.kernel.money import Money, digits
from dunwell.kernel.refusal import Refusal, Words
from dunwell.workbench.words import TABLE_NOTE, WORDS, say

register = template.Library()

TONES = ("green", "azure", "yellow", "orange", "orange", "red", "red", "dark")


@register.filter
def money(minor: int | None, currency: str) -> str:
    """Write minor units in the reader's form: thousands apart, the currency's decimals."""
    return "" if minor is None else str(Money(int(minor), currency))


@register.filter
def whole(minor: int | None, currency: str) -> str:
    """Write minor units without decimals, for lists where cents only cost room."""
    if minor is None:
        return ""
    unit = 10 ** digits(currency)
    half = unit // 2
    return f"{(abs(minor) + half) // unit * (1 if minor >= 0 else -1):,}"


@register.filter
def count(number: Any) -> str:
    """Write a count with its thousands apart."""
    return f"{int(number):,}" if number not in (None, "") else ""


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """Draw an icon of the sprite; it says nothing to a screen reader."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra,
        static("vendor/icons.svg"),
        name,
    )


@register.filter
def bucket(number: int | None) -> SafeString:
    """Draw a bucket as M0 .. M7+ in its colour."""
    if number is None:
        return SafeString("")
    name = "M7+" if number >= 7 else f"M{number}"
    return format_html('<span class="badge bucket bucket-{}">{}</span>', number, name)


@register.filter
def word(code: str | None, kind: str) -> str:
    """Return a code of the house in the reader's words; itself where there is none."""
    return say(kind, code)


@register.filter
def words_of(kind: str) -> list[tuple[str, str]]:
    """Return all codes of a kind with their words, for a select."""
    return [(code, str(label)) for code, label in WORDS[kind].items()]


@register.filter
def masked(value: str, kind: str) -> str:
    """Mask a contact point's value by its kind; ``name`` and ``id`` mask those."""
    if kind == "name":
        return masking.mask_name(value)
    if kind == "id":
        return masking.mask_id(value)
    return masking.mask_contact(kind, value)


@register.filter
def refusal(given: Refusal) -> str:
    """Say a refusal in the reader's language."""
    said = gettext(given.says) if given.says else ""
    named = {
        name: gettext(value) if isinstance(value, Words) else value
        for name, value in given.named.items()
    }
    return said % named if named else said


@register.filter
def percent(ppm: int | None) -> str:
    """Write parts per million as whole percent."""
    return "" if ppm is None else f"{ppm / 10_000:.0f} %"


@register.filter
def days_since(earlier: date | None, day: date | None) -> str:
    """Return the whole days from ``earlier`` to ``day``; empty where one is missing."""
    return "" if earlier is None or day is None else str(max(0, (day - earlier).days))


@register.filter
def in_zone(moment: datetime | None, zone: str) -> datetime | None:
    """Return a moment in the portfolio's time zone."""
    return moment.astimezone(ZoneInfo(zone)) if moment else None


@register.filter
def get(mapping: dict[Any, Any] | None, key: Any) -> Any:
    """Return ``mapping[key]``, or an empty text."""
    return (mapping or {}).get(key, "")


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """Return this page's query with some parameters changed; None takes one out."""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            params.pop(name, None)
        else:
            params[name] = value
    return f"?{params.urlencode()}"


@register.filter
def finding(found: dict[str, Any]) -> str:
    """Say what was found in a delivery, in the reader's language."""
    code = found.get("code", "")
    says = CODES[code][1] if code in CODES else str(found.get("says", ""))
    return str(gettext(says)) if says else str(code)


@register.filter
def seconds(run: Any) -> float:
    """Return how long a step took."""
    return float((run.finished_at - run.started_at).total_seconds())


@register.filter
def is_number(value: Any) -> bool:
    """Say whether a table's answer is a number."""
    return isinstance(value, int) and not isinstance(value, bool)


@register.filter
def answer(value: Any, column: str) -> str:
    """Say a table's answer in the words of the column that gives it."""
    if column in WORDS:
        return say(column, value)
    return "" if value is None else str(value)


@register.filter
def table_note(note: str) -> str:
    """Say the note of a rule: a shipped one in the reader's language, another as written."""
    return pgettext(TABLE_NOTE, note) if note else ""


# What a figure is counted by, where that is a code with words.
KEYS = {
    "asset_class": "asset_class",
    "cash": "payment_kind",
    "closed": "closed_as",
    "promise": "promise",
    "queue": "queue",
    "treatment": "treatment",
    "unserved": "queue",
}


IN_BUCKETS = ("bucket", "case_bucket", "roll")


@register.filter
def figure_key(key: str, figure: str) -> str:
    """Say what a figure counts."""
    if figure in KEYS:
        return say(KEYS[figure], key)
    return " → ".join(map(_place, key.split(">"))) if figure in IN_BUCKETS else key


def _place(code: str) -> str:
    if code.isdigit():
        return "M7+" if int(code) >= 7 else f"M{code}"
    return say("value", code)


@register.filter
def cell_words(cell: Any) -> str:
    """Return a table's cell, or a fact, with the codes that have words said in them."""
    parts = [part.strip() for part in str(cell).split(",")]
    said = []
    for part in parts:
        kind = next((k for k in ("hold", "promise", "value") if part in WORDS[k]), None)
        said.append(say(kind, part) if kind else part)
    return ", ".join(said)
