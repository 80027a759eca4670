from django.db import migrations

from dunwell.database.append_only import allow, forbid

FUNCTION = """
CREATE FUNCTION dunwell_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only; write a further row instead', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):
    """Let the database, not the code, keep the audit trail append-only.

    Brings the trigger function that every append-only table uses.
    Lock: SHARE ROW EXCLUSIVE on audit_event for an instant; no scan, no rewrite.
    Undo: the reverse SQL; no data is touched.
    """

    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION dunwell_append_only()"),
        migrations.RunSQL(forbid("audit_event"), allow("audit_event")),
    ]
