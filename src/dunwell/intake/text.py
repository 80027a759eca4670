"""Text files: hash, declared encoding, header and structure, in bounded memory.

A sound file is only scanned here and parsed by DuckDB. A file with anything unusual
goes through ``rewrite``, which keeps each row's number and says what is wrong where.
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from dunwell.intake.broken import Broken
from dunwell.intake.faults import Finding
from dunwell.intake.manifest import refuse

CHUNK = 4 << 20
FIELD_LIMIT = 131_072
LINE_LIMIT = 8 << 20
COLUMN_LIMIT = 500
ROW = "__row"
_MAGIC = (
    (b"PK", "D09_workbook"),
    (b"%PDF", "I09_disguised"),
    (b"\x1f\x8b", "I09_disguised"),
    (b"\xd0\xcf\x11\xe0", "I09_disguised"),
    (b"PAR1", "I09_disguised"),
    (b"<!DOCTYPE html", "I09_disguised"),
    (b"<html", "I09_disguised"),
    (b"<", "C18_xml"),
    (b"{", "C17_json_lines"),
    (b"[", "C17_json_lines"),
    (b"-----BEGIN PGP", "A18_signed_or_sealed"),
    (b"\xff\xfe", "B05_utf16"),
    (b"\xfe\xff", "B05_utf16"),
)
_SEPARATORS = ";\t|\x01"


@dataclass(slots=True)
class Scanned:
    """What one pass over the bytes found; ``path`` holds the text as UTF-8."""

    path: Path
    sha256: str
    careful: bool
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Rewritten:
    """A clean copy whose first column is the row's number in the original."""

    path: Path
    rows: int
    findings: list[Finding]
    broken: Broken


def scan(
    path: Path, *, file: str, encoding: str, work: Path, progress: Callable[[int], None]
) -> Scanned:
    """Hash the file, decode every byte as declared and note what needs care.

    :raises Stop: if the bytes are not text in the declared encoding
    """
    digest = sha256()
    plain = encoding in ("utf-8", "utf-8-sig")
    decoder = codecs.getincrementaldecoder("utf-8" if plain else encoding)("strict")
    as_utf8: codecs.IncrementalDecoder | None = (
        None if plain else codecs.getincrementaldecoder("utf-8")("strict")
    )
    target = path if plain else work / f"{path.name}.utf8"
    marks = _Marks()
    with path.open("rb") as source, _Out(None if plain else target) as out:
        head = source.read(64)
        _refuse_by_magic(head, file)
        source.seek(0)
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            as_utf8 = _still_utf8(as_utf8, chunk)
            marks.see(chunk, file)
            # Text that is UTF-8 so far and does not decode as declared says more by that.
            utf8 = as_utf8 is not None and marks.beyond_ascii
            text = _decoded(decoder, chunk, file, otherwise="B07_other_encoding" if utf8 else "")
            if out is not None:
                out.write(text.encode())
            progress(len(chunk))
        if out is not None:
            out.write(_decoded(decoder, b"", file, final=True).encode())
        else:
            _decoded(decoder, b"", file, final=True)
    if marks.size == 0:
        refuse("A01_empty_file", file)
    if as_utf8 is not None and marks.beyond_ascii:
        refuse("B07_other_encoding", file)
    findings = []
    if head.startswith(codecs.BOM_UTF8) and plain:
        findings.append(Finding("intake.B02_byte_order_mark", file=file))
    return Scanned(target, digest.hexdigest(), marks.careful, findings)


def hashed(path: Path, progress: Callable[[int], None]) -> str:
    """Return the digest of a file that is no text."""
    digest = sha256()
    with path.open("rb") as source:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            progress(len(chunk))
    return digest.hexdigest()


class _Marks:
    """What of the bytes decides whether DuckDB may parse them as they are."""

    def __init__(self) -> None:
        self.size = 0
        self.beyond_ascii = False
        self.odd = False
        self._newlines = self._returns = self._pairs = self._open = 0
        self._last = b""

    def see(self, chunk: bytes, file: str) -> None:
        """Take note of the next bytes.

        :raises Stop: if a line does not end
        """
        end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        self._open = len(chunk) - end if end >= 0 else self._open + len(chunk)
        if self._open > LINE_LIMIT:
            refuse("C13_too_many_columns", file)
        seam = self._last + chunk[:3]
        self.size += len(chunk)
        self.beyond_ascii = self.beyond_ascii or not chunk.isascii()
        self._newlines += chunk.count(b"\n")
        marks: tuple[bytes, ...] = (b"\0", b"\n\n")
        if b"\r" in chunk or b"\r" in seam:  # seldom, and looking for pairs costs a quarter
            self._returns += chunk.count(b"\r")
            self._pairs += chunk.count(b"\r\n") + (seam[:2] == b"\r\n" if self._last else 0)
            marks += (b"\n\r\n",)
        self.odd = self.odd or any(mark in chunk or mark in seam for mark in marks)
        self._last = chunk[-1:]

    @property
    def careful(self) -> bool:
        uniform = self._returns in (0, self._newlines) and self._returns == self._pairs
        return self.odd or not uniform


def _refuse_by_magic(head: bytes, file: str) -> None:
    bare = head.removeprefix(codecs.BOM_UTF8).lstrip()
    for magic, code in _MAGIC:
        if bare.lower().startswith(magic.lower()):
            refuse(code, file)
    if len(head) >= 8 and head.count(b"\0") * 3 > len(head):
        refuse("B05_utf16", file)


def _decoded(
    decoder: codecs.IncrementalDecoder,
    chunk: bytes,
    file: str,
    *,
    final: bool = False,
    otherwise: str = "",
) -> str:
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError:
        refuse(otherwise or "B08_undecodable", file)


