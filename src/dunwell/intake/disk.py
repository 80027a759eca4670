"""A full disk, as those who write tell it."""

from __future__ import annotations

import errno
import os

# No room on the device, none in the quota, or a file larger than the process may write.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(error: Exception) -> bool:
    """Say whether an error is that of a disk with no room left."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    # DuckDB has no number for it: it hands on the system's words.
    return any(os.strerror(number) in str(error) for number in _FULL)
