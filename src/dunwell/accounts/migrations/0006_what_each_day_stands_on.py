from datetime import date

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

AS_OF = """
ALTER TABLE accounts_position ADD COLUMN as_of date;
ALTER TABLE accounts_position ADD CONSTRAINT position_as_of_is_carried
    CHECK (as_of IS NULL OR (carried AND isfinite(as_of)));
"""
# What was applied before is known since it was posted: so the days took it.
KNOWN = """
ALTER TABLE accounts_payment ADD COLUMN known_on date;
ALTER TABLE accounts_payment DISABLE TRIGGER accounts_payment_append_only;
UPDATE accounts_payment SET known_on = posted_on;
ALTER TABLE accounts_payment ENABLE TRIGGER accounts_payment_append_only;
ALTER TABLE accounts_payment ALTER COLUMN known_on SET NOT NULL;
"""


class Migration(migrations.Migration):
    """Keep what a day needs to find the same whenever it is run.

    Of a carried position the day of its figures, of a payment the day that brought it, of
    an account what it was until a delivery changed it.

    Lock: ACCESS EXCLUSIVE on positions and payments; both are scanned, payments rewritten
    row by row and one index of theirs built. Run it while nothing is loaded.
    Undo: the reverse SQL; the days kept are lost.
    """

    dependencies = [
        ("accounts", "0005_room_on_the_page"),
        ("parties", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(AS_OF, "ALTER TABLE accounts_position DROP COLUMN as_of"),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(KNOWN, "ALTER TABLE accounts_payment DROP COLUMN known_on"),
            ],
            state_operations=[
                migrations.AddField("payment", "known_on", models.DateField()),
            ],
        ),
        migrations.RemoveIndex("payment", "payment_posted"),
        migrations.AddIndex(
            "payment", models.Index(fields=["portfolio", "known_on"], name="payment_known")
        ),
        migrations.CreateModel(
            name="AccountWas",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "changed_on",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("changed_on", models.DateField()),
                ("opened_on", models.DateField()),
                ("credit_limit_minor", models.BigIntegerField()),
                ("status", models.CharField(max_length=11)),
                ("payment_profile", models.CharField(blank=True, max_length=24)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.party",
                    ),
                ),
                (
                    "portfolio",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.portfolio",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["portfolio", "changed_on"], name="account_was_changed")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=(
                            Q(changed_on__gte=date.min, changed_on__lte=date.max)
                            | Q(changed_on__isnull=True)
                        )
                        & (
                            Q(opened_on__gte=date.min, opened_on__lte=date.max)
                            | Q(opened_on__isnull=True)
                        ),
                        name="account_was_dates_are_finite",
                    )
                ],
            },
        ),
    ]
