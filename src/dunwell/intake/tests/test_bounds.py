"""However large or unlucky a delivery is: bounded memory, a full disk, a kill."""

from __future__ import annotations

import json
import re
import resource
import signal
import subprocess
import sys
import time

import duckdb
import pytest
from django.db import connection

from dunwell.accounts.models import Account, Snapshot
from dunwell.database import bulk
from dunwell.database.current import current_url
from dunwell.intake import disk
from dunwell.intake.actions import load_delivery
from dunwell.intake.models import Delivery
from dunwell.intake.tests import making, sheets
from dunwell.intake.tests.spoiling import zipped
from dunwell.parties.models import Party
from dunwell.proofs.process import environment, start

pytestmark = pytest.mark.usefixtures("committed_db")
# What the process may have in all beside an engine's share of 128 MB: Python, Django and
# Arrow take some 150 MB, buffers outside of the share the rest.
WHOLE_MB = 512
HEAD, LINE = making.as_csv("accounts", making.accounts(1)).splitlines(keepends=True)


# Asked of the process itself: what the system tells of a child begins with its parent's.
TOLD = """
import atexit, pathlib, sys
from dunwell.project.cli import main
atexit.register(lambda: sys.stderr.write(pathlib.Path("/proc/self/status").read_text()))
main()
"""


def loaded(path, home, engine):
    """Load in a process of its own; return its report and the most memory that it held, in MB."""
    env = environment(current_url(), home) | {"DUNWELL_INTAKE_MEMORY": engine}
    words = [sys.executable, "-c", TOLD, "intake", "load", str(path), "--json"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=300, check=False)
    peak = re.search(r"VmHWM:\s+([0-9]+) kB", done.stderr)
    assert peak and done.returncode in (0, 2), done.stderr[-3000:]
    return json.loads(done.stdout), int(peak[1]) / 1024


def line(number):
    """Return an account's line that is like no other."""
    return b"A%d" % number + LINE[7:].replace(
        b"1000.10", b"%d.10" % (1_000 + number * 7919 % 99_991)
    )


def distinct(count, what=b"", by=b""):
    return HEAD + b"".join(line(n).replace(what, by) for n in range(count))


def sheet(count):
    """Return a workbook of distinct rows, written by hand: a library would take its time."""
    rows = [b"<row>%s</row>" % b"".join(map(cell, HEAD.strip().split(b",")))]
    rows += [b"<row>%s</row>" % b"".join(map(cell, line(n)[:-1].split(b","))) for n in range(count)]
    body = b"<worksheet><sheetData>%s</sheetData></worksheet>" % b"".join(rows)
    return sheets.repacked(lambda name, old: body if name == sheets.SHEET else old)


def cell(value):
    if re.fullmatch(rb"[1-9][0-9]*(\.[0-9]+)?|0\.00|1", value):
        return b"<c><v>%s</v></c>" % value
    return b"<c t='inlineStr'><is><t>%s</t></is></c>" % value


@pytest.mark.parametrize(
    ("engine", "form", "body", "lines", "state", "code"),
    [
        # Every line the same: one is applied, the others are counted.
        ("128MB", "csv", lambda: HEAD + LINE * 500_000, 500_000, "applied", "G01_repeated"),
        # More than the engine can work with at all.
        ("64MB", "csv", lambda: distinct(100_000), 100_000, "refused", "I04_too_large"),
        # Twice the engine's share of lines that are none.
        ("128MB", "csv", lambda: HEAD + b",\n" * 128_000_000, 128_000_000, "refused",
         "L02_too_many_waiting"),
        # A card number in every line.
        ("128MB", "csv", lambda: distinct(20_000, b"gold", b"4111 1111 1111 1111"), 20_000, "applied",
         "G11_card_number"),
        # A workbook that is twenty times as large as its file.
        ("128MB", "xlsx", lambda: sheet(30_000), 30_000, "applied", ""),
    ],
    ids=["repeated", "tight", "ragged", "cards", "workbook"],
)  # fmt: skip
def test_a_delivery_is_answered_in_bounded_memory(tmp_path, engine, form, body, lines, state, code):
    making.portfolio()
    path = making.write(
        tmp_path / "d",
        {"customers": making.customers(1), "accounts": []},
        form=form,
        raw={"accounts": body()},
        counts={"accounts": lines},
    )

    told, peak_mb = loaded(path, tmp_path, engine)

    found = {finding["code"] for finding in told["report"]["findings"]}
    assert (told["state"], found) == (state, {f"intake.{code}"} if code else set())
    assert peak_mb < WHOLE_MB


def test_a_load_that_was_killed_is_loaded_whole_the_next_time(tmp_path):
    making.portfolio()
    path = making.write(tmp_path / "d", making.good(4_000))
    child = start(["intake", "load", str(path)], environment(current_url(), tmp_path))
    while child.poll() is None and not staged():
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert (Delivery.objects.count(), Account.objects.count()) == (0, 0)

    delivery = load_delivery(path, now=making.NOW)

    assert delivery.state == "applied"
    assert Account.objects.count() == Snapshot.objects.get().accounts == 4_000


def staged():
    """Return the staging tables that there are: a loader has begun to write."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'stage'")
        return cursor.fetchone()[0]


def recoded(folder):
    rows = making.good(200)
    return making.write(folder, rows, encoding="gb18030")


def careful(folder):
    rows = making.good(200)
    body = making.as_csv("accounts", rows["accounts"]).replace(b"\n", b"\r\n", 2)
    return making.write(folder, rows, raw={"accounts": body})


def workbook(folder):
    return making.write(folder, making.good(200), form="xlsx")


@pytest.mark.parametrize("make", [recoded, careful, workbook, zipped()], ids=lambda m: m.__name__)
@pytest.mark.parametrize("room", [0, 700])
def test_a_full_disk_refuses_the_delivery_and_the_next_load_is_clean(tmp_path, make, room):
    making.portfolio()
    path = make(tmp_path / "d")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        full = load_delivery(path, now=making.NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    codes = [finding["code"] for finding in full.report["findings"]]
    assert (full.state, codes) == ("refused", ["intake.A19_disk_full"])
    assert Party.objects.count() == 0
    assert load_delivery(path, now=making.NOW).state == "applied"


def test_the_engine_tells_a_full_disk_and_other_errors_stay_errors(tmp_path):
    con = bulk.connect(url=None, temp=tmp_path, memory="40MB")
    con.execute("SET max_temp_directory_size = '20GB'")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(duckdb.IOException) as told:
            con.execute("CREATE TABLE t AS SELECT range AS a, random() AS b FROM range(9000000)")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        con.close()

    assert disk.is_full(told.value)
    assert not disk.is_full(duckdb.IOException("Could not connect"))
    assert not disk.is_full(FileNotFoundError(2, "No such file"))
