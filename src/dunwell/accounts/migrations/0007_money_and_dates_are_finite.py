import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    """Let the database hold words and dates to those that exist: no infinity, no unknown kind.

    Lock: ACCESS EXCLUSIVE on each table while it is scanned once.
    Undo: drops the constraints; no data is touched.
    """

    dependencies = [
        ("accounts", "0006_what_each_day_stands_on"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["open", "blocked", "closed", "charged_off", "fraud"])
                ),
                name="account_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(
                            ("opened_on__gte", datetime.date(1, 1, 1)),
                            ("opened_on__lte", datetime.date(9999, 12, 31)),
                        ),
                        ("opened_on__isnull", True),
                        _connector="OR",
                    ),
                    models.Q(
                        models.Q(
                            ("charged_off_on__gte", datetime.date(1, 1, 1)),
                            ("charged_off_on__lte", datetime.date(9999, 12, 31)),
                        ),
                        ("charged_off_on__isnull", True),
                        _connector="OR",
                    ),
                    models.Q(
                        models.Q(
                            ("profiled_on__gte", datetime.date(1, 1, 1)),
                            ("profiled_on__lte", datetime.date(9999, 12, 31)),
                        ),
                        ("profiled_on__isnull", True),
                        _connector="OR",
                    ),
                ),
                name="account_dates_are_finite",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountbucket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("was", None), models.Q(("was__gte", 0), ("was__lte", 7)), _connector="OR"
                ),
                name="account_bucket_came_from_m0_to_m7",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountbucket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("entered_on__gte", datetime.date(1, 1, 1)),
                        ("entered_on__lte", datetime.date(9999, 12, 31)),
                    ),
                    ("entered_on__isnull", True),
                    _connector="OR",
                ),
                name="account_bucket_day_is_finite",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["payment", "reversal", "refund", "adjustment"])),
                name="payment_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("known_on__gte", models.F("posted_on"))),
                name="payment_known_when_posted",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(
                            ("value_on__gte", datetime.date(1, 1, 1)),
                            ("value_on__lte", datetime.date(9999, 12, 31)),
                        ),
                        ("value_on__isnull", True),
                        _connector="OR",
                    ),
                    models.Q(
                        models.Q(
                            ("posted_on__gte", datetime.date(1, 1, 1)),
                            ("posted_on__lte", datetime.date(9999, 12, 31)),
                        ),
                        ("posted_on__isnull", True),
                        _connector="OR",
                    ),
                    models.Q(
                        models.Q(
                            ("known_on__gte", datetime.date(1, 1, 1)),
                            ("known_on__lte", datetime.date(9999, 12, 31)),
                        ),
                        ("known_on__isnull", True),
                        _connector="OR",
                    ),
                ),
                name="payment_dates_are_finite",
            ),
        ),
        migrations.AddConstraint(
            model_name="snapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("business_date__gte", datetime.date(1, 1, 1)),
                        ("business_date__lte", datetime.date(9999, 12, 31)),
                    ),
                    ("business_date__isnull", True),
                    _connector="OR",
                ),
                name="snapshot_day_is_finite",
            ),
        ),
    ]
