from django.db import migrations

from dunwell.database.append_only import allow, forbid


class Migration(migrations.Migration):
    """Let the database keep payments and bucket history append-only.

    Lock: SHARE ROW EXCLUSIVE on both tables for an instant; no scan, no rewrite.
    Undo: the reverse SQL; no data is touched.
    """

    dependencies = [
        ("accounts", "0002_positions_are_partitioned"),
        ("audit", "0002_events_are_append_only"),
    ]

    operations = [
        migrations.RunSQL(forbid("accounts_payment"), allow("accounts_payment")),
        migrations.RunSQL(forbid("accounts_accountbucket"), allow("accounts_accountbucket")),
    ]
