"""Every text that a page can show is one the catalogue has: written out where it is said."""

import ast
import re
from pathlib import Path

import polib
import pytest

from dunwell.workbench import messages

SOURCE = messages.PACKAGE
FILES = [
    path
    for path in sorted(SOURCE.rglob("*.py"))
    if not {"tests", "migrations", "testing"} & set(path.relative_to(SOURCE).parts)
]
# Tables of texts that are collected where they stand: by ``_`` and by the name SAYS.
TABLES = ("CODES", "SAYS")
# What puts a text before a reader, and which of its arguments that is.
SHOWN = {"success": 1, "info": 1, "warning": 1, "error": 1, "ValidationError": 0}
MADE = (ast.JoinedStr, ast.BinOp)


def called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def of_a_table(node: ast.AST) -> bool:
    while isinstance(node, ast.Subscript):
        node = node.value
    return getattr(node, "id", "") in TABLES


def formatted(node: ast.AST) -> bool:
    return isinstance(node, MADE) or (isinstance(node, ast.Call) and called(node) == "format")


def unsayable(source: str) -> list[str]:
    """Return the calls whose text no catalogue can have."""
    known = set(messages.of_python(source))
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name, given = called(node), None
        if name in ("Refusal", "Fault", "Words"):
            given = messages.said_by(node)
            plain = isinstance(given, ast.Constant) and ("", given.value, "") in known
            bad = given is not None and not plain and not of_a_table(given)
        elif name in messages.CALLS or name in messages.IN_CONTEXT:
            bad = any(formatted(argument) for argument in node.args)
        elif name in SHOWN and len(node.args) > SHOWN[name]:
            given = node.args[SHOWN[name]]
            # "_(…) % {…}" says a text of the catalogue with its values.
            said = given.left if isinstance(given, ast.BinOp) else given
            bad = isinstance(said, ast.Constant) or formatted(said)
        else:
            continue
        if bad:
            found.append(f"line {node.lineno}: {ast.unparse(node)[:100]}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_what_a_reader_is_told_can_be_said_in_his_language(path: Path):
    assert unsayable(path.read_text()) == []


PLANTED = [
    'Refusal("a.b", f"More than {most} rows.")',
    'Refusal("a.b", "More than %s rows." % most)',
    'Refusal("a.b", "More than {} rows.".format(most))',
    'Refusal("a.b", missing[what][1])',
    'Refusal("a.b", says)',
    'Refusal("a.b", says=f"There is no {what}.")',
    'Refusal(code="a.b", says=gettext("Choose a day."))',
    'Refusal("a.b", gettext(CODES["a.b"][1]))',
    'Fault("a.b", SAYS_IT[code] % {"row": row}, row=row)',
    'Refusal("a.b", "%(want)s", named={"want": Words(f"1..{most} letters")})',
    '_(f"{count} cases")',
    'pgettext("desk", "{} cases".format(count))',
    'messages.success(request, "Done.")',
    'messages.error(request, f"{name} is taken.")',
    'raise forms.ValidationError("Type digits.")',
]


@pytest.mark.parametrize("planted", PLANTED)
def test_a_text_that_was_planted_outside_the_catalogue_is_seen(planted: str):
    assert unsayable(planted)


SOUND = [
    'Refusal("a.b", "Choose a day.")',
    'Refusal(code="a.b", says="Choose a day.")',
    "Refusal(code, CODES[code][1])",
    'Fault(f"tables.{code}", SAYS[code], row=row)',
    'Refusal("a.b", "%(want)s", named={"want": Words("1 to 40 letters")})',
    'messages.success(request, _("Done."))',
    'messages.success(request, _("%(n)s cases.") % {"n": count})',
]


@pytest.mark.parametrize("sound", SOUND)
def test_a_text_of_the_catalogue_is_let_pass(sound: str):
    assert unsayable(sound) == []


def test_a_template_says_one_word_in_two_contexts():
    page = (
        '{% load i18n %}{% translate "Load" %}{% translate "Load" context "on a desk" %}'
        '{% blocktranslate count n=n context "queue" %}One{% plural %}Many{% endblocktranslate %}'
        "{% blocktranslate count n=n %}One{% plural %}Many{% endblocktranslate %}"
    )

    assert set(messages.of_template(page, "page.html")) == {
        ("", "Load", ""),
        ("on a desk", "Load", ""),
        ("queue", "One", "Many"),
        ("", "One", "Many"),
    }


def test_the_catalogue_has_every_text_in_chinese_and_no_other():
    book = polib.pofile(str(messages.CATALOGUE))
    kept = {(entry.msgctxt or "", entry.msgid) for entry in book}

    assert kept == {(context, text) for context, text, _ in messages.texts()}
    assert [entry.msgid for entry in book.untranslated_entries() + book.fuzzy_entries()] == []


def test_a_translation_names_what_its_text_names():
    names = re.compile(r"%\((\w+)\)s")
    book = polib.pofile(str(messages.CATALOGUE))
    unlike = [
        entry.msgid
        for entry in book
        for said in entry.msgstr_plural.values() or [entry.msgstr]
        if set(names.findall(entry.msgid)) != set(names.findall(said))
    ]

    assert unlike == []
