"""Which days are run when one is asked for."""

from datetime import date, timedelta

import pytest

from dunwell.daybook.rules import MOST_MISSED_DAYS, DayRefused, days_to_run, refuse_to_come

MON = date(2026, 11, 2)


def test_the_first_run_begins_with_the_first_delivery():
    delivered = [MON, MON + timedelta(days=2)]

    days = days_to_run(
        MON + timedelta(days=3), last_run=None, snapshots=delivered, skip_quiet=False
    )

    assert days == [*delivered, MON + timedelta(days=3)]


def test_missed_nights_are_run_in_order():
    days = days_to_run(MON + timedelta(days=3), last_run=MON, snapshots=[MON], skip_quiet=False)

    assert days == [MON + timedelta(days=n) for n in (1, 2, 3)]


def test_history_skips_quiet_days_but_never_a_delivery():
    delivered = [MON, MON + timedelta(days=30), MON + timedelta(days=61)]

    days = days_to_run(delivered[2], last_run=MON, snapshots=delivered, skip_quiet=True)

    assert days == delivered[1:]


def test_a_day_that_ran_is_left_as_it_is():
    assert days_to_run(MON, last_run=MON, snapshots=[MON], skip_quiet=False) == []
    earlier = MON - timedelta(days=1)
    assert days_to_run(MON, last_run=MON, snapshots=[earlier, MON], skip_quiet=False) == []


def test_without_a_delivery_there_is_no_day():
    with pytest.raises(DayRefused, match="load one first"):
        days_to_run(MON, last_run=None, snapshots=[MON + timedelta(days=1)], skip_quiet=False)


def test_a_mistyped_year_is_refused_rather_than_run():
    with pytest.raises(DayRefused, match="Check the date"):
        days_to_run(
            MON + timedelta(days=MOST_MISSED_DAYS + 2),
            last_run=MON,
            snapshots=[MON],
            skip_quiet=False,
        )


def test_a_day_that_has_not_come_is_refused_with_whose_today():
    refuse_to_come(MON, today=MON, zone="Asia/Taipei")
    with pytest.raises(DayRefused, match=r"2026-11-03 .* today is 2026-11-02 \(Asia/Taipei\)"):
        refuse_to_come(MON + timedelta(days=1), today=MON, zone="Asia/Taipei")
