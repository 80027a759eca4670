import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep which snapshot a day's first step stood on, and the last payment it knew.

    Lock: ACCESS EXCLUSIVE for an instant; no scan, no rewrite.
    Undo: drops both columns.
    """

    dependencies = [
        ("accounts", "0006_what_each_day_stands_on"),
        ("daybook", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            "steprun",
            "snapshot",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.snapshot",
            ),
        ),
        migrations.AddField("steprun", "payments_to", models.BigIntegerField(null=True)),
    ]
