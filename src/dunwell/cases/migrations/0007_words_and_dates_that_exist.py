import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    """Let the database know the words and dates that exist: no unknown kind, no infinity.

    Lock: ACCESS EXCLUSIVE on cases_case, cases_entry, cases_hold and cases_lease while each is scanned once.
    Deploy: before or after the code. Undo: drops the constraints; no data is touched.
    """

    dependencies = [
        ("cases", "0006_call_backs_in_the_pool"),
        ("parties", "0001_initial"),
        ("staff", "0001_initial"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "closed_as__in",
                        [
                            "",
                            "cured",
                            "paid",
                            "settled",
                            "sold",
                            "withdrawn",
                            "deceased_no_estate",
                            "uncollectable",
                        ],
                    ),
                    ("stage__in", ["pre_due", "early", "mid", "late", "recovery"]),
                    ("track__in", ["", "self_serve", "desk", "field", "agency", "legal"]),
                ),
                name="case_words_are_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("opened_on__range", (datetime.date(1, 1, 1), datetime.date(9999, 12, 31))),
                        ("opened_on", None),
                        _connector="OR",
                    ),
                    models.Q(
                        ("closed_on__range", (datetime.date(1, 1, 1), datetime.date(9999, 12, 31))),
                        ("closed_on", None),
                        _connector="OR",
                    ),
                    models.Q(
                        (
                            "oldest_unpaid_due_on__range",
                            (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
                        ),
                        ("oldest_unpaid_due_on", None),
                        _connector="OR",
                    ),
                    models.Q(
                        (
                            "next_step_on__range",
                            (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
                        ),
                        ("next_step_on", None),
                        _connector="OR",
                    ),
                    models.Q(
                        (
                            "last_worked_at__range",
                            (
                                datetime.datetime(1, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                datetime.datetime(
                                    9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC
                                ),
                            ),
                        ),
                        ("last_worked_at", None),
                        _connector="OR",
                    ),
                    models.Q(
                        (
                            "last_rpc_at__range",
                            (
                                datetime.datetime(1, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                datetime.datetime(
                                    9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC
                                ),
                            ),
                        ),
                        ("last_rpc_at", None),
                        _connector="OR",
                    ),
                    models.Q(
                        (
                            "follow_up_at__range",
                            (
                                datetime.datetime(1, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                datetime.datetime(
                                    9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC
                                ),
                            ),
                        ),
                        ("follow_up_at", None),
                        _connector="OR",
                    ),
                ),
                name="case_dates_are_finite",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "business_date__range",
                            (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
                        ),
                        ("business_date", None),
                        _connector="OR",
                    ),
                    models.Q(
                        (
                            "happened_at__range",
                            (
                                datetime.datetime(1, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                datetime.datetime(
                                    9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC
                                ),
                            ),
                        ),
                        ("happened_at", None),
                        _connector="OR",
                    ),
                    models.Q(
                        (
                            "recorded_at__range",
                            (
                                datetime.datetime(1, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                datetime.datetime(
                                    9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC
                                ),
                            ),
                        ),
                        ("recorded_at", None),
                        _connector="OR",
                    ),
                ),
                name="entry_dates_are_finite",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "dispute",
                            "complaint",
                            "plan_active",
                            "hardship_review",
                            "vulnerable",
                            "debt_respite",
                            "bankrupt",
                            "deceased",
                            "incapacitated",
                            "represented",
                            "cease_requested",
                            "identity_theft",
                            "wrong_party",
                            "litigation",
                            "legal_hold",
                            "manual",
                        ],
                    )
                ),
                name="hold_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("from_on__range", (datetime.date(1, 1, 1), datetime.date(9999, 12, 31))),
                        ("from_on", None),
                        _connector="OR",
                    ),
                    models.Q(
                        ("until_on__range", (datetime.date(1, 1, 1), datetime.date(9999, 12, 31))),
                        ("until_on", None),
                        _connector="OR",
                    ),
                    models.Q(
                        ("review_on__range", (datetime.date(1, 1, 1), datetime.date(9999, 12, 31))),
                        ("review_on", None),
                        _connector="OR",
                    ),
                    models.Q(
                        ("lifted_on__range", (datetime.date(1, 1, 1), datetime.date(9999, 12, 31))),
                        ("lifted_on", None),
                        _connector="OR",
                    ),
                ),
                name="hold_dates_are_finite",
            ),
        ),
        migrations.AddConstraint(
            model_name="lease",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "taken_at__range",
                            (
                                datetime.datetime(1, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                datetime.datetime(
                                    9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC
                                ),
                            ),
                        ),
                        ("taken_at", None),
                        _connector="OR",
                    ),
                    models.Q(
                        (
                            "until__range",
                            (
                                datetime.datetime(1, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                datetime.datetime(
                                    9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC
                                ),
                            ),
                        ),
                        ("until", None),
                        _connector="OR",
                    ),
                ),
                name="lease_ends",
            ),
        ),
    ]
