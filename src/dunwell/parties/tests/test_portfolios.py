"""A portfolio is opened as it will stay, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.audit.models import Event
from dunwell.kernel.refusal import Refused
from dunwell.parties.actions import Changes, change_portfolio, create_portfolio
from dunwell.parties.models import Issuer, Portfolio
from dunwell.parties.rules import shares_refused
from dunwell.portfolio.arms import arm_of
from dunwell.staff.access import RIGHTS, Can, Forbidden
from dunwell.staff.models import Role
from dunwell.testing import make

SOUND = {
    "code": "CN-CARD", "name": "信用卡", "issuer_code": "bank", "issuer_name": "银行",
    "currency": "CNY", "country": "CN", "time_zone": "Asia/Shanghai", "actor": None,
    "now": make.NOW,
}  # fmt: skip
SHARES = {"champion": 9000, "control": 1000}


def opened(**given):
    return create_portfolio(**{**SOUND, **given})


def refused(**given):
    with pytest.raises(Refused) as said:
        opened(**given)
    assert not Portfolio.objects.exclude(code="TAKEN").exists()
    assert not Issuer.objects.filter(code=SOUND["issuer_code"], name="银行").exists()
    return [one.code for one in said.value.refusals]


def test_a_portfolio_is_opened_with_its_terms_and_put_on_record(db):
    admin = make.agent(Role.ADMIN)

    made = opened(actor=admin, ladder="card", experiment_shares=SHARES, name=" 信用卡 ")

    made.refresh_from_db()
    assert (made.code, made.name, made.ladder) == ("CN-CARD", "信用卡", "card")
    assert made.experiment_shares == SHARES
    assert (made.currency, made.time_zone, made.language) == ("CNY", "Asia/Shanghai", "zh")
    event = Event.objects.get(kind="parties.portfolio_opened")
    assert (event.actor, event.subject) == (admin, f"portfolio:{made.pk}")


def test_unless_told_otherwise_the_stricter_ladder_holds_and_nobody_is_experimented_on(db):
    made = opened()

    assert (made.ladder, made.experiment_shares) == ("stricter", {})


def test_an_issuer_is_made_once(db):
    first, second = opened(), opened(code="CN-LOAN", issuer_name="another name")

    assert first.issuer == second.issuer
    assert Issuer.objects.get().name == "银行"


@pytest.mark.parametrize(
    "code", ["", "-begins", "a b", "a/b", "../up", "信用卡", "x" * 33, "two\nlines", "CN-CARD\n"]
)
def test_a_code_that_names_no_file_is_refused(db, code):
    assert refused(code=code) == ["parties.bad_code"]


@pytest.mark.parametrize("code", ["C", "7", "CN-CARD_2026", "x" * 32])
def test_a_plain_code_is_taken(db, code):
    assert opened(code=code).code == code


def test_a_code_is_taken_once(db):
    make.portfolio(code="TAKEN")

    assert refused(code="TAKEN", issuer_code="new", name="x") == ["parties.code_taken"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": " "}, "parties.no_name"),
        ({"name": "x" * 121}, "parties.no_name"),
        ({"currency": "XXX"}, "parties.unknown_currency"),
        ({"currency": "cny"}, "parties.unknown_currency"),
        ({"currency": ""}, "parties.unknown_currency"),
        ({"country": "CHN"}, "parties.bad_country"),
        ({"country": "cn"}, "parties.bad_country"),
        ({"time_zone": "Asia/Peking"}, "parties.unknown_zone"),
        ({"time_zone": "Asia"}, "parties.unknown_zone"),
        ({"time_zone": "../../etc/passwd"}, "parties.unknown_zone"),
        ({"time_zone": ""}, "parties.unknown_zone"),
        ({"ladder": "lenient"}, "parties.unknown_ladder"),
        ({"ladder": ""}, "parties.unknown_ladder"),
        ({"experiment_shares": {"champion": 9000, "control": 999}}, "parties.shares_not_whole"),
        ({"experiment_shares": {"champion": 9000, "control": 1001}}, "parties.shares_not_whole"),
        ({"experiment_shares": {"champion": 11000, "control": -1000}}, "parties.bad_arm"),
        ({"experiment_shares": {"a b": 10_000}}, "parties.bad_arm"),
        ({"experiment_shares": {"": 10_000}}, "parties.bad_arm"),
        ({"experiment_shares": {"champion": 10_000.0}}, "parties.bad_arm"),
        ({"experiment_shares": {"champion": True, "control": 9999}}, "parties.bad_arm"),
    ],
)
def test_terms_that_no_day_could_run_by_are_refused(db, wrong, code):
    assert refused(**wrong) == [code]


def test_everything_wrong_is_said_at_once(db):
    wrong = {"code": "", "currency": "XXX", "time_zone": "nowhere", "experiment_shares": {"a": 1}}

    assert refused(**wrong) == [
        "parties.bad_code", "parties.unknown_currency", "parties.unknown_zone",
        "parties.shares_not_whole",
    ]  # fmt: skip


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.ADMIN])
def test_only_the_administrator_opens_portfolios(db, role):
    with pytest.raises(Forbidden):
        opened(actor=make.agent(role))

    assert not Portfolio.objects.exists()
    assert Can.OPEN_PORTFOLIO not in RIGHTS[role]


def test_an_administrator_who_left_opens_none(db):
    with pytest.raises(Forbidden):
        opened(actor=make.agent(Role.ADMIN, is_active=False))


ARMS = st.dictionaries(
    st.sampled_from(["champion", "control", "soft", "a b", ""]),
    st.integers(-10, 10_000),
    max_size=4,
)


@given(shares=ARMS | st.integers(0, 10_000).map(lambda n: {"champion": n, "control": 10_000 - n}))
def test_shares_are_let_pass_if_and_only_if_a_draw_can_be_made_of_them(shares):
    plain = all(arm.isidentifier() for arm in shares)
    try:
        arm_of("customer", key="key", experiment="treatment", shares=shares)
        drawn = True
    except ValueError:
        drawn = False

    assert (not shares_refused(shares)) == (not shares or (drawn and plain))


# -- what is tolerated, in the portfolio's money -------------------------------------------


@pytest.mark.parametrize(
    ("currency", "minor"), [("CNY", 1000), ("JPY", 10), ("KWD", 10_000), ("TWD", 1000)]
)
def test_the_tolerance_is_ten_of_the_currencys_units(currency, minor, db):
    made = opened(currency=currency)

    assert (made.tolerance_minor, made.promise_tolerance_minor) == (minor, minor)


def test_grace_tolerance_and_error_limit_are_as_given(db):
    made = opened(grace_days=5, tolerance_minor=0, error_limit_ppm=0)

    made.refresh_from_db()
    assert (made.grace_days, made.tolerance_minor, made.error_limit_ppm) == (5, 0, 0)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"grace_days": -1}, "parties.bad_grace"),
        ({"grace_days": 61}, "parties.bad_grace"),
        ({"tolerance_minor": -1}, "parties.bad_tolerance"),
        ({"error_limit_ppm": -1}, "parties.bad_error_limit"),
        ({"error_limit_ppm": 100_001}, "parties.bad_error_limit"),
    ],
)
def test_terms_that_cannot_hold_are_refused_at_the_opening_and_later(given, code, db):
    assert refused(**given) == [code]
    made = opened(code="TAKEN")
    with pytest.raises(Refused) as said:
        change_portfolio("TAKEN", Changes(**given), actor=None, now=make.NOW)
    assert [one.code for one in said.value.refusals] == [code]
    made.refresh_from_db()
    assert (made.grace_days, made.tolerance_minor, made.error_limit_ppm) == (3, 1000, 1000)


def test_what_is_changed_is_on_record_with_what_was(db):
    admin, made = make.agent(Role.ADMIN), opened()

    changed = change_portfolio(
        made.code, Changes(grace_days=5, ladder="stricter", experiment_shares=SHARES),
        actor=admin, now=make.NOW,
    )  # fmt: skip

    assert changed == {"grace_days": (3, 5), "experiment_shares": ({}, SHARES)}
    made.refresh_from_db()
    assert (made.grace_days, made.experiment_shares) == (5, SHARES)
    event = Event.objects.get(kind="parties.portfolio_changed")
    assert (event.actor, event.subject) == (admin, f"portfolio:{made.pk}")
    assert event.data["was"] == {"grace_days": 3, "experiment_shares": {}}
    assert event.data["now"] == {"grace_days": 5, "experiment_shares": SHARES}


@pytest.mark.parametrize(
    ("code", "changes", "why"),
    [
        ("CN-CARD", Changes(), "parties.no_change"),
        ("CN-CARD", Changes(grace_days=3), "parties.no_change"),
        ("NONE", Changes(grace_days=5), "parties.no_portfolio"),
        ("CN-CARD", Changes(ladder="rope"), "parties.unknown_ladder"),
        ("CN-CARD", Changes(experiment_shares={"a": 1}), "parties.shares_not_whole"),
    ],
)
def test_a_change_that_cannot_be_is_refused(code, changes, why, db):
    opened()
    with pytest.raises(Refused) as said:
        change_portfolio(code, changes, actor=None, now=make.NOW)
    assert [one.code for one in said.value.refusals] == [why]
    assert not Event.objects.filter(kind="parties.portfolio_changed").exists()


def test_only_who_opens_portfolios_changes_them(db):
    opened()
    with pytest.raises(Forbidden):
        change_portfolio(
            "CN-CARD", Changes(grace_days=5), actor=make.agent(Role.OPERATIONS), now=make.NOW
        )
