"""The keys of an installation: made once, the same for all its processes."""

import os
import stat
import subprocess
import sys

import pytest

SHOW = "from dunwell.project import settings as s; print(s.SECRET_KEY, s.EXPERIMENT_KEY)"


def started(home, **given):
    names = ("DUNWELL_SECRET_KEY", "DUNWELL_EXPERIMENT_KEY", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.Popen(
        [sys.executable, "-c", SHOW],
        env={**kept, "DUNWELL_HOME": str(home), **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def keys(home, **given):
    out, err = started(home, **given).communicate()
    assert not err, err
    secret, experiment = out.split()
    return secret, experiment


def test_processes_that_start_at_once_have_one_key(tmp_path):
    home = tmp_path / "home"
    running = [started(home) for _ in range(6)]
    said = {process.communicate()[0] for process in running}

    assert len(said) == 1
    assert len(next(iter(said)).split()[0]) == 64
    assert [path.name for path in home.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((home / "secret_key").stat().st_mode) == 0o600


def test_the_key_of_the_draws_follows_from_the_secret_and_does_not_tell_it(tmp_path):
    secret, experiment = keys(tmp_path / "one")

    assert keys(tmp_path / "one") == (secret, experiment)
    assert keys(tmp_path / "two", DUNWELL_SECRET_KEY=secret) == (secret, experiment)
    assert secret not in experiment
    assert keys(tmp_path / "three")[1] != experiment


def test_a_given_key_outlives_a_new_secret(tmp_path):
    given = {"DUNWELL_EXPERIMENT_KEY": "drawn-with-this-since-march"}

    old = keys(tmp_path, DUNWELL_SECRET_KEY="o" * 50, **given)
    new = keys(tmp_path, DUNWELL_SECRET_KEY="n" * 50, **given)

    assert old[1] == new[1] == "drawn-with-this-since-march"


@pytest.mark.parametrize("short", ["x", "fifteen letters"])
def test_a_key_that_could_be_guessed_is_refused(tmp_path, short):
    err = started(tmp_path, DUNWELL_EXPERIMENT_KEY=short).communicate()[1]

    assert "DUNWELL_EXPERIMENT_KEY needs 16 characters or more." in err
