"""A delivery on disk: a folder, or a zip that is unpacked within limits."""

from __future__ import annotations

import io
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dunwell.intake import manifest
from dunwell.intake.cards import key_without_cards
from dunwell.intake.faults import Finding
from dunwell.intake.manifest import Entry, refuse

ENTRIES = 1_000
RATIO = 100
# Bytes that a table of contents may have: ENTRIES of them fit many times over.
DIRECTORY = 1 << 20
# Small members compress well without being bombs.
RATIO_FROM = 1 << 20
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_ARCHIVE = re.compile(r"(?i)\.(zip|gz|tgz|bz2|xz|zst|7z|rar|tar|jar)$")
_SEALED = re.compile(r"(?i)\.(pgp|gpg|asc|sig|p7m|enc)$")
_SUFFIXES = (".csv", ".parquet", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
# Bytes that a file system takes for one name.
_LONGEST_NAME = 255
_PLAIN_NAME = re.compile(r"[\w][\w .()+@=-]{0,149}")


@dataclass(frozen=True, slots=True)
class Opened:
    """A delivery that can be read: ``folder`` holds the manifest and its files."""

    name: str
    folder: Path
    manifest: bytes


def open_delivery(path: Path, *, work: Path, largest: int, name: str) -> Opened:
    """Return what ``path`` holds; a zip is unpacked into ``work``.

    ``largest`` is the most bytes that may come out of it; ``name`` is for people.

    :raises Stop: if it is not complete, not safe or too large
    """
    if path.is_symlink():
        refuse("I08_unsafe_path", name)
    if path.is_file():
        folder = _unpacked(path, work, name, largest)
    elif path.is_dir():
        folder = path
        if sum(item.lstat().st_size for item in _items(path, name)) > largest:
            refuse("I04_too_large", name)
    else:
        refuse("A06_no_manifest", name)
    found = folder / manifest.NAME
    if not found.is_file() or found.is_symlink():
        refuse("A06_no_manifest", name)
    if found.stat().st_size > manifest.LARGEST:
        refuse("H05_manifest", name)
    return Opened(name, folder, found.read_bytes())


def _unpacked(path: Path, work: Path, name: str, largest: int) -> Path:
    """Unpack a zip and return the folder of its manifest: its root or its only folder."""
    folder = work / "unpacked"
    folder.mkdir()
    _unpack(path, folder, name, largest)
    if not (folder / manifest.NAME).exists():
        inner = [item for item in folder.iterdir() if item.is_dir()]
        folder = inner[0] if len(inner) == 1 else folder
    # A zip is whole when it is closed: what it has not will not come.
    if not (folder / manifest.NAME).exists():
        refuse("A05_broken_archive", name, manifest.NAME)
    return folder


def shown(name: str) -> str:
    """Return a name fit for people: no control or direction marks, no card number, not too long."""
    visible = "".join(c if unicodedata.category(c)[0] != "C" else "?" for c in name)
    return key_without_cards(visible)[:200]


def locate(opened: Opened, entry: Entry) -> tuple[Path, list[Finding]]:
    """Return where a file of the manifest lies.

    :raises Stop: if it is missing or its name leaves the folder
    """
    pure = PurePosixPath(entry.name.replace("\\", "/"))
    if len(pure.parts) != 1 or not manifest.is_text(entry.name) or entry.name in (".", ".."):
        refuse("I08_unsafe_path", shown(entry.name))
    if _SEALED.search(entry.name):
        refuse("A18_signed_or_sealed", shown(entry.name))
    if _DEVICE.fullmatch(entry.name):
        refuse("I08_unsafe_path", shown(entry.name))
    odd = not _PLAIN_NAME.fullmatch(entry.name)
    findings = [Finding("intake.A17_odd_name", file=shown(entry.name))] if odd else []
    path = opened.folder / entry.name
    try:
        mode = path.lstat().st_mode
    except OSError:
        refuse("A15_part_missing", shown(entry.name))
    if not stat.S_ISREG(mode):
        refuse("I08_unsafe_path", shown(entry.name))
    return path, findings


def stand_in(path: Path, kind: str, work: Path) -> Path:
    """Return a plain name in ``work`` by which a file may be read.

    What reads it takes marks such as ``*``, ``name=`` and ``.gz`` in a path for orders.
    """
    given = path.suffix.lower()
    suffix = given if given in _SUFFIXES else ".csv"
    plain = work / "files" / f"{kind}{suffix}"
    plain.parent.mkdir(exist_ok=True)
    plain.symlink_to(path.absolute())
    return plain


def _items(folder: Path, name: str) -> list[Path]:
    items = []
    for item in folder.iterdir():
        items.append(item)
        if len(items) > ENTRIES:
            refuse("I04_too_large", name)
    return items


def _unpack(path: Path, folder: Path, name: str, largest: int) -> None:
    with path.open("rb") as source:
        if source.read(2) != b"PK":
            refuse("A05_broken_archive", name)
    try:
        with zip_file(path, name) as archive:
            for member in judge(archive, name, largest, deepest=2):
                _extract(archive, member, folder, name)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, zlib.error):
        refuse("A05_broken_archive", name)


