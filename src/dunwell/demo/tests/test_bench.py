"""The bench's two days have exactly the shares that the bench's report claims."""

import csv
import json
from datetime import date
from decimal import Decimal

import phonenumbers
import pytest

from dunwell.demo import oracle
from dunwell.demo.bench import FIRST, STEADY, make_bench_deliveries
from dunwell.kernel.refusal import Refused

ACCOUNTS = 28_000


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    return make_bench_deliveries(tmp_path_factory.mktemp("bench"), accounts=ACCOUNTS, seed=7)


def table(folder, kind):
    with (folder / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def buckets(folder, day):
    return {row.ref: oracle.bucket(oracle.dpd(row, day)) for row in oracle.positions(folder)}


def test_folders_end_in_their_day_and_hold_what_a_bank_sends(days):
    first, steady = (json.loads((d / "manifest.json").read_text()) for d in days)

    assert [d.name for d in days] == [f"BENCH-{FIRST}", f"BENCH-{STEADY}"]
    assert [f["kind"] for f in first["files"]] == ["customers", "contacts", "accounts"]
    assert [f["kind"] for f in steady["files"]] == ["accounts", "payments"]
    assert date.fromisoformat(steady["previous"]) == FIRST


def test_a_fifth_is_past_due_over_all_buckets(days):
    found = list(buckets(days[0], FIRST).values())

    assert sum(bucket > 0 for bucket in found) == ACCOUNTS // 5
    assert set(found) == set(range(8))


def test_shares_of_the_steady_day_are_exact(days):
    before, after = buckets(days[0], FIRST), buckets(days[1], STEADY)
    first = {row["account_ref"]: row for row in table(days[0], "accounts")}
    steady = {row["account_ref"]: row for row in table(days[1], "accounts")}

    def changed(name):
        return {ref for ref in first if first[ref][name] != steady[ref][name]}

    moved = {ref for ref in before if before[ref] != after[ref]}
    paid = {row["account_ref"] for row in table(days[1], "payments")}
    assert len(first) == len(steady) == ACCOUNTS
    assert len(changed("interest")) == ACCOUNTS
    assert len(moved) == ACCOUNTS * 8 // 100
    assert len(paid) == ACCOUNTS * 3 // 100
    assert paid == {ref for ref in moved if after[ref] == 0}
    assert len(changed("statement_on")) == ACCOUNTS // 28
    assert changed("statement_balance") == changed("statement_on")
    assert all(int(steady[ref]["cycles_past_due"]) >= after[ref] for ref in after)


def test_a_payment_lowers_the_principal_by_itself(days):
    first = {row.ref: row for row in oracle.positions(days[0])}
    rows = {row["account_ref"]: row for row in table(days[0], "accounts")}
    later = {row["account_ref"]: row for row in table(days[1], "accounts")}
    for payment in table(days[1], "payments"):
        ref = payment["account_ref"]
        fell = Decimal(rows[ref]["principal"]) - Decimal(later[ref]["principal"])

        assert fell == Decimal(payment["amount"])
        assert first[ref].past_due == Decimal(payment["amount"]) * 100


def test_the_same_seed_gives_the_same_bytes(days, tmp_path):
    again = make_bench_deliveries(tmp_path, accounts=ACCOUNTS, seed=7)

    for one, other in zip(days, again, strict=True):
        assert (one / "manifest.json").read_bytes() == (other / "manifest.json").read_bytes()


def test_no_number_of_the_bench_is_anybody_s(days):
    phones = [row["value"] for row in table(days[0], "contacts") if row["kind"] == "mobile"]

    assert len(set(phones)) == ACCOUNTS
    assert not any(phonenumbers.is_valid_number(phonenumbers.parse(p, "CN")) for p in phones)


@pytest.mark.parametrize("accounts", [0, 10_000_001])
def test_sizes_out_of_range_are_refused(tmp_path, accounts):
    with pytest.raises(Refused) as refused:
        make_bench_deliveries(tmp_path, accounts=accounts, seed=7)

    assert [r.code for r in refused.value.refusals] == ["demo.accounts"]
