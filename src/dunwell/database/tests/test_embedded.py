"""The embedded server starts, is shared, survives being killed, and says so when it cannot."""

import contextlib
import os
import signal
import time

import psycopg
import pytest

from dunwell.database import binaries
from dunwell.database.binaries import NoDatabase
from dunwell.database.embedded import Embedded


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

    server.leave()


def test_without_any_server_one_clear_line_says_what_to_do(home, monkeypatch):
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setattr(binaries.Path, "glob", lambda self, pattern: iter(()))

    with pytest.raises(NoDatabase) as missing:
        Embedded(home).enter()

    assert "DUNWELL_DATABASE_URL" in str(missing.value)
    assert "\n" not in str(missing.value)


def refusal(home):
    with pytest.raises(NoDatabase) as refused:
        Embedded(home).enter()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def made(home):
    server = Embedded(home)
    server.enter()
    server.leave()
    return server


def test_data_of_another_major_version_are_refused_and_kept(home):
    server = made(home)
    (server.data / "PG_VERSION").write_text("9\n")

    said = refusal(home)

    assert "data of PostgreSQL 9" in said
    assert str(home) in said
    assert (server.data / "base").is_dir()


def test_a_data_folder_that_lost_its_files_is_refused(home):
    (made(home).data / "PG_VERSION").unlink()

    assert "no whole data folder" in refusal(home)


def test_a_data_folder_that_initdb_did_not_finish_is_made_anew(home):
    server = made(home)
    (server.data / "initialised").unlink()
    (server.data / "PG_VERSION").unlink()

    again = Embedded(home)

    with psycopg.connect(again.enter()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    again.leave()


def test_a_home_that_cannot_be_had_is_said_in_one_line(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(NoDatabase, match=r"cannot use .*file") as refused:
        Embedded(tmp_path / "file").enter()

    assert "DUNWELL_HOME" in str(refused.value)
