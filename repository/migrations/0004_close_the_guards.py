"""Rows cannot be moved into what is published, calibrations of published measurements stay, DOIs of versions too.

Going back leaves the stricter functions in place; they refuse nothing that the former schema allowed a service to do.
"""

from django.db import migrations, models

SEALING = """
CREATE OR REPLACE FUNCTION stemma_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE mutable text[] := ARRAY['state', 'access', 'embargo_until', 'withdrawn_at', 'withdrawal_reason'];
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.sealed THEN RAISE EXCEPTION 'a version is inserted open and sealed when it is whole' USING ERRCODE = 'integrity_constraint_violation'; END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN PERFORM stemma_refuse_change('version', OLD.id::text); END IF;
  IF OLD.sealed THEN
    IF (to_jsonb(NEW) - mutable) IS DISTINCT FROM (to_jsonb(OLD) - mutable) THEN
      PERFORM stemma_refuse_change('version', OLD.id::text);
    END IF;
    IF OLD.state = 'withdrawn' AND NEW.state <> 'withdrawn' THEN
      RAISE EXCEPTION 'a withdrawn version stays withdrawn' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  ELSIF NEW.sealed THEN
    IF EXISTS (SELECT 1 FROM repository_versionmeasurement AS link JOIN repository_measurement AS part ON part.id = link.measurement_id
               WHERE link.version_id = NEW.id AND part.frozen_at IS NULL) THEN
      RAISE EXCEPTION 'version % holds a measurement that is not frozen', NEW.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM repository_versionfile AS link JOIN repository_datafile AS file ON file.id = link.data_file_id
               WHERE link.version_id = NEW.id AND (file.state, file.path, file.sha256, file.size) IS DISTINCT FROM ('stored', link.path, link.sha256, link.size)) THEN
      RAISE EXCEPTION 'version % holds a file that is not stored as it says', NEW.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END IF;
  RETURN NEW;
END $$;
"""

# An update may move a row: where it comes from and where it goes to are both looked at. FOR SHARE, because freezing a
# measurement is an update that FOR KEY SHARE would let pass at the same moment.
PARTS = """
CREATE OR REPLACE FUNCTION stemma_guard_measurement_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  parts jsonb[];
  part jsonb;
  owner varchar;
  moment timestamptz;
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) = to_jsonb(OLD) THEN RETURN NEW; END IF;
  IF TG_OP = 'INSERT' AND TG_TABLE_NAME IN ('repository_product', 'repository_calibration') THEN RETURN NEW; END IF;
  IF TG_OP <> 'INSERT' THEN parts := parts || to_jsonb(OLD); END IF;
  IF TG_OP <> 'DELETE' THEN parts := parts || to_jsonb(NEW); END IF;
  FOREACH part IN ARRAY parts LOOP
    owner := part ->> 'measurement_id';
    IF owner IS NULL THEN
      SELECT measurement_id INTO owner FROM repository_signal WHERE id = (part ->> 'signal_id')::bigint;
    END IF;
    SELECT frozen_at INTO moment FROM repository_measurement WHERE id = owner FOR SHARE;
    IF moment IS NOT NULL THEN PERFORM stemma_refuse_change('measurement', owner); END IF;
  END LOOP;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""

# The DOI of a published version is promised from the moment of publishing, not only once the registrar has it.
IDENTIFIERS = """
CREATE OR REPLACE FUNCTION stemma_guard_identifier() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE is_promised boolean := OLD.state <> 'reserved' OR EXISTS (
  SELECT 1 FROM repository_datasetversion WHERE dataset_id = OLD.dataset_id
    AND (OLD.version_number IS NULL OR number = OLD.version_number)
);
BEGIN
  IF is_promised THEN
    IF TG_OP = 'DELETE' OR (NEW.doi, NEW.dataset_id, NEW.version_number) IS DISTINCT FROM (OLD.doi, OLD.dataset_id, OLD.version_number)
       OR (NEW.state = 'reserved' AND OLD.state <> 'reserved') THEN
      RAISE EXCEPTION 'the DOI % is promised and cannot be taken back', OLD.doi USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""

CALIBRATIONS = """
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON repository_calibration
  FOR EACH ROW EXECUTE FUNCTION stemma_guard_measurement_part();
ALTER TABLE repository_calibration ENABLE ALWAYS TRIGGER guard;
"""


class Migration(migrations.Migration):
    dependencies = [("repository", "0003_reduction_angles")]

    operations = [
        migrations.AlterField("datasetversion", "title", models.TextField()),
        migrations.AlterField("datasetversion", "license", models.TextField(help_text="SPDX id, or LicenseRef-….")),
        migrations.AlterField("searchentry", "title", models.TextField()),
        migrations.AlterField("searchentry", "license", models.TextField()),
        migrations.RunSQL([SEALING, PARTS, IDENTIFIERS], reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(CALIBRATIONS, reverse_sql="DROP TRIGGER guard ON repository_calibration;"),
    ]
