from django.db import migrations

from dunwell.database.append_only import allow, forbid


class Migration(migrations.Migration):
    """Let the database keep the timeline append-only.

    Lock: SHARE ROW EXCLUSIVE on cases_entry for an instant; no scan, no rewrite.
    Undo: the reverse SQL; no data is touched.
    """

    dependencies = [
        ("cases", "0001_initial"),
        ("audit", "0002_events_are_append_only"),
    ]

    operations = [migrations.RunSQL(forbid("cases_entry"), allow("cases_entry"))]
