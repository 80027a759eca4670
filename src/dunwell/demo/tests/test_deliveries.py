"""The demo's deliveries: the same again, a sample that is like the whole, nobody real."""

import csv
import json
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal

import phonenumbers
import pytest

from dunwell.demo.data import uci
from dunwell.demo.deliveries import PAIRS_PER_MILLE, make_deliveries, statement_days
from dunwell.demo.oracle import source_rows
from dunwell.kernel.refusal import Refused

LAST = date(2026, 6, 25)
SMALL = 2000


def rows(folder, kind):
    with (folder / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return make_deliveries(
        tmp_path_factory.mktemp("small"), last_day=LAST, accounts=SMALL, seed=2005
    )


def test_six_folders_bear_their_days_and_follow_one_another(small):
    days = [date(2026, month, 25) for month in range(1, 7)]

    assert [folder.name for folder in small] == [f"TW-DEMO-{day}" for day in days]
    manifests = [json.loads((folder / "manifest.json").read_text()) for folder in small]
    assert [m["business_date"] for m in manifests] == [str(day) for day in days]
    assert [m["previous"] for m in manifests] == [None, *(str(day) for day in days[:-1])]


def test_a_day_late_in_the_month_is_brought_back_to_the_28th():
    assert statement_days(date(2027, 3, 31)) == [
        date(2026, 10, 28), date(2026, 11, 28), date(2026, 12, 28),
        date(2027, 1, 28), date(2027, 2, 28), date(2027, 3, 28),
    ]  # fmt: skip


def test_the_same_arguments_give_the_same_bytes(small, tmp_path):
    again = make_deliveries(tmp_path, last_day=LAST, accounts=SMALL, seed=2005)

    for one, other in zip(small, again, strict=True):
        for path in sorted(one.iterdir()):
            assert path.read_bytes() == (other / path.name).read_bytes()


def test_another_seed_invents_other_people_for_the_same_balances(small, tmp_path):
    other = make_deliveries(tmp_path, last_day=LAST, accounts=None, seed=7)
    mine = {row["account_ref"]: row for row in rows(small[-1], "accounts")}
    theirs = {row["account_ref"]: row for row in rows(other[-1], "accounts")}

    assert all(
        theirs[ref]["statement_balance"] == row["statement_balance"] for ref, row in mine.items()
    )
    names = {row["customer_ref"]: row["name"] for row in rows(other[-1], "customers")}
    same = [r for r in rows(small[-1], "customers") if names.get(r["customer_ref"]) == r["name"]]
    assert len(same) < SMALL / 20


def test_written_over_an_older_delivery_only_the_new_one_stands(tmp_path):
    make_deliveries(tmp_path, last_day=LAST, accounts=100, seed=1)
    folders = make_deliveries(tmp_path, last_day=LAST, accounts=50, seed=1)

    assert [len(rows(folder, "accounts")) for folder in folders] == [50] * 6


@pytest.mark.parametrize("accounts", [0, -1, uci.ROWS + 1])
def test_more_accounts_than_there_are_is_refused(tmp_path, accounts):
    with pytest.raises(Refused) as refused:
        make_deliveries(tmp_path, last_day=LAST, accounts=accounts, seed=1)

    assert [r.code for r in refused.value.refusals] == ["demo.accounts"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("accounts", [1, 7, 333, SMALL])
def test_a_sample_keeps_the_shares_of_the_newest_buckets(tmp_path, accounts):
    folders = make_deliveries(tmp_path, last_day=LAST, accounts=accounts, seed=3)
    sample = Counter(row["cycles_past_due"] for row in rows(folders[-1], "accounts"))
    whole = Counter(str(max(int(row["X6"]), 0)) for row in source_rows().values())

    assert sum(sample.values()) == accounts
    for bucket, count in whole.items():
        assert abs(sample[bucket] - count * accounts / uci.ROWS) <= 1


def test_a_sample_keeps_the_share_past_due_of_earlier_months(small):
    source = source_rows().values()
    for back, folder in enumerate(reversed(small)):
        late = sum(row["cycles_past_due"] != "0" for row in rows(folder, "accounts")) / SMALL
        whole = sum(int(row[uci.STATUS[back]]) > 0 for row in source) / uci.ROWS

        assert late == pytest.approx(whole, abs=0.01)


def test_the_parts_of_a_balance_add_up_and_none_is_negative(small):
    for folder in small:
        for row in rows(folder, "accounts"):
            parts = [Decimal(row[n]) for n in ("principal", "interest", "fees", "penalty")]
            billed, past_due = Decimal(row["statement_balance"]), Decimal(row["past_due"])
            owed = sum(parts)

            assert min(parts) >= 0
            if past_due and billed <= 10:
                assert owed == 1000
            else:
                assert owed == max(billed, 0)
            assert past_due <= Decimal(row["minimum_due"]) <= owed
            assert (past_due > 10) == (row["cycles_past_due"] != "0")
            assert bool(row["oldest_unpaid_due_on"]) == (past_due > 0)


def test_payments_have_references_of_their_own_and_fall_within_their_cycle(small):
    seen = set()
    days = [None, *(folder.name[-10:] for folder in small)]
    for before, folder in zip(days, small, strict=False):
        for row in rows(folder, "payments"):
            assert row["payment_ref"] not in seen
            seen.add(row["payment_ref"])
            assert (before or "2025-12-25") < row["value_on"] <= row["posted_on"]
            assert row["posted_on"] <= folder.name[-10:]
    assert len(seen) > SMALL


def test_the_last_payment_of_a_position_is_the_newest_that_was_delivered(small):
    last = {}
    for folder in small:
        for row in rows(folder, "payments"):
            last[row["account_ref"]] = (row["posted_on"], row["amount"])
        found = {
            row["account_ref"]: (row["last_payment_on"], row["last_payment_amount"])
            for row in rows(folder, "accounts")
            if row["last_payment_on"]
        }

        assert found == last


def test_people_stay_who_they_are_from_day_to_day(small):
    for kind in ("customers", "contacts"):
        assert len({(folder / f"{kind}.csv").read_bytes() for folder in small}) == 1
    fixed = ("account_ref", "customer_ref", "opened_on", "credit_limit", "card_last4", "product")
    assert len({str([[r[n] for n in fixed] for r in rows(f, "accounts")]) for f in small}) == 1


def test_a_few_hold_two_accounts_of_one_sex_and_age(small):
    held = defaultdict(list)
    for row in rows(small[-1], "accounts"):
        held[row["customer_ref"]].append(row["account_ref"])
    two = [refs for refs in held.values() if len(refs) == 2]
    source = source_rows()

    assert {len(refs) for refs in held.values()} == {1, 2}
    assert len(two) == pytest.approx(SMALL / 2 * PAIRS_PER_MILLE / 1000, rel=0.4)
    for one, other in two:
        assert [source[one][c] for c in ("X2", "X5")] == [source[other][c] for c in ("X2", "X5")]
    assert held.keys() == {row["customer_ref"] for row in rows(small[-1], "customers")}


def test_sex_and_age_are_the_source_s_and_nobody_opened_under_eighteen(small):
    source = source_rows()
    people = {row["customer_ref"]: row for row in rows(small[-1], "customers")}
    for account in rows(small[-1], "accounts"):
        person, told = people[account["customer_ref"]], source[account["account_ref"]]
        born = date.fromisoformat(person["birth_date"])
        opened = date.fromisoformat(account["opened_on"])

        assert person["gender"] == {"1": "M", "2": "F"}[told["X2"]]
        assert LAST.year - born.year - ((LAST.month, LAST.day) < (born.month, born.day)) == int(
            told["X5"]
        )
        assert (opened - born).days >= 18 * 365.25
        assert account["opened_on"] < (account["oldest_unpaid_due_on"] or "9")


def test_no_contact_can_reach_anybody(small):
    points = rows(small[-1], "contacts")
    phones = [row["value"] for row in points if row["kind"] == "mobile"]
    mails = [row["value"] for row in points if row["kind"] == "email"]

    assert len(set(phones)) == len(phones) > SMALL
    assert not any(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in phones)
    assert mails
    assert all(m.rsplit("@")[1] in ("example.com", "example.net", "example.org") for m in mails)


def test_no_identity_number_is_valid(small):
    # The check of the Taiwan number: letter as two digits, weights 1 9 8 7 6 5 4 3 2 1 1.
    value = {letter: 10 + place for place, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO")}

    def adds_up(number):
        digits = [int(d) for d in f"{value[number[0]]}{number[1:]}"]
        weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
        return sum(w * d for w, d in zip(weights, digits, strict=True)) % 10 == 0

    assert adds_up("A123456789")
    assert not any(adds_up(row["id_number"]) for row in rows(small[-1], "customers"))
