"""Folders and files that only their owner may read: secrets, logs, the home of a server."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path


def private_folder(path: Path, *, group: int | None = None) -> Path:
    """Make the folder ``path`` for its owner alone, or leave it as it is if it is there.

    The members of ``group`` may pass through it, not look into it.
    """
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    # Nobody sees it half-made: who finds it decides by its mode where the data lie.
    made = path.with_name(f"{path.name}.{os.getpid()}")
    made.mkdir(mode=0o700)
    if group is not None:
        os.chown(made, -1, group)
        made.chmod(0o710)
    try:
        made.rename(path)
    except OSError as error:
        made.rmdir()
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    return path


def kept_secret(path: Path, *, characters: int) -> str:
    """Return the secret in the file ``path``; draw one there first if there is none.

    Of two processes that start at once the first one's secret is both's, and whole.
    """
    if not path.exists():
        made = path.with_name(f"{path.name}.{os.getpid()}")
        write_secret(made, secrets.token_urlsafe(characters * 3 // 4))
        with suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return path.read_text()


def write_secret(path: Path, text: str) -> None:
    """Write ``text`` to a fresh file that at no moment anybody else can read."""
    path.unlink(missing_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as out:
        out.write(text)


def open_log(path: Path) -> int:
    """Open the log ``path`` for appending, closed to others also if it was open to them.

    Returns a file descriptor, the caller's to close.
    """
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(fd, 0o600)
    return fd
