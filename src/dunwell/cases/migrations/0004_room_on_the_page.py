from django.db import migrations


class Migration(migrations.Migration):
    """Leave room on each page: what the day writes then stays on its page.

    Lock: SHARE UPDATE EXCLUSIVE for an instant; pages that are full stay so.
    Undo: the reverse SQL; no data is touched.
    """

    dependencies = [("cases", "0003_closed_today")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE cases_case SET (fillfactor = 85)",
            "ALTER TABLE cases_case RESET (fillfactor)",
        ),
    ]
