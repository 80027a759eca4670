"""``dunwell prove day``: the daily run loses nothing and doubles nothing.

An undisturbed run writes its exports. Then, from the same start each time, the run is
killed with -9 at random moments and made to fail once at every step's commit; after
each it is run again to its end and must have left the same bytes. Others work beside
it: a loader brings the next delivery, leads move cases. Bugs are planted in a copy and
must be caught by the same checks.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg

import dunwell
from dunwell.database.current import current_url
from dunwell.database.roles import owner_url
from dunwell.database.scratch import drop, make
from dunwell.daybook.rules import STEPS
from dunwell.demo.deliveries import make_deliveries
from dunwell.proofs import process
from dunwell.proofs.beside import others_at_work

NAMES = ("dunwell_prove_base", "dunwell_prove_run")
SOURCE = Path(dunwell.__path__[0]).parent

FAIL_AT_COMMIT = """
CREATE FUNCTION prove_fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'planted: the commit of step % fails', NEW.step; END $$;
CREATE CONSTRAINT TRIGGER prove_fail AFTER INSERT ON daybook_steprun
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.step = '{step}')
    EXECUTE FUNCTION prove_fail();
"""
MEND = "DROP TRIGGER prove_fail ON daybook_steprun; DROP FUNCTION prove_fail();"

# Each bug: files of the copy to change, SQL for its database.
CHECKPOINT_OUTSIDE = (
    "dunwell/daybook/jobs.py",
    "@transaction.atomic(durable=True)\ndef run_step(",
    "def run_step(",
)
UNSETTLED = (
    "dunwell/daybook/steps/cases.py",
    "        cursor.execute(SETTLE.format(**tables))\n",
    "",
)
NO_UNIQUE_KEY = (
    "ALTER TABLE daybook_steprun DROP CONSTRAINT step_once_a_day;"
    "DROP INDEX entry_of_the_day_once;"
    "ALTER TABLE daybook_figure DROP CONSTRAINT figure_once_a_day;"
    "ALTER TABLE accounts_accountbucket DROP CONSTRAINT account_bucket_once_a_day;"
)


@dataclass
class Proof:
    """One arena: a database at the start of the day, to be copied for every try."""

    url: str
    home: Path
    portfolio: str
    day: date
    next_delivery: Path
    tell: Callable[[str], None]
    seed: int
    tries: int = 0
    wrong: list[str] = field(default_factory=list)

    def fresh(self, sql: str = "") -> str:
        url = make(self.url, NAMES[1], NAMES[0])
        if sql:
            with psycopg.connect(owner_url(url), autocommit=True) as connection:
                connection.execute(sql)
        return url

    def words(self) -> list[str]:
        return [
            "day", "run", "--date", str(self.day), "--portfolio", self.portfolio, "--skip-quiet"
        ]  # fmt: skip

    def export(self, env: dict[str, str]) -> str:
        """Return one hash over all exported files."""
        out = Path(tempfile.mkdtemp(dir=self.home))
        process.run(["day", "export", "--portfolio", self.portfolio, "--out", str(out)], env)
        digest = hashlib.sha256()
        for path in sorted(out.rglob("*.csv")):
            digest.update(path.name.encode() + path.read_bytes())
        shutil.rmtree(out)
        return digest.hexdigest()

    def check(self, env: dict[str, str], wanted: str, what: str) -> bool:
        """Finish the run and compare; say whether something is wrong."""
        self.tries += 1
        try:
            process.run(self.words(), env)
            wrong = self.export(env) != wanted
            why = "exports differ"
        except RuntimeError as error:
            wrong, why = True, str(error).splitlines()[-1]
        if wrong:
            self.wrong.append(f"{what}: {why}")
        return wrong


def kill_at_random(proof: Proof, wanted: str, seconds: float, kills: int, **changed: object) -> int:
    """Kill the run ``kills`` times, each within its working time; return the wrong ends.

    Every fourth try starts a second runner beside the first: they must share the day.
    """
    rng = random.Random(proof.seed)  # noqa: S311 - repeatable, not secret
    source, sql = changed.get("source"), str(changed.get("sql", ""))
    wrong = 0
    for number in range(kills):
        env = process.environment(proof.fresh(sql), proof.home, source)  # type: ignore[arg-type]
        runners = [process.start(proof.words(), env)]
        if number % 4 == 3:
            runners.append(process.start(proof.words(), env))
        # The first half second is Python starting; nothing can go wrong in it.
        time.sleep(rng.uniform(0.5, max(seconds, 0.6)))
        for runner in runners:
            runner.send_signal(signal.SIGKILL)
            runner.wait()
        wrong += proof.check(env, wanted, f"kill {number}")
        proof.tell(f"kill {number + 1}/{kills}: {wrong} wrong")
        if wrong and changed:
            break  # a planted bug needs to be caught once
    return wrong


def fail_at_every_commit(proof: Proof, wanted: str) -> int:
    """Let each step's commit fail once."""
    wrong = 0
    for step in STEPS:
        url = proof.fresh(FAIL_AT_COMMIT.format(step=step))
        env = process.environment(url, proof.home)
        process.run(proof.words(), env, ok=(1,))
        with psycopg.connect(owner_url(url), autocommit=True) as connection:
            connection.execute(MEND)
        wrong += proof.check(env, wanted, f"commit of {step}")
        proof.tell(f"commit of {step} failed once: {wrong} wrong")
    return wrong


