"""What lies on disk is its owner's alone: folders, secrets, the server's log, what the log says."""

import json
import os
import pwd
import stat
import sys
from pathlib import Path

import psycopg
import pytest

from dunwell.database import kept
from dunwell.database.binaries import find_binaries
from dunwell.database.embedded import Embedded


def looked(home, user=None):
    """Start and stop a server in a child of this process, as ``user``; return what it left."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.umask(0o022)
            if user is not None:
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
                sys.path[:] = [path for path in sys.path if os.access(path, os.R_OK)]
            server = Embedded(home)
            server.enter()
            seen = [server.home, server.data, *server.home.glob("p*")]
            told = {p.name: [oct(p.stat().st_mode & 0o777), p.stat().st_uid] for p in seen}
            os.write(writer, json.dumps(told).encode())
            server.leave()
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as told:
        seen = told.read()
    assert os.waitpid(child, 0)[1] == 0
    return json.loads(seen)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives the data to another user")
def test_as_root_the_server_passes_through_the_home_and_reads_nothing_but_its_data(home):
    seen = looked(home)

    assert seen[".dunwell"] == ["0o710", 0]
    assert seen["password"] == seen["postgres.log"] == ["0o600", 0]
    assert seen["pgdata"][0] == "0o700"
    assert seen["pgdata"][1] == Embedded(home).unprivileged.pw_uid != 0


def test_as_an_ordinary_user_everything_is_his_alone(home):
    uid, user = os.geteuid(), None
    if uid == 0:
        user = pwd.getpwnam("nobody")
        uid = user.pw_uid
        os.chown(home.parent, uid, user.pw_gid)
        if not all(p.stat().st_mode & 0o001 for p in find_binaries().bin.parents):
            pytest.skip("the user nobody may not run the programs from where they lie")

    seen = looked(home, user)

    assert seen[".dunwell"] == seen["pgdata"] == ["0o700", uid]
    assert seen["password"] == seen["postgres.log"] == ["0o600", uid]


def test_the_log_of_an_earlier_version_is_closed_to_others(home):
    home.mkdir(mode=0o755)
    log = home / "postgres.log"
    log.write_text("earlier\n")
    log.chmod(0o644)

    server = Embedded(home)
    server.enter()
    server.leave()

    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert log.read_text().startswith("earlier\n")


def test_the_log_holds_nothing_of_a_row_at_fault(home):
    server = Embedded(home)
    with psycopg.connect(server.enter(), autocommit=True) as connection:
        connection.execute("CREATE TABLE person (id_number text UNIQUE, n int CHECK (n > 0))")
        connection.execute("INSERT INTO person VALUES ('110101199001011234', 1)")
        for values in ("('110101199001011234', 1)", "('110101199001019999', -1)"):
            with pytest.raises(psycopg.errors.IntegrityError):
                connection.execute(f"INSERT INTO person VALUES {values}")
    server.leave()

    log = (home / "postgres.log").read_text()
    assert "person_id_number_key" in log
    assert "11010119900101" not in log


def test_a_secret_is_at_no_moment_open_to_others(tmp_path, monkeypatch):
    modes = []
    fdopen = os.fdopen

    def seen(fd, how):
        modes.append(stat.S_IMODE(os.fstat(fd).st_mode))
        return fdopen(fd, how)

    monkeypatch.setattr(kept.os, "fdopen", seen)
    before = os.umask(0)
    try:
        (tmp_path / "password").touch(0o666)
        kept.write_secret(tmp_path / "password", "new")
        assert kept.kept_secret(tmp_path / "other", characters=32)
    finally:
        os.umask(before)

    assert modes == [0o600, 0o600]
    assert {stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()} == {0o600}


def test_of_two_who_make_the_home_at_once_both_find_it_whole(tmp_path, monkeypatch):
    """The second one finds no folder, and one with a file in it when it puts its own there."""
    path = tmp_path / "home"
    rename = Path.rename

    def late(self, target):
        path.mkdir(mode=0o700)
        (path / "start.lock").touch()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", late)

    assert kept.private_folder(path) == path
    assert [p.name for p in tmp_path.iterdir()] == ["home"]
    assert (path / "start.lock").exists()
