"""The embedded server starts, is shared, survives being killed, and says so when it cannot."""

import contextlib
import os
import signal
import time

import psycopg
import pytest

from dunwell.database import embedded
from dunwell.database.embedded import Embedded, NoDatabase


@pytest.fixture
def home(tmp_path):
    # Entered by the server's own user, who is not root.
    for folder in (tmp_path, *tmp_path.parents):
        if (
            folder.owner() == "root"
            and not folder.stat().st_mode & 0o001
            and folder.parts[1] == "tmp"
        ):
            folder.chmod(folder.stat().st_mode | 0o011)
    return tmp_path / ".dunwell"


def pid_of(server: Embedded) -> int:
    found = server._postmaster()
    assert found is not None
    return found[0]


def gone(pid: int) -> bool:
    for _ in range(100):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_it_keeps_rows_when_the_server_is_killed(home):
    server = Embedded(home)
    url = server.enter()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    first = pid_of(server)
    os.kill(first, signal.SIGKILL)
    assert gone(first)

    again = Embedded(home)
    url = again.enter()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    again.leave()
    server.leave()


def test_the_last_one_to_leave_stops_it(home):
    first, second = Embedded(home), Embedded(home)
    url = first.enter()
    assert second.enter() == url
    pid = pid_of(first)

    first.leave()
    psycopg.connect(url).close()
    second.leave()

    assert gone(pid)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)


def test_it_listens_on_loopback_and_wants_the_password(home):
    server = Embedded(home)
    url = server.enter()
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url.replace(server.password, "wrong"))

    assert (home / "password").stat().st_mode & 0o077 == 0
    server.leave()


def test_without_any_server_one_clear_line_says_what_to_do(home, monkeypatch):
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setattr(embedded.Path, "glob", lambda self, pattern: iter(()))

    with pytest.raises(NoDatabase) as missing:
        Embedded(home).enter()

    assert "DUNWELL_DATABASE_URL" in str(missing.value)
    assert "\n" not in str(missing.value)
