"""Personal data as people see them by default: enough to recognise, not to use."""

from __future__ import annotations

import re

DOT = "•"


def mask_name(name: str) -> str:
    """Return the family name and dots: 张•• for 张伟明, J••• D••• for John Doe."""
    if not name:
        return ""
    if re.search(r"[\u3400-\u9fff]", name):
        return name[0] + DOT * max(1, len(name) - 1)
    return " ".join(word[0] + DOT * 3 for word in name.split())


def mask_phone(number: str) -> str:
    """Return the first three and last four digits of a number, whatever its signs."""
    digits = re.sub(r"\D", "", number)
    if len(digits) < 8:
        return DOT * 4 + digits[-2:]
    return f"{digits[:3]} {DOT * 4} {digits[-4:]}"


def mask_email(address: str) -> str:
    """Return the first letter and the domain."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}{DOT * 4}@{domain}" if domain else DOT * 6


def mask_id(number: str) -> str:
    """Return the last two characters of an identity number."""
    return DOT * 6 + number[-2:] if number else ""


def mask_address(address: str) -> str:
    """Return the place, not the street and number."""
    return address[:6] + DOT * 6 if len(address) > 6 else DOT * 6


def mask_contact(kind: str, value: str) -> str:
    """Return a contact point's value masked by its kind."""
    if kind == "email":
        return mask_email(value)
    if kind == "address":
        return mask_address(value)
    return mask_phone(value)
