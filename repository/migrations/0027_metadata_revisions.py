"""Corrections of what is published: rows are only ever added, one after the other, and never to a tombstone."""

from importlib import import_module

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import repository.models.supplied

decisions = import_module("repository.migrations.0013_decisions_and_edits")

GUARD = """
CREATE FUNCTION stemma_guard_revision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  whole boolean;
  newest integer;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    RAISE EXCEPTION 'revision % of version % is published and cannot change', OLD.number, OLD.version_id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  SELECT sealed AND state = 'published' INTO whole FROM repository_datasetversion WHERE id = NEW.version_id FOR KEY SHARE;
  IF NOT coalesce(whole, false) THEN
    RAISE EXCEPTION 'version % is not published, and so it is not corrected', NEW.version_id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  SELECT coalesce(max(number), 0) INTO newest FROM repository_metadatarevision WHERE version_id = NEW.version_id;
  IF NEW.number <> newest + 1 THEN
    RAISE EXCEPTION 'after revision % of version % comes %, not %', newest, NEW.version_id, newest + 1, NEW.number
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON repository_metadatarevision
  FOR EACH ROW EXECUTE FUNCTION stemma_guard_revision();
ALTER TABLE repository_metadatarevision ENABLE ALWAYS TRIGGER guard;
"""
# What an address without a revision shows changes with each.
DECIDING = {
    "repository_metadatarevision": (
        "'deposit:' || v.dataset_id",
        "JOIN repository_datasetversion v ON v.id = r.version_id",
        "r.number",
        "INSERT",
    )
}
OPEN = "DROP TRIGGER guard ON repository_metadatarevision; DROP FUNCTION stemma_guard_revision();"


class Migration(migrations.Migration):
    dependencies = [("repository", "0026_links_and_roles")]

    operations = [
        migrations.CreateModel(
            name="MetadataRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "number",
                    models.PositiveIntegerField(help_text="1, 2, … of the version; 0 is what was published."),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("reason", models.TextField()),
                (
                    "schema_version",
                    models.CharField(
                        help_text="In the words of which version it is written.", max_length=20
                    ),
                ),
                (
                    "supplied",
                    repository.models.supplied.SuppliedField(
                        help_text="What persons supplied, corrected: the next version begins with it."
                    ),
                ),
                ("document", models.JSONField(help_text="The dataset's description.")),
                (
                    "measurements",
                    models.JSONField(
                        default=dict,
                        help_text="id -> {metadata, findings} of all that are not any more as published.",
                    ),
                ),
                (
                    "changes",
                    models.JSONField(
                        help_text="[{measurement, path, field, title, old, new, old_text, new_text}]; "
                        "measurement is empty for the description."
                    ),
                ),
                (
                    "accepted_warnings",
                    models.JSONField(default=list, help_text="[{code, note, by, at}]"),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="metadata_revisions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="repository.datasetversion",
                    ),
                ),
            ],
            options={
                "ordering": ["version", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("version", "number"), name="metadata_revision_once"),
                    models.CheckConstraint(condition=Q(number__gte=1), name="metadata_revision_positive"),
                    models.CheckConstraint(condition=~Q(reason=""), name="metadata_revision_reasoned"),
                ],
            },
        ),
        migrations.RunSQL(GUARD, reverse_sql=OPEN),
        migrations.RunSQL(decisions.write_triggers(DECIDING), reverse_sql=decisions.drop_triggers(DECIDING)),
    ]
