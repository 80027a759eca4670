from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.functions import Lower, Substr


class Migration(migrations.Migration):
    """Index names so that a given name is found, Chinese ones too.

    Lock: SHARE on parties_party while the indexes are built, some seconds a million rows.
    Undo: the reverse operations; no data is touched.
    """

    dependencies = [("parties", "0001_initial")]

    operations = [
        migrations.RemoveIndex("party", "party_name_trgm"),
        migrations.AddIndex(
            "party",
            GinIndex(OpClass(Lower("name"), name="gin_trgm_ops"), name="party_latin_name"),
        ),
        migrations.AddIndex(
            "party",
            models.Index(
                OpClass(Substr("name", 2), name="text_pattern_ops"), name="party_given_name"
            ),
        ),
        migrations.AddIndex(
            "party",
            models.Index(
                OpClass(Substr("name", 3), name="text_pattern_ops"), name="party_last_name_part"
            ),
        ),
    ]
