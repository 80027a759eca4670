"""What is made to break the loader gets a code and a record, like any other fault."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunwell.intake import mapping
from dunwell.intake.actions import load_delivery
from dunwell.intake.faults import CODES, Stop
from dunwell.intake.models import Delivery
from dunwell.intake.tests import making
from dunwell.parties.models import Portfolio

pytestmark = pytest.mark.usefixtures("committed_db")
HALF = "a\ud800b"


def codes(path, **given):
    """Load; return the state and the codes, having seen that there is a record of it."""
    before = Delivery.objects.count()
    delivery = load_delivery(path, now=making.NOW, **given)
    assert Delivery.objects.count() == before + 1
    delivery.refresh_from_db()
    return delivery.state, {found["code"] for found in delivery.report["findings"]}


@pytest.mark.parametrize(
    ("members", "code"),
    [
        (["a", "a/b"], "I05_nested"),
        (["a/b", "a"], "I05_nested"),
        (["x", "./x"], "I05_nested"),
        (["."], "I08_unsafe_path"),
        (["a" * 300], "I08_unsafe_path"),
        (["账" * 100], "I08_unsafe_path"),
        (["manifest.json/x"], "I05_nested"),
    ],
)
def test_an_archive_that_no_disk_can_hold_is_refused(tmp_path, members, code):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", b"{}")
        for member in members:
            archive.writestr(member, b"x")

    assert codes(path) == ("refused", {f"intake.{code}"})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"portfolio": "a\0b"}, "H05_manifest"),
        ({"portfolio": HALF}, "H05_manifest"),
        ({"mapping": "a\0b"}, "H05_manifest"),
        ({"mapping": HALF}, "H05_manifest"),
        ({"environment": ["x"], "mapping": {}}, "H05_manifest"),
        ({"file": {"totals": {"\0": "1"}}}, "H05_manifest"),
        ({"file": {"totals": {HALF: "1"}}}, "H05_manifest"),
        ({"file": {"totals": {"birth_date": "1"}}}, "H05_manifest"),
        ({"file": {"sheet": HALF}}, "H05_manifest"),
        ({"file": {"kind": ["a"]}}, "H05_manifest"),
        ({"file": {"kind": {}}}, "H05_manifest"),
        ({"file": {"name": HALF}}, "I08_unsafe_path"),
        ({"file": {"name": "a\0.csv"}}, "I08_unsafe_path"),
        ({"file": {"name": "账" * 200}}, "A15_part_missing"),
    ],
)
def test_a_manifest_that_no_database_can_hold_is_refused(tmp_path, change, code):
    making.portfolio()
    path = making.write(tmp_path / "d")
    document = json.loads((path / "manifest.json").read_text())
    document["files"][0] |= change.pop("file", {})
    (path / "manifest.json").write_text(json.dumps(document | change))

    state, found = codes(path)

    assert (state != "applied", found) == (True, {f"intake.{code}"})


LAYOUTS = [
    "accounts: {dates: 2001-99-99}",
    "[" * 3_000,
    "accounts: {constants: {product: \"\\0\"}}",
    "accounts: {constants: {product: \"\\ud800\"}}",
    "accounts: {columns: {\"\\0\": x}}",
    "accounts: &a {columns: *a}",
    "accounts: {dates: !!timestamp x}",
    "accounts: {widths: {account_ref: 0b_}}",
    "accounts: {dates: 2001-01-01T00:00:00+99:99}",
    "accounts: {[1]: 2}",
    "a" * 70_000,
]  # fmt: skip


@pytest.mark.parametrize("text", LAYOUTS, ids=lambda text: text[:30])
def test_a_mapping_that_cannot_be_read_is_refused(tmp_path, text):
    making.portfolio()

    assert codes(making.write(tmp_path / "d"), mapping=text) == ("refused", {"intake.M01_mapping"})


def test_a_mapping_may_say_all_that_it_could(tmp_path):
    text = "accounts:\n  columns: {product: 产品}\n  constants: {currency: CNY}\n  widths: {account_ref: 7}\n"

    assert mapping.parse(text).layout("accounts").widths == {"account_ref": 7}


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="[]{}:,&*!|>'\"\\#%@-?~ \n\t0123456789aex_.", max_size=60))
def test_any_text_is_a_mapping_or_a_finding(text):
    try:
        mapping.parse(f"accounts: {text}")
    except Stop as stop:
        assert {found.code for found in stop.findings} == {"intake.M01_mapping"}


ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["", "\0", HALF])),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(), inner, max_size=2)),
    max_leaves=4,
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    key=st.sampled_from(
        ["portfolio", "business_date", "encoding", "files", "mapping", "previous", "correction",
         "all_movements", "name", "kind", "rows", "sha256", "totals", "sheet"]
    ),
    value=ANY,
)  # fmt: skip
def test_any_value_in_a_manifest_has_an_answer(tmp_path, key, value):
    if not Portfolio.objects.exists():
        making.portfolio()
    folder = Path(tmp_path) / "d"
    making.write(folder)
    document = json.loads((folder / "manifest.json").read_text())
    (document if key in document or key in ("mapping", "previous", "correction", "all_movements")
     else document["files"][0])[key] = value  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(document))

    delivery = load_delivery(folder, now=making.NOW)

    assert delivery.state in Delivery.State.values
    assert {found["code"] for found in delivery.report["findings"]} <= set(CODES)
