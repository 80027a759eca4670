"""What import contracts cannot say, read off the source itself."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "dunwell"
FILES = [
    path
    for path in sorted(SOURCE.rglob("*.py"))
    if not {"tests", "migrations", "testing"} & set(path.relative_to(SOURCE).parts)
]
CLOCK = {("timezone", "now"), ("timezone", "localtime"), ("timezone", "localdate"),
         ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"),
         ("date", "today"), ("time", "time")}  # fmt: skip
# Where HTTP comes in and commands start; and the launcher, which waits in real time.
EDGE = ("management", "views", "views.py", "guard.py", "backend.py", "embedded.py", "middleware.py")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def ids(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_the_clock_is_read_at_the_edge_only(path):
    if set(path.parts) & set(EDGE):
        pytest.skip("the edge")
    read = [
        f"line {node.lineno}: {node.func.value.id}.{node.func.attr}()"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in CLOCK
    ]

    assert read == []


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_models_stay_at_home(path):
    if path.name == "models.py":
        return
    strays = [
        node.name
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base) in ("models.Model", "Model") for base in node.bases)
    ]

    assert strays == []


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_no_float_touches_money(path):
    floats = [
        f"line {node.lineno}"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("FloatField")
    ]

    assert floats == []


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_nothing_is_re_exported_or_star_imported(path):
    tree = parsed(path)
    stars = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names)
    ]
    exports = (
        [n.lineno for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
        if path.name == "__init__.py"
        else []
    )

    assert stars == []
    assert exports == []


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_reader_knows_his_room_in_a_file(path):
    assert len(path.read_text().splitlines()) <= 350


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_errors_are_not_swallowed(path):
    broad = [
        f"line {node.lineno}"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    ]

    assert broad == []


def test_the_check_sees_a_clock_that_was_planted():
    planted = ast.parse("from django.utils import timezone\nx = timezone.now()")

    found = [n for n in ast.walk(planted) if isinstance(n, ast.Call)]

    assert (found[0].func.value.id, found[0].func.attr) in CLOCK


def test_locks_and_lock_files_name_no_registry():
    files = [*(ROOT / "requirements").glob("*"), *(ROOT / "frontend").glob("package-lock.json")]
    urls = [
        f"{path.name}: {line.strip()}"
        for path in files
        for line in path.read_text().splitlines()
        if "resolved" in line or "index-url" in line
    ]

    assert urls == []
