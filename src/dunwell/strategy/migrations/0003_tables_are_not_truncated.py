from django.db import migrations

from dunwell.database.append_only import allow_truncate, forbid_truncate

TABLE = "strategy_tableversion"


class Migration(migrations.Migration):
    """Let the database refuse TRUNCATE, which fires no trigger of rows.

    Lock: SHARE ROW EXCLUSIVE for an instant. Undo: the reverse SQL; no data is touched.
    """

    dependencies = [
        ("strategy", "0002_approved_tables_do_not_change"),
        ("audit", "0002_events_are_append_only"),
    ]

    operations = [migrations.RunSQL(forbid_truncate(TABLE), allow_truncate(TABLE))]
