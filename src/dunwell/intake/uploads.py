"""Deliveries that came through the browser: kept only as long as somebody may approve them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings

NAME = "delivery.zip"
# A held delivery that nobody approved for so long will not be approved.
SECONDS = 14 * 24 * 60 * 60


def keep(chunks: Iterable[bytes], *, now: datetime) -> Path:
    """Write an upload to a folder of its own that only this account can read.

    What was kept too long is removed by the way.
    """
    root = Path(settings.DUNWELL_UPLOADS)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in root.iterdir():
        if now.timestamp() - old.stat().st_mtime > SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    path = Path(tempfile.mkdtemp(dir=root)) / NAME
    with path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
    return path


def drop(path: Path) -> None:
    """Remove an upload; what lies elsewhere is left alone."""
    if path.parent.parent.absolute() == Path(settings.DUNWELL_UPLOADS).absolute():
        shutil.rmtree(path.parent, ignore_errors=True)
