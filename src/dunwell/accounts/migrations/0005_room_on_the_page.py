from django.db import migrations


class Migration(migrations.Migration):
    """Leave room on each page: bucket and profile then change in place, no index touched.

    Lock: SHARE UPDATE EXCLUSIVE for an instant; pages that are full stay so.
    Undo: the reverse SQL; no data is touched.
    """

    dependencies = [("accounts", "0004_the_history_of_a_day")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE accounts_account SET (fillfactor = 85)",
            "ALTER TABLE accounts_account RESET (fillfactor)",
        ),
    ]
