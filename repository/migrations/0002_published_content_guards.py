"""What is published cannot be changed, deleted or added to, whatever the application does.

Triggers are ENABLE ALWAYS, so that a session cannot switch them off; TRUNCATE is not granted to the application's role.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION stemma_refuse_change(what text, row_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% % is published and cannot change', what, row_name USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION stemma_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
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
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION stemma_require_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM repository_datasetversion WHERE id = NEW.id AND NOT sealed) THEN
    RAISE EXCEPTION 'version % was not sealed in its transaction', NEW.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION stemma_guard_version_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE is_sealed boolean;
BEGIN
  IF TG_OP <> 'INSERT' THEN PERFORM stemma_refuse_change(TG_TABLE_NAME, OLD.id::text); END IF;
  SELECT sealed INTO is_sealed FROM repository_datasetversion WHERE id = NEW.version_id FOR KEY SHARE;
  IF is_sealed THEN PERFORM stemma_refuse_change('version', NEW.version_id::text); END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION stemma_guard_data_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM repository_versionfile WHERE data_file_id = OLD.id) THEN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) IS DISTINCT FROM to_jsonb(OLD) THEN
      PERFORM stemma_refuse_change('file', OLD.path);
    END IF;
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION stemma_guard_measurement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.frozen_at IS NOT NULL AND (TG_OP = 'DELETE' OR to_jsonb(NEW) IS DISTINCT FROM to_jsonb(OLD)) THEN
    PERFORM stemma_refuse_change('measurement', OLD.id);
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- Parts of a measurement: signals and files. New products may be added to a published measurement, never replaced.
CREATE FUNCTION stemma_guard_measurement_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  part jsonb := CASE WHEN TG_OP = 'INSERT' THEN to_jsonb(NEW) ELSE to_jsonb(OLD) END;
  owner varchar;
  moment timestamptz;
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) = to_jsonb(OLD) THEN RETURN NEW; END IF;
  IF TG_OP = 'INSERT' AND TG_TABLE_NAME = 'repository_product' THEN RETURN NEW; END IF;
  owner := part ->> 'measurement_id';
  IF owner IS NULL THEN
    SELECT measurement_id INTO owner FROM repository_signal WHERE id = (part ->> 'signal_id')::bigint;
  END IF;
  SELECT frozen_at INTO moment FROM repository_measurement WHERE id = owner FOR KEY SHARE;
  IF moment IS NOT NULL THEN PERFORM stemma_refuse_change('measurement', owner); END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION stemma_guard_identifier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'reserved' THEN
    IF TG_OP = 'DELETE' OR (NEW.doi, NEW.dataset_id, NEW.version_number) IS DISTINCT FROM (OLD.doi, OLD.dataset_id, OLD.version_number)
       OR NEW.state = 'reserved' THEN
      RAISE EXCEPTION 'the DOI % is registered and cannot be taken back', OLD.doi USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION stemma_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is only ever added to' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

TRIGGERS = {
    # table: (trigger, events, function)
    "repository_datasetversion": ("guard", "INSERT OR UPDATE OR DELETE", "stemma_guard_version()"),
    "repository_versionfile": ("guard", "INSERT OR UPDATE OR DELETE", "stemma_guard_version_part()"),
    "repository_versionmeasurement": ("guard", "INSERT OR UPDATE OR DELETE", "stemma_guard_version_part()"),
    "repository_datafile": ("guard", "UPDATE OR DELETE", "stemma_guard_data_file()"),
    "repository_measurement": ("guard", "UPDATE OR DELETE", "stemma_guard_measurement()"),
    "repository_measurementfile": ("guard", "INSERT OR UPDATE OR DELETE", "stemma_guard_measurement_part()"),
    "repository_signal": ("guard", "INSERT OR UPDATE OR DELETE", "stemma_guard_measurement_part()"),
    "repository_arrayobject": ("guard", "INSERT OR UPDATE OR DELETE", "stemma_guard_measurement_part()"),
    "repository_product": ("guard", "INSERT OR UPDATE OR DELETE", "stemma_guard_measurement_part()"),
    "repository_identifier": ("guard", "UPDATE OR DELETE", "stemma_guard_identifier()"),
    "repository_auditevent": ("guard", "UPDATE OR DELETE", "stemma_refuse_audit_change()"),
}

CREATE_TRIGGERS = "\n".join(
    f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {function};"
    f" ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};"
    for table, (name, events, function) in TRIGGERS.items()
)
REQUIRE_SEALED = """
CREATE CONSTRAINT TRIGGER require_sealed AFTER INSERT ON repository_datasetversion
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stemma_require_sealed();
ALTER TABLE repository_datasetversion ENABLE ALWAYS TRIGGER require_sealed;
"""
DROP = "DROP TRIGGER require_sealed ON repository_datasetversion;" + "".join(
    f"DROP TRIGGER {name} ON {table};" for table, (name, _, _) in TRIGGERS.items()
)
DROP_FUNCTIONS = "".join(
    f"DROP FUNCTION {function};"
    for function in sorted(
        {function for _, _, function in TRIGGERS.values()}
        | {"stemma_require_sealed()", "stemma_refuse_change(text, text)"}
    )
)


class Migration(migrations.Migration):
    dependencies = [("repository", "0001_initial")]

    operations = [
        migrations.RunSQL(
            [REFUSE, CREATE_TRIGGERS, REQUIRE_SEALED],
            reverse_sql=[DROP, DROP_FUNCTIONS],
        )
    ]
