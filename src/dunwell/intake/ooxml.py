"""The parts of an XLSX workbook: a zip of XML, opened within limits and read as a stream.

No library that reads workbooks shows all of what must be refused here (formulas, hidden
rows, merged cells) in bounded memory; the XML parser itself, fed piece by piece, does.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from xml.parsers import expat

from dunwell.intake import archive
from dunwell.intake.manifest import refuse

UNPACKED = 2 << 30
_PIECE = 1 << 16
# One tag, comment or attribute; what lies between them is handed on as it comes.
_TOKEN = 1 << 20
_NAMES = 2_000
_DEPTH = 64
_SHEETS = 1_000
_RELATIONS = 10_000
# Parts that run, fetch or embed: their relationship's last word, whatever their names are.
_ACTIVE = {
    "vbaproject", "xlmacrosheet", "xlintlmacrosheet", "dialogsheet", "externallink",
    "externallinkpath", "oleobject", "package", "control", "activexcontrolbinary",
    "connections", "querytable", "attachedtoolbars", "customui", "ddelink", "webextension",
}  # fmt: skip
BROKEN = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    ValueError,
    zlib.error,
    expat.ExpatError,
)


class Handler(Protocol):
    """What is told of an XML part; names come without their prefix."""

    def start(self, name: str, given: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, data: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook and the part that holds it."""

    name: str
    part: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Workbook:
    """An opened workbook; ``since_1904`` says which day its day numbers count from."""

    archive: zipfile.ZipFile
    file: str
    sheets: tuple[Sheet, ...]
    since_1904: bool
    strings_part: str
    styles_part: str


@contextmanager
def workbook(path: Path, file: str) -> Iterator[Workbook]:
    """Open the workbook at ``path`` and read which sheets it has.

    :raises Stop: if it is none, is protected or holds more than cells
    """
    with path.open("rb") as raw:
        head = raw.read(8)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        refuse("D09_protected", file)
    if not head.startswith(b"PK"):
        refuse("I09_disguised", file)
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(archive.zip_file(path, file))
        except BROKEN:
            refuse("A05_broken_archive", file)
        archive.judge(opened, file, UNPACKED, deepest=6)
        yield _outline(opened, file)


def _outline(opened: zipfile.ZipFile, file: str) -> Workbook:
    for name in opened.namelist():
        if name.lower().endswith(".rels"):
            _refuse_active(opened, name, file)
    main = _target(opened, "", "officedocument", file)
    if not main.lower().endswith(".xml"):
        refuse("D09_workbook", file)
    found = _Outline()
    consume(opened, main, found, file)
    if found.root != "workbook" or not found.sheets:
        refuse("D09_workbook", file)
    parts = {one.id: one for one in _relations(opened, main, file)}
    sheets = tuple(
        Sheet(name, parts[rel].target, hidden)
        for name, rel, hidden in found.sheets
        if rel in parts and parts[rel].kind == "worksheet"
    )
    return Workbook(
        opened,
        file,
        sheets,
        found.since_1904,
        _target(opened, main, "sharedstrings", file),
        _target(opened, main, "styles", file),
    )


def pieces(opened: zipfile.ZipFile, part: str, handler: Handler, file: str) -> Iterator[None]:
    """Parse a part, yielding after each piece, so that who asks sees what has come.

    A document type is refused before anything in it is read, and with it every entity.

    :raises Stop: if the part is missing, damaged or built to use memory up
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            refuse("A05_broken_archive", file)
        handler.start(name if ":" not in name else name.rpartition(":")[2], given)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(name if ":" not in name else name.rpartition(":")[2])

    def document_type(*given: object) -> None:
        refuse("C18_xml", file)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = handler.text, document_type
    fed = 0
    try:
        with opened.open(part) as source:
            while piece := source.read(_PIECE):
                parser.Parse(piece, False)
                fed += len(piece)
                # What the parser keeps until its end is a tag that does not end, or names.
                if fed - parser.CurrentByteIndex > _TOKEN or len(parser.intern) > _NAMES:
                    refuse("A05_broken_archive", file)
                yield
        parser.Parse(b"", True)
        yield
    except (KeyError, *BROKEN):
        refuse("A05_broken_archive", file)


def consume(opened: zipfile.ZipFile, part: str, handler: Handler, file: str) -> None:
    """Parse a part to its end."""
    for _ in pieces(opened, part, handler, file):
        pass


@dataclass(frozen=True, slots=True)
class _Relation:
    id: str
    kind: str
    target: str
    external: bool


class _Relations:
    """The relationships that a part has; ``base`` is the part's folder."""

    def __init__(self, base: str, file: str) -> None:
        self.found: list[_Relation] = []
        self._base, self._file = base, file

    def start(self, name: str, given: dict[str, str]) -> None:
        if name != "Relationship":
            return
        kind = given.get("Type", "").rpartition("/")[2].lower()
        # A mail address in a cell is a link that nobody need follow.
        if kind == "hyperlink":
            return
        target = posixpath.normpath(posixpath.join("/", self._base, given.get("Target", "")))
        external = given.get("TargetMode") == "External"
        self.found.append(_Relation(given.get("Id", ""), kind, target[1:], external))
        if len(self.found) > _RELATIONS:
            refuse("A05_broken_archive", self._file)

    def end(self, name: str) -> None:
        """Nothing follows from an end."""

    def text(self, data: str) -> None:
        """There is no text in relationships."""


def _relations(opened: zipfile.ZipFile, part: str, file: str) -> list[_Relation]:
    folder, _, name = part.rpartition("/")
    member = f"{folder}/_rels/{name}.rels".lstrip("/")
    if member not in opened.namelist():
        return []
    found = _Relations(folder, file)
    consume(opened, member, found, file)
    return found.found


def _target(opened: zipfile.ZipFile, part: str, kind: str, file: str) -> str:
    """Return the part of a kind that ``part`` refers to, or nothing."""
    related = (one.target for one in _relations(opened, part, file) if one.kind == kind)
    return next(related, "")


def _refuse_active(opened: zipfile.ZipFile, member: str, file: str) -> None:
    found = _Relations("", file)
    consume(opened, member, found, file)
    for one in found.found:
        if one.kind in _ACTIVE or one.external:
            refuse("D09_active", file, one.kind[:60])


class _Outline:
    """What the workbook's own part says: its sheets and its first day."""

    def __init__(self) -> None:
        self.root = ""
        self.since_1904 = False
        self.sheets: list[tuple[str, str, bool]] = []

    def start(self, name: str, given: dict[str, str]) -> None:
        self.root = self.root or name
        if name == "workbookPr":
            self.since_1904 = given.get("date1904", "0") in ("1", "true", "on")
        if name == "sheet" and len(self.sheets) < _SHEETS:
            rel = next((value for key, value in given.items() if key.endswith(":id")), "")
            hidden = given.get("state", "visible") != "visible"
            self.sheets.append((given.get("name", ""), rel, hidden))

    def end(self, name: str) -> None:
        """Nothing follows from an end."""

    def text(self, data: str) -> None:
        """There is no text that matters."""
