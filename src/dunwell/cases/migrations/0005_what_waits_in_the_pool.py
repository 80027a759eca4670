from django.db import migrations, models


class Migration(migrations.Migration):
    """Index what waits in a team's pool in the order in which Next gives it.

    Lock: SHARE on cases_case while the index is built; it holds unassigned cases only.
    Undo: the reverse operation; no data is touched.
    """

    dependencies = [("cases", "0004_room_on_the_page")]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                fields=["team", "-priority", "oldest_unpaid_due_on", "id"],
                include=["queue"],
                name="case_pool",
                condition=models.Q(("collector", None), ("state", "open")),
            ),
        ),
    ]
