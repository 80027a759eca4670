"""A served demo portfolio on a day of its own, people signed in to it, and a real browser."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from dunwell.database.scratch import drop, make, renamed
from dunwell.proofs import process
from dunwell.proofs.bench_pages import serve
from dunwell.testing.faulty import spoiled

CHROMIUM = os.environ.get("DUNWELL_CHROMIUM") or shutil.which("chromium") or ""
DATABASE, UNTOUCHED = "dunwell_browser", "dunwell_browser_untouched"
HERE = Path(__file__).parent
# Fixed, so that pictures and figures are the same every time: the morning after the
# last statement day. The served processes live on it (clock/sitecustomize.py).
LAST_DAY = date(2026, 10, 25)
TODAY = LAST_DAY + timedelta(days=1)
MORNING = datetime.fromisoformat("2026-10-26T10:00:00+08:00")
LANGUAGES = ("zh-hans", "en")
MISSING = (
    "BROWSER TESTS SKIPPED: no Chromium. Install it with: "
    "apt-get install -y chromium fonts-noto-cjk"
)
# The browser tells these of every answer that is not 200; the tests look at the answers.
ANSWERS = ("Failed to load resource: the server responded", "Response Status Error Code")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mine = [item for item in items if HERE in item.path.parents]
    for item in mine:
        item.add_marker("browser")
    if mine and not CHROMIUM:
        warnings.warn(MISSING, stacklevel=1)
        for item in mine:
            item.add_marker(pytest.mark.skip(reason=MISSING))


@dataclass
class Demo:
    """Where the demo is served, and who is signed in already."""

    address: str
    password: str
    database: str
    signed_in: dict[str, Any] = field(default_factory=dict)
    given: set[int] = field(default_factory=set)
    places: dict[str, int] = field(default_factory=dict)

    def ask(self, sql: str, *given: object) -> list[tuple[Any, ...]]:
        """Return what the database holds now."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(sql, given).fetchall()

    def case_of(self, username: str, where: str = "true") -> int:
        """Return an open case of somebody that no other test was given."""
        rows = self.ask(
            "SELECT c.id FROM cases_case c JOIN staff_agent a ON a.id = c.collector_id"
            " WHERE a.username = %s AND c.state = 'open' AND c.follow_up_at IS NULL"
            " AND NOT EXISTS (SELECT FROM plans_promise p"
            f"                 WHERE p.case_id = c.id AND p.state = 'open') AND {where}"
            " ORDER BY c.priority, c.id",
            username,
        )
        found = next(pk for (pk,) in rows if pk not in self.given)
        self.given.add(found)
        return int(found)

    def look_around(self) -> None:
        """Note, before anybody works: the case with the longest timeline, one with a promise,
        the delivery with rows that wait, and one of these."""
        ((case,),) = self.ask(
            "SELECT c.id FROM cases_case c JOIN staff_agent a ON a.id = c.collector_id"
            " JOIN cases_entry e ON e.case_id = c.id WHERE a.username = 'early.001'"
            " GROUP BY c.id ORDER BY count(*) DESC, c.id LIMIT 1"
        )
        ((row, delivery),) = self.ask(
            "SELECT id, delivery_id FROM intake_quarantinedrow WHERE kind = 'payments' LIMIT 1"
        )
        ((promised,),) = self.ask(
            "SELECT p.case_id FROM plans_promise p JOIN cases_case c ON c.id = p.case_id"
            " JOIN staff_agent a ON a.id = c.collector_id WHERE a.username = 'early.001'"
            " AND p.state = 'open' ORDER BY p.case_id LIMIT 1"
        )
        self.places = {"case": case, "promised": promised, "row": row, "delivery": delivery}


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """Load the small demo and a faulty delivery into a database of its own; keep a copy."""
    base = os.environ["DUNWELL_DATABASE_URL"]
    home = tmp_path_factory.mktemp("demo")
    env = process.environment(make(base, DATABASE), home)
    ahead = MORNING - datetime.now(MORNING.tzinfo)
    env |= {
        # A sign-in takes a second of hashing otherwise; the tests sign in thirty times.
        "DUNWELL_TESTING": "true",
        "DUNWELL_TESTS_AHEAD": str(ahead.total_seconds()),
        "PYTHONPATH": os.pathsep.join([str(HERE / "clock"), os.environ.get("PYTHONPATH", "")]),
    }
    process.run(["demo", "--small", "--no-serve", "--last-day", str(LAST_DAY)], env)
    folder = spoiled(home / "demo" / f"TW-DEMO-{LAST_DAY}", TODAY)
    process.run(["intake", "load", str(folder)], env)
    make(base, UNTOUCHED, template=DATABASE)
    yield base, env
    drop(base, DATABASE)
    drop(base, UNTOUCHED)


@contextmanager
def served(base: str, env: dict[str, str], name: str) -> Iterator[Demo]:
    """Serve the demo that the database ``name`` holds."""
    url = renamed(base, name)
    server, port = serve({**env, "DUNWELL_DATABASE_URL": url})
    word = (Path(env["DUNWELL_HOME"]) / "demo-password").read_text()
    try:
        demo = Demo(f"http://127.0.0.1:{port}", word, url)
        demo.look_around()
        yield demo
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="session")
def demo(loaded: tuple[str, dict[str, str]]) -> Iterator[Demo]:
    """The served demo in which the tests work."""
    with served(*loaded, DATABASE) as made:
        yield made


@pytest.fixture(scope="session")
def untouched(loaded: tuple[str, dict[str, str]]) -> Iterator[Demo]:
    """A served demo in which nobody has worked yet: the same for every picture."""
    with served(*loaded, UNTOUCHED) as made:
        yield made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright's loop stands in this thread until the session ends, and tests come in any
    # order: Django would take every query of the tests after these for an asynchronous one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
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


def context_of(browser: Browser, demo: Demo, username: str, language: str) -> BrowserContext:
    """Return a browser's window in which somebody is signed in; nobody for no name."""
    if username and username not in demo.signed_in:
        first = browser.new_context(base_url=demo.address, locale="zh-CN")
        page = first.new_page()
        page.goto("/sign-in/")
        page.fill("#username", username)
        page.fill("#password", demo.password)
        page.click("main button.btn-primary")
        page.wait_for_selector(".bar-who")
        demo.signed_in[username] = first.storage_state()
        first.close()
    context = browser.new_context(
        base_url=demo.address,
        viewport={"width": 1366, "height": 768},
        locale="zh-CN",
        storage_state=demo.signed_in.get(username),
        accept_downloads=True,
    )
    context.add_cookies([{"name": "django_language", "value": language, "url": demo.address}])
    context.set_default_timeout(10_000)
    return context


@pytest.fixture
def sit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Sit somebody down at his browser; scripts and policies may not fail under his hands."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def sat(username: str, language: str = "zh-hans", at: Demo | None = None) -> Page:
        house = at or request.getfixturevalue("demo")
        context = context_of(browser, house, username, language)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on(
            "console",
            lambda said: (
                faults.append(f"console: {said.text}")
                if said.type in ("error", "warning") and not said.text.startswith(ANSWERS)
                else None
            ),
        )
        return page

    yield sat
    for context in contexts:
        context.close()
    assert faults == []