def _still_utf8(
    decoder: codecs.IncrementalDecoder | None, chunk: bytes
) -> codecs.IncrementalDecoder | None:
    if decoder is None:
        return None
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return None
    return decoder


class _Out:
    """A binary file to write, or nothing where there is none to write."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("wb") if path is not None else None

    def __enter__(self) -> io.BufferedWriter | None:
        return self._file

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()


def header(path: Path, file: str) -> tuple[list[str], list[Finding]]:
    """Return the column names of a UTF-8 file as the canonical ones are written.

    :raises Stop: if the first line is no header of comma-separated columns
    """
    with path.open(encoding="utf-8-sig", newline="") as source:
        first = source.readline(LINE_LIMIT)
        after = [source.readline(4096) for _ in range(20)]
    if len(first) >= LINE_LIMIT or first.count(",") >= COLUMN_LIMIT:
        refuse("C13_too_many_columns", file)
    if not first.strip():
        refuse("C15_preamble", file)
    try:
        names = next(csv.reader([first], strict=True))
    except (csv.Error, StopIteration):
        refuse("C07_unclosed_quote", file)
    if len(names) < 3:
        _refuse_lonely(first, after, file)
    return tidy_names(names, file)


def tidy_names(names: list[str], file: str) -> tuple[list[str], list[Finding]]:
    """Return column names as the canonical ones are written.

    :raises Stop: if two of them are then the same
    """
    tidy = [tidy_name(name) for name in names]
    if len(set(tidy)) != len(tidy):
        twice = Counter(tidy).most_common(1)[0][0]
        refuse("C04_duplicate_header", file, twice[:60])
    findings = []
    if tidy != names:
        findings.append(Finding("intake.C05_header_style", file=file))
    return tidy, findings


def tidy_name(name: str) -> str:
    """Return a column's name without case, spaces, width or marks."""
    plain = unicodedata.normalize("NFKC", name).strip().strip("\ufeff").strip().lower()
    return "_".join(plain.split())


def _refuse_lonely(first: str, after: list[str], file: str) -> None:
    """Say why a header of one or two columns is none: separator, preamble or width."""
    if any(first.count(mark) >= 2 for mark in _SEPARATORS):
        refuse("C11_separator", file)
    if any(line.count(",") >= 3 for line in after):
        refuse("C15_preamble", file)
    if "  " in first.strip():
        refuse("C16_fixed_width", file)
    refuse("C01_missing_column", file)


def rewrite(path: Path, *, file: str, width: int, work: Path) -> Rewritten:
    """Write a clean UTF-8 copy of a file that needs care; collect what cannot be kept.

    :raises Stop: if a quote is never closed, a line never ends or the file ends
        within a row
    """
    target = work / f"{path.name}.clean.csv"
    done = Rewritten(target, 0, [], Broken())
    with target.open("w", encoding="utf-8", newline="") as out:
        # Ended so, a field is quoted for either mark that it holds.
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([ROW, *(f"c{place}" for place in range(width))])
        blank = 0
        for number, (code, fields) in enumerate(_records(path, file), start=1):
            if not any(fields) and code is None and len(fields) <= 1:
                blank += 1
                continue
            row = number - blank
            if row == 1:
                continue
            done.rows += 1
            code = code or _ragged(fields, width)
            if code is None:
                writer.writerow([row, *fields])
            else:
                done.broken.add(row, code, fields, file)
    if blank:
        done.findings.append(Finding("intake.C14_blank_lines", file=file, count=blank))
    _refuse_cut(path, file, done, width)
    done.findings.append(Finding("intake.B18_line_ends", file=file)) if _odd_ends(path) else None
    return done


def _ragged(fields: list[str], width: int) -> str | None:
    if any("\0" in value for value in fields):
        return "intake.B11_nul"
    if len(fields) != width:
        return "intake.C06_ragged"
    if any(len(value) > FIELD_LIMIT for value in fields):
        return "intake.C12_too_long"
    return None


def _records(path: Path, file: str) -> Iterator[tuple[str | None, list[str]]]:
    """Yield (code of what is wrong, fields) for each record, the header included."""
    csv.field_size_limit(FIELD_LIMIT)
    with path.open(encoding="utf-8-sig", newline="") as source:
        last = [""]
        reader = csv.reader(_lines(source, file, last), strict=True)
        while True:
            began = reader.line_num
            try:
                yield None, next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "unexpected end" in str(error) or (
                    "field larger" in str(error) and reader.line_num > began + 1
                ):
                    refuse("C07_unclosed_quote", file)
                code = "C12_too_long" if "field larger" in str(error) else "C08_quote_inside"
                yield f"intake.{code}", [last[0][:200]]


def _lines(source: io.TextIOBase, file: str, last: list[str]) -> Iterator[str]:
    while line := source.readline(LINE_LIMIT):
        if len(line) >= LINE_LIMIT:
            refuse("C13_too_many_columns", file)
        last[0] = line
        yield line


def _refuse_cut(path: Path, file: str, done: Rewritten, width: int) -> None:
    """Refuse a file whose last row is short and does not end."""
    last = done.broken.get(max(done.broken, default=0))
    if last is None or last[0] != "intake.C06_ragged" or len(last[1]) >= width:
        return
    with path.open("rb") as source:
        source.seek(-1, io.SEEK_END)
        if source.read(1) not in b"\r\n" and max(done.broken) == done.rows + 1:
            refuse("A03_cut_in_row", file)


def _odd_ends(path: Path) -> bool:
    with path.open("rb") as source:
        head = source.read(CHUNK)
    return head.count(b"\r") not in (0, head.count(b"\r\n")) or (
        b"\r\n" in head and head.count(b"\n") != head.count(b"\r\n")
    )
