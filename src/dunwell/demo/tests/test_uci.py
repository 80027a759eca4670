"""All 30,000 accounts on six statement days: engine, oracle and source must agree."""

import csv
import io
import json
import lzma
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from dunwell.demo import oracle
from dunwell.demo.data import uci
from dunwell.demo.deliveries import DUE_DAYS, make_deliveries
from dunwell.kernel.refusal import Refused

# Sums over the source file, read off it once: by month, September first.
BILLED = (1536699927, 1475372255, 1410394644, 1297888469, 1209342029, 1166152812)
PAID = (169907415, 177634905, 156770445, 144782306, 143981629, 156465077)
LIMITS = 5024529680
PAST_DUE = (6818, 4438, 4213, 3510, 2968, 3079)
# Of these, balances of NT$ 10 and less.
INVENTED = (1690, 85, 127, 97, 53, 23)


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory):
    out = tmp_path_factory.mktemp("uci")
    return make_deliveries(out, last_day=oracle.LAST_DAY, accounts=None, seed=oracle.SEED)


@pytest.fixture(scope="module")
def report(deliveries):
    return oracle.summary(oracle.check(deliveries))


def test_the_source_is_the_one_its_authors_describe():
    rows = list(csv.DictReader(io.StringIO(uci.csv_bytes().decode("ascii"))))

    assert len(rows) == len({row["ID"] for row in rows}) == uci.ROWS
    assert list(rows[0]) == ["ID", *(f"X{number}" for number in range(1, 24)), "Y"]
    assert sum(Decimal(row["X1"]) for row in rows) == LIMITS
    assert round(sum(int(row["X5"]) for row in rows) / uci.ROWS, 1) == 35.5
    assert sum(int(row["Y"]) for row in rows) == 6636
    # September's code 1 is as common as it is absent before: the order of the months.
    ones = [sum(row[column] == "1" for row in rows) for column in uci.STATUS]
    assert ones == [3688, 28, 4, 2, 0, 0]


def test_engine_oracle_and_source_agree_on_every_account_and_day(report):
    assert report["shown"] == []
    assert report["differences"] == 0
    for thing in ("dpd", "bucket", "code", "billed", "owed"):
        assert report[f"{thing}_compared"] == 180_000
    assert report["roll_compared"] > 100
    assert report["total_compared"] == 18
    assert report["invented_arrears"] == sum(INVENTED)


def test_control_totals_are_the_sums_of_the_source_to_the_cent(deliveries):
    found = []
    for folder in reversed(deliveries):
        files = json.loads((folder / "manifest.json").read_text())["files"]
        totals = {name: total for file in files for name, total in file["totals"].items()}
        found.append((totals["statement_balance"], totals["amount"], totals["credit_limit"]))

    assert found == [
        (f"{billed}.00", f"{paid}.00", f"{LIMITS}.00")
        for billed, paid in zip(BILLED, PAID, strict=True)
    ]


def test_control_totals_are_the_sums_of_the_files(deliveries):
    for folder in deliveries:
        for file in json.loads((folder / "manifest.json").read_text())["files"]:
            sums: Counter[str] = Counter()
            with (folder / file["name"]).open(newline="") as lines:
                for row in csv.DictReader(lines):
                    sums["rows"] += 1
                    for name in file["totals"]:
                        sums[name] += Decimal(row[name] or 0)

            assert sums["rows"] == file["rows"]
            assert {name: f"{sums[name]:.2f}" for name in file["totals"]} == file["totals"]


def test_as_many_are_past_due_as_the_source_says(deliveries):
    found, invented = [], []
    for folder in reversed(deliveries):
        late = [row for row in oracle.positions(folder) if row.past_due > oracle.TOLERANCE_MINOR]
        found.append(len(late))
        invented.append(sum(row.billed <= oracle.TOLERANCE_MINOR for row in late))

    assert tuple(found) == PAST_DUE
    assert tuple(invented) == INVENTED


@pytest.mark.parametrize(
    ("column", "value", "differs"),
    [
        ("oldest_unpaid_due_on", "2026-01-01", {"code"}),
        ("past_due", "10.00", {"code"}),
        ("principal", "0.01", {"owed"}),
        ("statement_balance", "0.01", {"billed"}),
    ],
)
def test_a_planted_fault_in_one_row_is_found(tmp_path, column, value, differs):
    folders = make_deliveries(tmp_path, last_day=oracle.LAST_DAY, accounts=300, seed=1)
    path = folders[-1] / "accounts.csv"
    rows = list(csv.DictReader(path.open(newline="")))
    late = next(row for row in rows if row["cycles_past_due"] == "2")
    late[column] = value
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(late))
        writer.writeheader()
        writer.writerows(rows)

    found = oracle.summary(oracle.check(folders))

    wrong = {
        name.removesuffix("_differences"): count
        for name, count in found.items()
        if name.endswith("_differences") and count
    }
    assert wrong == dict.fromkeys(differs, 1)


def test_an_engine_with_another_grace_is_found(tmp_path):
    folders = make_deliveries(tmp_path, last_day=oracle.LAST_DAY, accounts=300, seed=1)
    rows, day = oracle.positions(folders[-1]), oracle.LAST_DAY
    right = oracle.engine_ages(rows, day)

    wrong = oracle.engine_ages(rows, day, grace_days=15)

    changed = {ref for ref in right if right[ref] != wrong[ref]}
    assert changed == {ref for ref in right if right[ref][1] == 1}
    assert changed


def test_a_wrong_total_in_a_manifest_is_found(tmp_path):
    folders = make_deliveries(tmp_path, last_day=oracle.LAST_DAY, accounts=300, seed=1)
    path = folders[0] / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"][-1]["totals"]["amount"] = "0.01"
    path.write_text(json.dumps(manifest))

    found = oracle.check(folders).counts

    assert found["total_differences"] == 1


def test_the_due_date_k_statements_back_lies_in_bucket_k_on_every_statement_day():
    wrong = []
    for month in range(2024 * 12, 2033 * 12):
        for dom in range(1, 29):
            day = date(month // 12, month % 12 + 1, dom)
            for cycles in range(1, 9):
                past = month - cycles
                due = date(past // 12, past % 12 + 1, dom).toordinal() + DUE_DAYS
                days = day.toordinal() - due
                if days <= oracle.GRACE_DAYS or oracle.bucket(days) != min(cycles, 7):
                    wrong.append((day, cycles, days))

    assert wrong == []


@pytest.mark.parametrize("damage", [b"", b"not xz", lzma.compress(b"ID,X1\n1,2\n")])
def test_a_source_that_was_tampered_with_is_refused(damage):
    with pytest.raises(Refused) as refused:
        uci.unpacked(damage)

    assert [r.code for r in refused.value.refusals] == ["demo.source_changed"]
