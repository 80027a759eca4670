from django.db import migrations, models


class Migration(migrations.Migration):
    """Index the call-backs that were agreed on what waits in a team's pool.

    Lock: SHARE on cases_case while the index is built; it holds few rows.
    Undo: the reverse operation; no data is touched.
    """

    dependencies = [("cases", "0005_what_waits_in_the_pool")]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                fields=["team", "follow_up_at"],
                name="case_pool_callback",
                condition=models.Q(
                    ("collector", None), ("follow_up_at__isnull", False), ("state", "open")
                ),
            ),
        ),
    ]