def two_at_once(proof: Proof, wanted: str, **changed: object) -> int:
    """Start two runners at the same moment and let both end."""
    sql = str(changed.get("sql", ""))
    wrong = 0
    for number in range(6):
        env = process.environment(proof.fresh(sql), proof.home)
        runners = [process.start(proof.words(), env) for _ in range(2)]
        for runner in runners:
            runner.wait()
        wrong += proof.check(env, wanted, f"two runners {number}")
        if wrong and changed:
            break
    return wrong


def others_beside(proof: Proof, tries: int, source: Path | None = None) -> int:
    """Let a loader and leads work while the day runs; ask what must hold all the same."""
    wrong = 0
    then = date.fromisoformat(proof.next_delivery.name[-10:])
    for number in range(tries):
        env = process.environment(proof.fresh(), proof.home, source)
        proof.tries += 1
        found = others_at_work(
            env,
            (proof.day, then),
            proof.next_delivery,
            portfolio=proof.portfolio,
            seed=proof.seed + number,
        )
        proof.wrong += [f"others at work {number}: {one}" for one in found]
        wrong += bool(found)
        proof.tell(f"others at work {number + 1}/{tries}: {wrong} wrong")
        if wrong and source:
            break
    return wrong


def planted_copy(home: Path, bug: tuple[str, str, str]) -> Path:
    """Copy the product and plant a bug in it: a file, what stands there, what shall."""
    name, good, bad = bug
    copy = home / f"planted-{Path(name).stem}"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("assets", "__pycache__"))
    path = copy / name
    text = path.read_text()
    if good not in text:
        raise RuntimeError(f"The bug can no longer be planted in {name}.")
    path.write_text(text.replace(good, bad))
    return copy


@contextmanager
def arena(accounts: int, seed: int, home: Path, tell: Callable[[str], None]) -> Iterator[Proof]:
    """Load two statement days, run the first; the second is the day to disturb."""
    url = current_url()
    base = make(url, NAMES[0])
    env = process.environment(base, home)
    tell("preparing the database")
    process.run(["migrate", "--verbosity", "0"], env)
    deliveries = make_deliveries(
        home / "files", last_day=date(2026, 6, 25), accounts=accounts, seed=seed
    )
    process.run(["prepare", "TW-DEMO", "--accounts", str(accounts)], env)
    days = [date.fromisoformat(path.name[-10:]) for path in deliveries[:2]]
    for path in deliveries[:2]:
        process.run(["intake", "load", str(path)], env)
        if path == deliveries[0]:
            process.run(["day", "run", "--date", str(days[0]), "--portfolio", "TW-DEMO"], env)
            process.run(["prepare", "TW-DEMO", "--promises"], env)
    try:
        yield Proof(url, home, "TW-DEMO", days[1], deliveries[2], tell, seed)
    finally:
        for name in reversed(NAMES):
            drop(url, name)


def prove_day(
    *, kills: int, accounts: int, beside: int, seed: int, tell: Callable[[str], None]
) -> tuple[str, bool]:
    """Run the proof; return its line and whether it passed.

    ``beside``: so many runs have a loader and leads at work; none, and the bug that only
    they would find is not planted.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dunwell-prove-") as folder:
        home = Path(folder)
        with arena(accounts, seed, home, tell) as proof:
            undisturbed = process.environment(proof.fresh(), home)
            seconds = process.run(proof.words(), undisturbed)
            wanted = proof.export(undisturbed)
            tell(f"undisturbed run: {seconds:.1f} s, exports {wanted[:12]}")
            proof.check(undisturbed, wanted, "the same day again")
            kill_at_random(proof, wanted, seconds, kills)
            fail_at_every_commit(proof, wanted)
            two_at_once(proof, wanted)
            others_beside(proof, beside)
            violations, tries = len(proof.wrong), proof.tries
            for told in proof.wrong:
                tell(told)
            copy = planted_copy(home, CHECKPOINT_OUTSIDE)
            caught = [
                kill_at_random(proof, wanted, seconds, max(kills, 60), source=copy) > 0,
                two_at_once(proof, wanted, sql=NO_UNIQUE_KEY) > 0,
            ]
            if beside:
                unsettled = planted_copy(home, UNSETTLED)
                caught.append(others_beside(proof, 4 * beside, unsettled) > 0)
    passed = violations == 0 and all(caught)
    line = (
        f"PROOF day seed={seed} tries={tries} violations={violations} planted_bugs={len(caught)} "
        f"caught={sum(caught)} wall={time.monotonic() - began:.0f}s {'PASS' if passed else 'FAIL'}"
    )
    return line, passed