class _Reader(io.FileIO):
    """A file of which nobody reads more at once than a sound archive asks for."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path)
        self._shown = name

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes.

        :raises Stop: if an archive's table of contents is longer than one that is taken
        """
        if size is None or size < 0:
            size = DIRECTORY
        if size > DIRECTORY:
            refuse("I04_too_large", self._shown)
        return super().read(size) or b""


@contextmanager
def zip_file(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """Open an archive; what it lists of itself is bounded before it is read.

    :raises BadZipFile: if it is none
    :raises Stop: if it lists too much
    """
    with _Reader(path, name) as raw, zipfile.ZipFile(raw) as archive:
        yield archive


def judge(
    archive: zipfile.ZipFile, name: str, largest: int, *, deepest: int
) -> list[zipfile.ZipInfo]:
    """Check what an archive says of itself before a byte is unpacked; return its files.

    :raises Stop: if they are too many, too large, lie or would leave the folder
    """
    every = archive.infolist()
    members = [item for item in every if not item.is_dir()]
    if len(every) > ENTRIES or sum(m.file_size for m in members) > largest:
        refuse("I04_too_large", name)
    for item in every:
        _judge_name(item, name, deepest)
    names = [_plain(item) for item in every]
    files = {_plain(item) for item in members}
    if len(set(names)) != len(names) or any(files & set(pure.parents) for pure in names):
        refuse("I05_nested", name)
    _judge_sizes(members, name)
    return members


def _judge_sizes(members: list[zipfile.ZipInfo], name: str) -> None:
    """Refuse members that unpack too far, and such as lie within one another."""
    ends = 0
    for member in sorted(members, key=lambda m: m.header_offset):
        if member.header_offset < ends:
            refuse("I05_nested", name, shown(member.filename))
        ends = member.header_offset + 30 + member.compress_size
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            refuse("A05_broken_archive", name, shown(member.filename))
        if member.file_size > RATIO_FROM and member.file_size > RATIO * member.compress_size:
            refuse("I04_too_large", name, shown(member.filename))


def _plain(item: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(item.filename.replace("\\", "/"))


def _judge_name(item: zipfile.ZipInfo, name: str, deepest: int) -> None:
    given, pure = item.filename.replace("\\", "/"), _plain(item)
    kind = stat.S_IFMT(item.external_attr >> 16)
    unsafe = (
        pure.is_absolute()
        or ".." in pure.parts
        or ":" in given
        or not 0 < len(pure.parts) <= deepest
        or any(len(part.encode()) > _LONGEST_NAME for part in pure.parts)
        or any(_DEVICE.fullmatch(part) for part in pure.parts)
        or kind not in (0, stat.S_IFREG, stat.S_IFDIR)
    )
    if unsafe:
        refuse("I08_unsafe_path", name, shown(given))
    if item.flag_bits & 0x1 or _SEALED.search(given):
        refuse("A18_signed_or_sealed", name, shown(given))
    if _ARCHIVE.search(given):
        refuse("I05_nested", name, shown(given))


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, name: str) -> None:
    """Unpack one member, no further than it says it is long."""
    target = folder / _plain(member)
    target.parent.mkdir(exist_ok=True)
    left = member.file_size
    with archive.open(member) as source, target.open("wb") as out:
        while chunk := source.read(1 << 20):
            left -= len(chunk)
            if left < 0:
                refuse("I05_nested", name)
            out.write(chunk)
