"""The catalogue of screen texts: collected from the sources, compiled for use.

``python -m dunwell.workbench.messages`` compiles; ``--update`` first adds new texts and
takes out gone ones. No gettext tools are needed.
"""

from __future__ import annotations

import ast
import csv
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

from dunwell.workbench.words import TABLE_NOTE

PACKAGE = Path(__file__).resolve().parents[1]
CATALOGUE = PACKAGE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
# Where a call has its text. ``says`` is the name under which a refusal's may be given.
CALLS = {
    "_": 0, "gettext": 0, "gettext_lazy": 0, "gettext_noop": 0, "Words": 0,
    "Refusal": 1, "Fault": 1,
}  # fmt: skip
# The same where a context comes first, so that one English word may have two meanings.
IN_CONTEXT = ("pgettext", "pgettext_lazy")
# What templatize makes of a template: gettext('…'), ngettext('…', '…', n), pgettext('…', '…').
_LITERAL = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_ONE = re.compile(rf"(?<![np])(?:gettext|_)\(\s*{_LITERAL}\s*\)")
_MANY = re.compile(rf"(?<!p)ngettext\(\s*{_LITERAL}\s*,\s*{_LITERAL}")
_ONE_HERE = re.compile(rf"(?<!n)pgettext\(\s*{_LITERAL}\s*,\s*{_LITERAL}\s*\)")
_MANY_HERE = re.compile(rf"npgettext\(\s*{_LITERAL}\s*,\s*{_LITERAL}\s*,\s*{_LITERAL}")

Text = tuple[str, str, str]  # context, singular, plural


def texts() -> set[Text]:
    """Return every text that the sources show: (context, text, plural)."""
    found: set[Text] = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        if "tests" not in path.parts and "migrations" not in path.parts:
            found |= set(of_python(path.read_text(encoding="utf-8")))
    for path in sorted(PACKAGE.rglob("templates/**/*.html")):
        found |= set(of_template(path.read_text(encoding="utf-8"), str(path)))
    for path in sorted(PACKAGE.glob("strategy/tables/*.csv")):
        found |= set(_of_table(path))
    return found


def of_python(source: str) -> Iterator[Text]:
    """Yield the texts of a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield from _of_says(node)


def _of_call(node: ast.Call) -> Iterator[Text]:
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    texts_of = [_text(argument) for argument in node.args]
    if name in CALLS:
        said = said_by(node)
        if said is not None and (plain := _text(said)):
            yield "", plain, ""
    elif name in IN_CONTEXT and len(texts_of) > 1 and texts_of[1]:
        yield texts_of[0] or "", texts_of[1], ""
    elif name in ("ngettext", "ngettext_lazy") and len(texts_of) > 1:
        yield "", texts_of[0] or "", texts_of[1] or ""


def said_by(node: ast.Call) -> ast.expr | None:
    """Return what a call of ``CALLS`` gives as its text."""
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if len(node.args) > CALLS[name]:
        return node.args[CALLS[name]]
    return next((word.value for word in node.keywords if word.arg == "says"), None)


def _of_says(node: ast.Assign | ast.AnnAssign) -> Iterator[Text]:
    """Yield the texts of a dictionary called SAYS; the columnar engine knows no gettext."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    named = any(getattr(target, "id", "") == "SAYS" for target in targets)
    if named and isinstance(node.value, ast.Dict):
        for said in map(_text, node.value.values):
            if said:
                yield "", said, ""


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def of_template(source: str, origin: str) -> Iterator[Text]:
    """Yield the texts of a template."""
    from django.utils.translation.template import templatize

    plain = templatize(source, origin=origin)
    for pattern, has_context, has_plural in (
        (_ONE, False, False),
        (_MANY, False, True),
        (_ONE_HERE, True, False),
        (_MANY_HERE, True, True),
    ):
        for found in pattern.finditer(plain):
            parts = [ast.literal_eval(part) for part in found.groups()]
            context = parts.pop(0) if has_context else ""
            yield context, parts[0], parts[1] if has_plural else ""


def _of_table(path: Path) -> Iterator[Text]:
    """Yield the notes of a shipped table; a bank's own are shown as it wrote them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["note"]:
                yield TABLE_NOTE, row["note"], ""


def update() -> tuple[int, int]:
    """Bring the catalogue up to date; return how many texts it has and how many lack words."""
    book = polib.pofile(str(CATALOGUE)) if CATALOGUE.exists() else _new()
    wanted = texts()
    known = {(e.msgctxt or "", e.msgid): e for e in book}
    for context, text, plural in sorted(wanted):
        entry = known.get((context, text))
        if entry is None:
            entry = polib.POEntry(msgid=text, msgctxt=context or None)
            book.append(entry)
        if plural and not entry.msgid_plural:
            entry.msgid_plural, entry.msgstr_plural = plural, {0: entry.msgstr}
            entry.msgstr = ""
        if "%(" in text and "python-format" not in entry.flags:
            entry.flags.append("python-format")
    keep = {(context, text) for context, text, _ in wanted}
    for key, entry in known.items():
        if key not in keep:
            book.remove(entry)
    book.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ""))
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    book.save(str(CATALOGUE))
    return len(book), len(book.untranslated_entries())


def _new() -> polib.POFile:
    book = polib.POFile(wrapwidth=100)
    book.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": "zh_Hans",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    return book


def compile_all() -> None:
    """Compile every catalogue of the package beside its source."""
    for path in sorted(PACKAGE.rglob("locale/*/LC_MESSAGES/*.po")):
        polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dunwell.project.settings")
    if "--update" in sys.argv:
        import django

        django.setup()
        count, missing = update()
        sys.stderr.write(f"{count} texts, {missing} without Chinese\n")
    compile_all()


if __name__ == "__main__":
    main()
