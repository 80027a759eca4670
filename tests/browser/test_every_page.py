"""Every page, for every role that sees it, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from dunwell.testing.looking import axe_finds, english_on, too_wide

# A whole page of rows for the one who works there; the others' rows are the same, so few do.
CASES = ("/worklist/?bucket=5", "/case/{case}/", "/worklist/?q=nobody")
TEAM = "/team/?bucket=5"
DELIVERIES = ("/deliveries/", "/deliveries/{delivery}/", "/deliveries/mappings/")
DAYS = (
    "/days/", "/days/TW-DEMO/2026-10-25/", "/days/TW-DEMO/2026-10-25/progress/",
    "/days/TW-DEMO/2026-10-26/progress/",
)  # fmt: skip
TABLES = ("/tables/", "/tables/treatment/1/?row=3")
PAGES = {
    "early.001": ("/worklist/", *CASES, "/case/{promised}/"),
    "lead.early": (*CASES, "/team/", *TABLES),
    "compliance": (*CASES, TEAM, *TABLES),
    "auditor": (*CASES, TEAM, *DELIVERIES, *DAYS, *TABLES, "/staff/"),
    "operations": (*DELIVERIES, "/deliveries/{delivery}/?state=dismissed", "/quarantine/{row}/", *DAYS),
    "strategy": (*TABLES, *DAYS),
    "admin": ("/staff/", "/staff/early.001/edit/", "/password/"),
    "legal": ("/", "/worklist/", "/nowhere/"),
    "": ("/sign-in/",),
}  # fmt: skip


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("who", PAGES)
def test_every_page_is_sound(who: str, language: str, sit: Callable[..., Page], demo: Any) -> None:
    page = sit(who, language)
    found: dict[str, list[str]] = {}

    for path in PAGES[who]:
        page.goto(path.format(**demo.places))
        faults = axe_finds(page) + too_wide(page)
        faults += english_on(page) if language == "zh-hans" else []
        if faults:
            found[path] = faults

    assert found == {}
