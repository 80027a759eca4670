"""The pictures of README and the guides, taken by ``make screenshots`` from an untouched demo."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SCREENSHOTS = os.environ.get("DUNWELL_SCREENSHOTS", "")  # renew the pictures in this folder
LARGEST = 200_000

# Name of the picture: who looks, at what, in which language, and how high the window is.
PICTURES = {
    "worklist-zh": ("early.001", "/worklist/", "zh-hans", 860),
    "case-zh": ("early.001", "/case/{case}/", "zh-hans", 1080),
    "case-en": ("early.001", "/case/{case}/", "en", 1080),
    "team-zh": ("lead.early", "/team/", "zh-hans", 860),
    "delivery-zh": ("operations", "/deliveries/{delivery}/", "zh-hans", 880),
    "day-zh": ("operations", "/days/TW-DEMO/2026-10-25/", "zh-hans", 1090),
    "table-zh": ("strategy", "/tables/treatment/1/", "zh-hans", 860),
}

pytestmark = pytest.mark.skipif(not SCREENSHOTS, reason="make screenshots renews the pictures")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_taken(name, sit, untouched):
    who, path, language, height = PICTURES[name]
    page = sit(who, language, untouched)
    page.set_viewport_size({"width": 1366, "height": height})

    page.goto(path.format(**untouched.places))
    page.wait_for_load_state("networkidle")
    target = Path(SCREENSHOTS) / f"{name}.png"
    page.screenshot(path=target)

    assert 20_000 < target.stat().st_size < LARGEST
