"""Language tags as banks and people write them."""

from __future__ import annotations


def tag(written: str) -> str:
    """Return a BCP 47 tag in lower case with hyphens: ``zh_CN`` and ``ZH-cn`` are ``zh-cn``."""
    return written.strip().replace("_", "-").lower()


def primary(written: str) -> str:
    """Return the language itself, without script or country: ``zh`` of ``zh_Hans_CN``."""
    return tag(written).split("-", 1)[0]
