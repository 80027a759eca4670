"""A served demo portfolio and a real browser."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from dunwell.database.scratch import drop, make
from dunwell.proofs import process
from dunwell.proofs.bench_pages import serve

CHROMIUM = os.environ.get("DUNWELL_CHROMIUM") or shutil.which("chromium") or ""
DATABASE = "dunwell_browser"
SCREENSHOTS = os.environ.get("DUNWELL_SCREENSHOTS", "")  # renew the pictures in this folder
# Fixed, so that pictures and figures are the same every time.
LAST_DAY = date(2026, 10, 25)
MISSING = (
    "BROWSER TESTS SKIPPED: no Chromium. Install it with: "
    "apt-get install -y chromium fonts-noto-cjk"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    mine = [item for item in items if here in item.path.parents]
    for item in mine:
        item.add_marker("browser")
    if mine and not CHROMIUM:
        warnings.warn(MISSING, stacklevel=1)
        for item in mine:
            item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Give (address, password) of a served small demo in a database of its own."""
    base = os.environ["DUNWELL_DATABASE_URL"]
    home = tmp_path_factory.mktemp("demo")
    url = make(base, DATABASE)
    env = process.environment(url, home)
    env["DUNWELL_TESTING"] = "false"
    process.run(["demo", "--small", "--no-serve", "--last-day", str(LAST_DAY)], env)
    server, port = serve(env)
    yield f"http://127.0.0.1:{port}", (home / "demo-password").read_text()
    server.terminate()
    server.wait()
    drop(base, DATABASE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        )  # fmt: skip
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    made.set_default_timeout(15_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page on which any console error or policy violation fails the test."""
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    opened.on(
        "console",
        lambda message: (
            pytest.fail(f"console: {message.text}")
            if message.type == "error" and "Content Security Policy" in message.text
            else None
        ),
    )
    return opened
