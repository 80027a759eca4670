"""What docs/intake.md tells a sender is what the loader does."""

from __future__ import annotations

import re
from pathlib import Path

from dunwell.intake.faults import CODES
from dunwell.intake.layout import KINDS

GUIDE = (Path(__file__).resolve().parents[4] / "docs" / "intake.md").read_text(encoding="utf-8")


def test_every_reason_code_is_listed_with_its_verdict_and_words():
    listed = re.findall(r"^\| `([A-Z][0-9]{2}_\w+)` \| (\w+) \| (.+) \|$", GUIDE, re.MULTILINE)

    assert listed == [
        (code.removeprefix("intake."), str(verdict), says)
        for code, (verdict, says) in CODES.items()
    ]


def test_every_column_is_listed_with_its_type():
    for kind in KINDS.values():
        part = GUIDE.split(f"### {kind.name}\n")[1].split("\n### ")[0].split("\nTypes:")[0]
        listed = re.findall(r"^\| `(\w+)`(\*?) \| (\w+) \|", part, re.MULTILINE)

        assert listed == [
            (column.name, "*" if column.required else "", column.type.value)
            for column in kind.columns
        ]
