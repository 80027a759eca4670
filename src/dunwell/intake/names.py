"""The key by which names are put in order: pinyin for Chinese, lower case for the rest."""

from __future__ import annotations

from functools import cache

import duckdb
import pyarrow as pa
from duckdb.func import PythonUDFType

# Family names that are read otherwise than the character is elsewhere.
_SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "任": "ren",
    "朴": "piao", "盖": "ge", "华": "hua", "翟": "zhai", "乐": "yue", "种": "chong", "员": "yun",
}  # fmt: skip


class _Letters(dict[int, str]):
    """Characters to their reading, each asked for once."""

    def __missing__(self, code: int) -> str:
        # Its dictionary takes a fifth of a second to read, and a day without new names none.
        from pypinyin import lazy_pinyin

        mark = chr(code)
        reading = f" {lazy_pinyin(mark)[0]} " if _is_han(code) else mark.lower()
        self[code] = reading
        return reading


def _is_han(code: int) -> bool:
    return 0x3400 <= code <= 0x9FFF or 0x20000 <= code <= 0x323AF or 0xF900 <= code <= 0xFAFF


_LETTERS = _Letters()


@cache
def _surname(mark: str) -> str:
    return f" {_SURNAMES[mark]} " if mark in _SURNAMES else _LETTERS[ord(mark)]


def name_key(name: str) -> str:
    """Return the key of a name: ``王小明`` gives ``wang xiao ming``; at most 400 characters."""
    if not name:
        return ""
    if name.isascii():
        return name.lower()
    return " ".join((_surname(name[0]) + name[1:].translate(_LETTERS)).split())[:400]


def _keys(names: pa.ChunkedArray) -> pa.Array:
    return pa.array([name_key(name or "") for name in names.to_pylist()], pa.string())


def install(con: duckdb.DuckDBPyConnection) -> None:
    """Give DuckDB the function ``name_key``, called with whole columns."""
    con.create_function("name_key", _keys, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
