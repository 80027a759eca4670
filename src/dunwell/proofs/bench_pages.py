"""``dunwell bench pages``: worklist, Next and case page at a constant arrival rate."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

import psycopg

from dunwell.database.current import current_url
from dunwell.database.roles import owner_url
from dunwell.database.scratch import drop, make, renamed
from dunwell.demo.bench import make_bench_deliveries
from dunwell.proofs import process
from dunwell.proofs.bench_day import prepare

DATABASE = "dunwell_bench_pages"
PASSWORD = "measured-only-in-a-scratch-database"  # noqa: S105
SENDERS = 16
# People are hired for a portfolio of which a fifth is overdue; here all of it is.
STAFF = 5


@dataclass
class Client:
    """One signed-in collector's browser: cookies and a connection kept open."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Return (status, location, text) of one request on a fresh connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form)
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";", 1)[0].split("=", 1)
            self.cookies[name] = value
        connection.close()
        return answer.status, answer.headers.get("Location", ""), text

    def sign_in(self, username: str) -> None:
        """Sign in as a collector of the scratch database."""
        _, _, page = self.ask("GET", "/sign-in/")
        status, _, text = self.ask(
            "POST",
            "/sign-in/",
            {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token(page)},
        )
        if status != 302:
            raise RuntimeError(f"{username} could not sign in: {status} {text[:400]}")


def token(page: str) -> str:
    """Return the form token of a page."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if found is None:
        raise RuntimeError("The page has no form.")
    return found.group(1)


def serve(env: dict[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """Start the web server as ``dunwell demo`` does; return it and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "dunwell.project.wsgi", "--bind", f"127.0.0.1:{port}",
         "--workers", "2", "--log-level", "warning", "--no-control-socket"],
        env=env,
    )  # fmt: skip
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server, port
        time.sleep(0.1)
    raise RuntimeError("The web server did not come up.")


def one(client: Client, page: str) -> tuple[int, float]:
    """Ask for one page as a browser does; return status and seconds."""
    began = time.monotonic()
    if page == "next":
        form = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
        status, _, _ = client.ask("POST", "/next/", form)
    elif page == "case":
        status, _, _ = client.ask("GET", client.cookies["case"])
    else:
        status, _, _ = client.ask("GET", "/worklist/")
    return status, time.monotonic() - began


@dataclass
class Arrivals:
    """Requests at fixed instants, whatever the answers take: stalls cannot hide."""

    clients: list[Client]
    rate: int
    seconds: int
    taken: dict[str, list[float]] = field(default_factory=dict)
    errors: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        began = time.monotonic() + 0.5
        total = self.rate * self.seconds
        threads = [
            threading.Thread(target=self._send, args=(began, sender, total))
            for sender in range(SENDERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, began: float, sender: int, total: int) -> None:
        pages = ("worklist", "next", "case")
        for number in range(sender, total, SENDERS):
            due = began + number / self.rate
            time.sleep(max(0.0, due - time.monotonic()))
            page = pages[number % 3]
            status, _ = one(self.clients[sender], page)
            # From the instant it was due: time spent queueing counts.
            spent = time.monotonic() - due
            with self._lock:
                self.taken.setdefault(page, []).append(spent * 1000)
                self.errors += status not in (200, 302)


def passwords(url: str, env: dict[str, str]) -> tuple[list[str], int]:
    """Give every collector the benchmark's password; name some, and count the open cases."""
    process.run(["prepare", "BENCH", "--password", PASSWORD], env)
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT a.username FROM staff_agent a JOIN cases_case c ON c.collector_id = a.id"
            " WHERE c.state = 'open' GROUP BY a.username ORDER BY count(*) DESC, 1 LIMIT %s",
            [SENDERS],
        ).fetchall()
        counted = connection.execute("SELECT count(*) FROM cases_case WHERE state = 'open'")
        (cases,) = counted.fetchone() or (0,)
    return [row[0] for row in rows], cases


def loaded(
    accounts: int, seed: int, out: Path, tell: Callable[[str], None]
) -> tuple[str, dict[str, str]]:
    """Make the scratch database with ``accounts`` open cases after one day's run."""
    url = make(current_url(), DATABASE)
    tell(f"making {accounts:,} accounts, each of them a case")
    first, _ = make_bench_deliveries(out / "files", accounts=accounts, seed=seed, all_overdue=True)
    env = prepare(url, out, accounts * STAFF)
    process.run(["intake", "load", str(first), "--json"], env)
    process.run(["day", "run", "--date", first.name[-10:], "--portfolio", "BENCH"], env)
    with psycopg.connect(owner_url(url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return url, env


def bench_pages(
    *, accounts: int, seed: int, keep: bool, seconds: int, rate: int, reuse: bool,
    tell: Callable[[str], None],
) -> dict[str, Any]:  # fmt: skip
    """Measure the three pages of the desk over ``accounts`` open cases; milliseconds."""
    with tempfile.TemporaryDirectory(prefix="dunwell-bench-") as folder:
        out = Path(folder)
        if reuse:
            url = renamed(current_url(), DATABASE)
            env = process.environment(url, out)
        else:
            url, env = loaded(accounts, seed, out, tell)
        env["DUNWELL_SECRET_KEY"] = os.urandom(32).hex()
        names, cases = passwords(url, env)
        server, port = serve(env)
        try:
            clients = []
            for name in names:
                client = Client(port)
                client.sign_in(name)
                client.ask("GET", "/worklist/")
                _, where, _ = client.ask(
                    "POST", "/next/", {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
                )
                client.cookies["case"] = where
                clients.append(client)
            tell(f"{rate} requests a second for {seconds} s")
            arrivals = Arrivals(clients, rate, seconds)
            arrivals.run()
        finally:
            server.terminate()
            server.wait()
    if not keep:
        drop(current_url(), DATABASE)
    return {"accounts": accounts, "cases": cases, "rate_per_s": rate, **figures(arrivals)}


def figures(arrivals: Arrivals) -> dict[str, Any]:
    """Return p50 and p95 of each page, and how many answers were errors."""
    told: dict[str, Any] = {}
    for page, spent in sorted(arrivals.taken.items()):
        cuts = quantiles(spent, n=100)
        told |= {f"{page}_p50_ms": round(cuts[49], 1), f"{page}_p95_ms": round(cuts[94], 1)}
    return {**told, "errors": arrivals.errors}
