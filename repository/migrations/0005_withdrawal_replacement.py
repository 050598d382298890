"""A tombstone may name what replaces the withdrawn version; that is written once, with the withdrawal."""

from django.db import migrations, models
from django.db.models import Q

# The guard's own text is extended, so that what earlier migrations put into it stays.
ALLOW = """
DO $$
DECLARE
  old_text text := pg_get_functiondef('stemma_guard_version()'::regprocedure);
  new_text text := replace(old_text, '''withdrawal_reason''', '''withdrawal_reason'', ''replacement_doi''');
BEGIN
  IF new_text = old_text THEN RAISE EXCEPTION 'stemma_guard_version() does not list what may change'; END IF;
  EXECUTE new_text;
END $$;
"""
FORBID = """
DO $$
BEGIN
  EXECUTE replace(pg_get_functiondef('stemma_guard_version()'::regprocedure), ', ''replacement_doi''', '');
END $$;
"""

# What a tombstone says is final.
GUARD = """
CREATE FUNCTION stemma_guard_tombstone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'withdrawn' AND (NEW.withdrawn_at, NEW.withdrawal_reason, NEW.replacement_doi)
     IS DISTINCT FROM (OLD.withdrawn_at, OLD.withdrawal_reason, OLD.replacement_doi) THEN
    PERFORM stemma_refuse_change('tombstone', OLD.id::text);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard_tombstone BEFORE UPDATE ON repository_datasetversion
  FOR EACH ROW EXECUTE FUNCTION stemma_guard_tombstone();
ALTER TABLE repository_datasetversion ENABLE ALWAYS TRIGGER guard_tombstone;
"""
UNGUARD = """
DROP TRIGGER guard_tombstone ON repository_datasetversion;
DROP FUNCTION stemma_guard_tombstone();
"""


class Migration(migrations.Migration):
    dependencies = [("repository", "0004_close_the_guards")]

    operations = [
        migrations.AddField("datasetversion", "replacement_doi", models.TextField(blank=True, default="")),
        migrations.AddConstraint(
            "datasetversion",
            models.CheckConstraint(
                name="dataset_version_replaced_when_withdrawn",
                condition=Q(state="withdrawn") | Q(replacement_doi=""),
            ),
        ),
        migrations.RunSQL(ALLOW, reverse_sql=FORBID),
        migrations.RunSQL(GUARD, reverse_sql=UNGUARD),
    ]
