from django.db import migrations

FORBID = """
CREATE FUNCTION strategy_approved_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'draft' THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'an approved table version is never deleted; retire it'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> 'draft' AND (
        NEW.rules, NEW.sha256, NEW.code, NEW.version, NEW.in_force_from, NEW.approved_by_id,
        NEW.made_by_id, NEW.state = 'draft'
    ) IS DISTINCT FROM (
        OLD.rules, OLD.sha256, OLD.code, OLD.version, OLD.in_force_from, OLD.approved_by_id,
        OLD.made_by_id, false
    ) THEN
        RAISE EXCEPTION 'an approved table version never changes; make a new version'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER strategy_approved_is_fixed BEFORE UPDATE OR DELETE ON strategy_tableversion
    FOR EACH ROW EXECUTE FUNCTION strategy_approved_is_fixed();
"""

ALLOW = """
DROP TRIGGER strategy_approved_is_fixed ON strategy_tableversion;
DROP FUNCTION strategy_approved_is_fixed();
"""


class Migration(migrations.Migration):
    """Let the database keep approved decision tables as they were approved.

    Lock: SHARE ROW EXCLUSIVE for an instant. Undo: the reverse SQL; no data is touched.
    """

    dependencies = [("strategy", "0001_initial")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]
