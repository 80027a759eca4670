from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Let a held delivery be approved where it lies: its files' place, and what came of it.

    Lock: ACCESS EXCLUSIVE on intake_delivery for an instant; both columns have defaults that
    need no rewrite. Deploy: before the code. Undo: drops both columns; what was held before
    is then approved by the command alone.
    """

    dependencies = [("intake", "0001_initial")]

    operations = [
        migrations.AddField("delivery", "source", models.TextField(default="")),
        migrations.AddField(
            "delivery",
            "led_to",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="intake.delivery",
            ),
        ),
    ]
