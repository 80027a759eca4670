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
    """Return the last four digits of a number, and of a long one its first; at most half."""
    digits = re.sub(r"\D", "", number)
    last = min(4, len(digits) // 2)
    first = min(3, len(digits) // 2 - last)
    head = f"{digits[:first]} " if first else ""
    return f"{head}{DOT * 4} {digits[-last:]}" if last else DOT * 4


def mask_email(address: str) -> str:
    """Return the first letter, where it is not the only one, and the domain."""
    name, _, domain = address.partition("@")
    first = name[:1] if len(name) > 1 else ""
    return f"{first}{DOT * 4}@{domain}" if domain else DOT * 6


def mask_id(number: str) -> str:
    """Return the last two characters of an identity number, of a short one fewer."""
    last = min(2, len(number) // 2)
    return DOT * 6 + number[len(number) - last :] if number else ""


def mask_address(address: str) -> str:
    """Return the place, not the street and number: at most half, and no digit.

    Chinese addresses begin with the place, others end with it, after the last comma.
    """
    half = len(address) // 2
    if re.search(r"[\u3400-\u9fff]", address):
        return re.sub(r"\d", DOT, address[: min(6, half)]) + DOT * 6
    place = address.rpartition(",")[2].strip() if "," in address else ""
    place = re.sub(r"\d", DOT, place)
    return f"{DOT * 6} {place}" if 0 < len(place) <= half else DOT * 6


def mask_contact(kind: str, value: str) -> str:
    """Return a contact point's value masked by its kind."""
    if kind == "email":
        return mask_email(value)
    if kind == "address":
        return mask_address(value)
    return mask_phone(value)
