"""Rows that no table can hold: kept for a person to see, and only so many of them."""

from __future__ import annotations

from dunwell.intake.manifest import refuse

# More than anybody will look through; and characters, of which memory holds no end either.
MOST = 100_000
CHARACTERS = 32_000_000
_FIELDS, _OF_A_FIELD = 501, 400


class Broken(dict[int, tuple[str, list[str]]]):
    """Row number to the code of what is wrong and the fields as they came, shortened."""

    _characters = 0

    def add(self, row: int, code: str, fields: list[str], file: str) -> None:
        """Keep a row.

        :raises Stop: if they have become too many to be a sound file's few
        """
        kept = [value[:_OF_A_FIELD] for value in fields[:_FIELDS]]
        self[row] = (code, kept)
        # An empty field takes up some room, too.
        self._characters += sum(map(len, kept)) + 8 * len(kept)
        if len(self) > MOST or self._characters > CHARACTERS:
            refuse("L02_too_many_waiting", file)
