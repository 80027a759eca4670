from django.db import migrations, models


class Migration(migrations.Migration):
    """Remember whose password somebody else chose, and find old counts of guesses.

    Lock: ACCESS EXCLUSIVE on two small tables for an instant. Those who are there keep
    their passwords. Undo: column and index go; everybody keeps his password.
    """

    dependencies = [("staff", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="must_change_password",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="signincount",
            index=models.Index(fields=["first_failed_at"], name="sign_in_count_age"),
        ),
    ]
