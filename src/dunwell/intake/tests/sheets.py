"""Ways to spoil a workbook, by what Excel does and by what it never would."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dunwell.intake.tests import making
from dunwell.intake.tests.making import Edit, as_xlsx, good, header, write
from dunwell.intake.tests.spoiling import Make

SHEET = "xl/worksheets/sheet1.xml"


def place(column: str) -> int:
    """Return where a column of the good accounts stands."""
    return header("accounts", good()["accounts"]).index(column)


def delivered(body: Callable[[], bytes], rows: int = 3) -> Make:
    """Make a good delivery of workbooks with the accounts' replaced."""
    return lambda folder: write(
        folder, form="xlsx", raw={"accounts": body()}, counts={"accounts": rows}
    )


def edited(edit: Edit, *, rows: int = 3, **options: Any) -> Make:
    """Make a good delivery whose accounts' sheet is edited as Excel would."""
    return delivered(lambda: as_xlsx("accounts", good()["accounts"], edit, options), rows)


def cell(column: str, value: Any, shown: str = "") -> Make:
    """Make a delivery with one cell of the last account replaced by a number or a text."""

    def edit(book: Any, sheet: Any) -> None:
        sheet.write(3, place(column), value, book.add_format({"num_format": shown or "General"}))

    return edited(edit)


def formula(book: Any, sheet: Any) -> None:
    sheet.write_formula(3, place("interest"), "=19+1.05", None, 20.05)


def hidden_row(book: Any, sheet: Any) -> None:
    sheet.set_row(2, None, None, {"hidden": True})


def hidden_column(book: Any, sheet: Any) -> None:
    sheet.set_column(4, 4, None, None, {"hidden": True})


def filtered(book: Any, sheet: Any) -> None:
    sheet.autofilter(0, 0, 3, 20)
    sheet.filter_column(1, "x == C000001")


def merged(book: Any, sheet: Any) -> None:
    sheet.merge_range(1, 2, 2, 2, "gold")


def second_sheet(book: Any, sheet: Any) -> None:
    book.add_worksheet("notes").write_string(0, 0, "for your information")


def hidden_sheet(book: Any, sheet: Any) -> None:
    sheet.very_hidden()
    second_sheet(book, sheet)


def cut(book: Any, sheet: Any) -> None:
    sheet.write_string(1_048_575, 0, "A9")


def formatted_rows(book: Any, sheet: Any) -> None:
    for row in (5, 6):
        sheet.write_blank(row, 0, None, book.add_format({"bold": True}))


def named_sheet(folder: Path) -> Path:
    """Make a delivery whose accounts stand in a sheet of two, named by the manifest."""
    body = as_xlsx("accounts", good()["accounts"], second_sheet)
    given = good()
    files = []
    for kind, rows in given.items():
        raw = body if kind == "accounts" else as_xlsx(kind, rows)
        sheet = {"sheet": kind} if kind == "accounts" else {}
        files.append({**making.entry(f"{kind}.xlsx", kind, raw, len(rows), {}), **sheet})
    return write(folder, given, form="xlsx", raw={"accounts": body}, files=files)


def repacked(change: Callable[[str, bytes], bytes], more: dict[str, bytes] | None = None) -> bytes:
    """Return the accounts' workbook with its parts changed, and others added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(as_xlsx("accounts", good()["accounts"]))) as given,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in given.namelist():
            made.writestr(name, change(name, given.read(name)))
        for name, body in (more or {}).items():
            made.writestr(name, body)
    return out.getvalue()


def part(name: str, old: bytes, new: bytes) -> Make:
    """Make a delivery in whose workbook one part says ``new`` instead of ``old``."""

    def change(given: str, body: bytes) -> bytes:
        if given != name:
            return body
        assert old in body, body[:3000]
        return body.replace(old, new, 1)

    return delivered(lambda: repacked(change))


def related(kind: str, mode: str = "") -> Make:
    """Make a delivery whose workbook refers to something that is no sheet."""
    space = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    line = f'<Relationship Id="rId99" Type="{space}/{kind}" Target="any"{mode}/></Relationships>'
    return part("xl/_rels/workbook.xml.rels", b"</Relationships>", line.encode())


def other_zip(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(name, b"content")
    return out.getvalue()


def named(name: str, body: bytes) -> Make:
    """Make a delivery whose accounts come in a file called ``name``."""

    def make(folder: Path) -> Path:
        folder = write(folder)
        (folder / name).write_bytes(body)
        files = [making.entry(name, "accounts", body, 3, {})]
        return write(folder, {}, files=files)

    return make


def bomb(kind: str) -> bytes:
    """Return a workbook that is small until it is read."""
    match kind:
        case "zeros":
            return repacked(lambda name, body: body, {"xl/media/zeros.bin": bytes(300 << 20)})
        case "deep":
            sheet = b"<worksheet>" + b"<a>" * 100_000
        case "tag":
            sheet = (
                b"<worksheet><row x='"
                + random.Random(1).randbytes(900_000).hex().encode()
                + b"'/></worksheet>"
            )
        case "names":
            sheet = b"<worksheet>" + b"".join(b"<n%d/>" % n for n in range(400_000))
        case "entities":
            lines = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(9))
            sheet = b"<!DOCTYPE w [" + lines + b"]><worksheet>&e8;</worksheet>"
    return repacked(lambda name, body: sheet if name == SHEET else body)
