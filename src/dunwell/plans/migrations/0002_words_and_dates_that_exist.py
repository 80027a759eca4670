import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    """Let the database know the words and dates that exist: no unknown kind, no infinity.

    Lock: ACCESS EXCLUSIVE on plans_promise while each is scanned once.
    Deploy: before or after the code. Undo: drops the constraints; no data is touched.
    """

    dependencies = [
        ("cases", "0007_words_and_dates_that_exist"),
        ("plans", "0001_initial"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="promise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["open", "kept", "partly_kept", "broken", "withdrawn"])
                ),
                name="promise_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="promise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("due_on__range", (datetime.date(1, 1, 1), datetime.date(9999, 12, 31))),
                        ("due_on", None),
                        _connector="OR",
                    ),
                    models.Q(
                        (
                            "counts_until__range",
                            (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
                        ),
                        ("counts_until", None),
                        _connector="OR",
                    ),
                    models.Q(
                        ("taken_on__range", (datetime.date(1, 1, 1), datetime.date(9999, 12, 31))),
                        ("taken_on", None),
                        _connector="OR",
                    ),
                    models.Q(
                        (
                            "decided_on__range",
                            (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
                        ),
                        ("decided_on", None),
                        _connector="OR",
                    ),
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
                ),
                name="promise_dates_are_finite",
            ),
        ),
    ]
