"""Reports, screens and logs tell what is wrong without telling about anybody."""

from __future__ import annotations

import json

import pytest

from dunwell.audit.models import Event
from dunwell.intake.actions import load_delivery
from dunwell.intake.archive import shown
from dunwell.intake.layout import KINDS
from dunwell.intake.models import QuarantinedRow
from dunwell.intake.shown import hidden, place, reduced
from dunwell.intake.tests import making

ID, PHONE, NAME, BORN = "110101199003078515", "13812345678", "王小明", "1985/02/28"
SECRET = (ID, PHONE, NAME, BORN, "4111111111111111")


@pytest.mark.parametrize(
    ("kind", "column", "value", "shown"),
    [
        ("accounts", "interest", "1e5", "1e5"),
        ("accounts", "interest", "12.345", "12.345"),
        ("accounts", "interest", "￥100", "￥100"),
        ("accounts", "interest", "-1,234.56", "-1,234.56"),
        ("accounts", "interest", "NaN", "NaN"),
        ("accounts", "interest", PHONE, "1*********8"),
        ("accounts", "interest", "19850228", "1******8"),
        ("accounts", "interest", "1985.02.28", "1********8"),
        ("accounts", "opened_on", "2026-02-30", "2026-02-30"),
        ("accounts", "opened_on", "0000-00-00", "0000-00-00"),
        ("accounts", "opened_on", "1985-02-28", "1********8"),
        ("accounts", "status", "OPEN", "OPEN"),
        ("accounts", "status", "asleep", "a****p"),
        ("accounts", "account_ref", "A000001", "A*****1"),
        ("accounts", "currency", "usd", "usd"),
        ("customers", "birth_date", "2026-02-30", "2********0"),
        ("customers", "gender", ID, "1****************5"),
        ("customers", "deceased", "true", "true"),
        ("customers", "deceased", NAME, "***"),
        ("customers", "name", f"{NAME} [card ****1111]", "王" + "*" * 17 + "]"),
        ("customers", "name", "[card ****1111]", "[card ****1111]"),
        ("customers", "name", "a\0\ud800bcd", "a****d"),
    ],
)
def test_a_value_is_open_only_if_it_tells_of_nobody(kind, column, value, shown):
    assert hidden(KINDS[kind], column, value) == shown


@pytest.mark.parametrize(
    ("code", "where", "shown"),
    [
        ("C01_missing_column", "principal", "principal"),
        ("C02_extra_column", "card_ending", "c*********g"),
        ("C04_duplicate_header", PHONE, "1*********8"),
        ("C04_duplicate_header", "1985-02-28", "1********8"),
        ("G02_key_twice", "customer_ref, role, kind, value", "customer_ref, role, kind, value"),
        ("H05_manifest", "files[3].sha256", "files[3].sha256"),
        ("M01_mapping", f"accounts.columns.{PHONE}", "accounts.columns.1*********8"),
        ("I08_unsafe_path", "../evil.csv", "../evil.csv"),
    ],
)
def test_a_place_is_told_if_the_word_is_ours(code, where, shown):
    assert place(f"intake.{code}", where) == shown


@pytest.mark.usefixtures("committed_db")
def test_values_in_the_wrong_columns_are_masked(tmp_path):
    making.portfolio()
    rows = making.good()
    rows["contacts"][0]["kind"] = PHONE
    rows["contacts"][1]["role"] = f"{NAME} 上海市南京路1号"
    rows["customers"][0]["birth_date"] = BORN
    rows["customers"][1]["gender"] = ID
    rows["accounts"][0]["interest"] = ID

    delivery = load_delivery(making.write(tmp_path / "d", rows, with_totals=False), now=making.NOW)

    assert (delivery.state, QuarantinedRow.objects.count()) == ("applied", 8)
    _tells_nothing(delivery)


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"raw": {"contacts": f"C1,debtor,{NAME},{PHONE},{PHONE}\n".encode() * 3}}, "C04_duplicate_header"),
        ({"raw": {"contacts": f"customer_ref,role,kind,value,source,{NAME * 2},{PHONE}\n".encode()},
          "counts": {"contacts": 0}}, "C02_extra_column"),
        ({"portfolio": "4111111111111111"}, "A10_wrong_portfolio"),
        ({"portfolio": ID}, "A10_wrong_portfolio"),
        ({"mapping": ID}, "M01_mapping"),
    ],
)  # fmt: skip
def test_headers_and_manifests_tell_of_nobody(tmp_path, change, code):
    making.portfolio()

    delivery = load_delivery(making.write(tmp_path / "d", **change), now=making.NOW)

    assert f"intake.{code}" in {found["code"] for found in delivery.report["findings"]}
    _tells_nothing(delivery)


@pytest.mark.parametrize(
    ("name", "told"),
    [("d-4111111111111111.zip", "d-[card ****1111].zip"),
     ("bank-20261123103000123.zip", "bank-20261123103000123.zip"), ("a\u202eb", "a?b")],
)  # fmt: skip
def test_a_file_is_told_by_its_name_without_card_numbers(name, told):
    assert shown(name) == told


@pytest.mark.usefixtures("committed_db")
def test_keys_that_clash_are_masked(tmp_path):
    making.portfolio()
    rows = making.good()
    for ending in "aA":
        rows["customers"].append({**rows["customers"][1], "customer_ref": ID + ending})

    delivery = load_delivery(making.write(tmp_path / "d", rows), now=making.NOW)

    assert [found["masked"] for found in delivery.report["findings"]] == [reduced(f"{ID}A")]
    _tells_nothing(delivery)


def _tells_nothing(delivery):
    """Nothing that is kept of a delivery beside its rows holds what is personal."""
    faults = list(QuarantinedRow.objects.values_list("faults", flat=True))
    events = list(Event.objects.values_list("data", flat=True))
    kept = json.dumps([delivery.report, delivery.name, faults, events], ensure_ascii=False)
    assert [secret for secret in SECRET if secret in kept] == []
