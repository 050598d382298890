"""Instruments and samples that people and laboratories keep: dated presets, what is part of what, and their history."""

from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import repository.schema.identifiers

HISTORY = """
CREATE FUNCTION stemma_refuse_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the history of a record is only ever added to' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON repository_recordchange
  FOR EACH ROW EXECUTE FUNCTION stemma_refuse_record_change();
ALTER TABLE repository_recordchange ENABLE ALWAYS TRIGGER guard;

CREATE FUNCTION stemma_guard_sample_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ranks CONSTANT jsonb := '{"specimen": 0, "lamella": 1, "grid": 1, "region": 2}';
  whole text;
BEGIN
  IF NEW.made_of_id IS NOT NULL THEN
    SELECT kind INTO whole FROM repository_sample WHERE id = NEW.made_of_id FOR SHARE;
    IF (ranks ->> whole)::int >= (ranks ->> NEW.kind)::int THEN
      RAISE EXCEPTION 'a % is no part of a %', NEW.kind, whole USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.kind <> OLD.kind AND EXISTS (
    SELECT 1 FROM repository_sample
    WHERE made_of_id = NEW.id AND (ranks ->> kind)::int <= (ranks ->> NEW.kind)::int
  ) THEN
    RAISE EXCEPTION 'a % has parts that lie in no %', OLD.kind, NEW.kind USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON repository_sample
  FOR EACH ROW EXECUTE FUNCTION stemma_guard_sample_part();
ALTER TABLE repository_sample ENABLE ALWAYS TRIGGER guard;
"""
DROP = """
DROP TRIGGER guard ON repository_recordchange;
DROP FUNCTION stemma_refuse_record_change();
DROP TRIGGER guard ON repository_sample;
DROP FUNCTION stemma_guard_sample_part();
"""


def move_sample_fields(apps: Any, schema_editor: Any) -> None:
    """Put what stood in columns of a sample among its values."""
    for sample in apps.get_model("repository", "Sample").objects.all():
        told = {"formula": sample.formula, "preparation": sample.preparation}
        sample.values = {key: text for key, text in told.items() if text}
        sample.save(update_fields=["values"])


def _share(name: str) -> list[Any]:
    """Return the columns that records have which many deposits share."""
    return [
        migrations.RenameField(name, "created_by", "owner"),
        migrations.AlterField(
            name,
            "owner",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            name,
            "group",
            models.ForeignKey(
                blank=True,
                help_text="The laboratory whose members use it, and whose managers look after it.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="%(class)ss",
                to="repository.group",
            ),
        ),
        migrations.AddField(
            name,
            "members_may_edit",
            models.BooleanField(
                db_default=False, default=False, help_text="Whether all members of the laboratory may change it."
            ),
        ),
        migrations.AddField(
            name,
            "is_open",
            models.BooleanField(
                db_default=False, default=False, help_text="Whether everybody with an account here may use it."
            ),
        ),
        migrations.AddField(
            name,
            "revision",
            models.PositiveIntegerField(db_default=1, default=1, help_text="Counts the changes; its ETag."),
        ),
        migrations.AddField(
            name,
            "retired_at",
            models.DateTimeField(
                blank=True, help_text="Since when it is not offered any more; what it gave stays.", null=True
            ),
        ),
        migrations.AlterModelOptions(name, options={"ordering": ["name", "id"]}),
    ]


class Migration(migrations.Migration):
    dependencies = [("repository", "0028_personal_entries")]

    operations = [
        migrations.RemoveConstraint("instrument", "instrument_name_once"),
        *_share("instrument"),
        *_share("sample"),
        migrations.RemoveField("instrument", "presets"),
        migrations.AddField("instrument", "serial_number", models.CharField(blank=True, default="", db_default="", max_length=200)),
        migrations.AddField(
            "instrument",
            "identifier",
            models.CharField(blank=True, default="", db_default="", help_text="PIDINST DOI or handle.", max_length=200),
        ),
        migrations.AddField(
            "instrument",
            "source",
            models.CharField(
                blank=True, default="", db_default="", help_text="Kind of gun, in the words of the schema.", max_length=40
            ),
        ),
        migrations.AddField(
            "instrument",
            "header_names",
            models.JSONField(db_default=[], default=list, help_text="What headers call it."),
        ),
        migrations.AddConstraint(
            "instrument",
            models.UniqueConstraint(fields=("owner", "name", "facility"), name="instrument_name_once"),
        ),
        migrations.CreateModel(
            "InstrumentPreset",
            [
                (
                    "id",
                    models.CharField(
                        default=repository.schema.identifiers.generate_id,
                        editable=False,
                        max_length=9,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "conditions",
                    models.JSONField(
                        default=dict, help_text="By field of the schema: the entry that must be said."
                    ),
                ),
                (
                    "values",
                    models.JSONField(
                        default=dict, help_text="A document of the fields that hold under them."
                    ),
                ),
                ("valid_from", models.DateField()),
                (
                    "valid_to",
                    models.DateField(blank=True, help_text="The last day; empty while it holds.", null=True),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="presets",
                        to="repository.instrument",
                    ),
                ),
            ],
            options={
                "ordering": ["-valid_from", "name", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                        name="preset_days_in_order",
                    ),
                    models.UniqueConstraint(fields=("instrument", "name", "valid_from"), name="preset_name_once"),
                ],
            },
        ),
        migrations.AddField(
            "sample",
            "kind",
            models.CharField(
                choices=[
                    ("specimen", "Specimen"),
                    ("lamella", "Lamella"),
                    ("grid", "Grid"),
                    ("region", "Region"),
                ],
                db_default="specimen",
                default="specimen",
                max_length=8,
            ),
        ),
        migrations.AddField(
            "sample",
            "made_of",
            models.ForeignKey(
                blank=True,
                help_text="What it was made of.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="repository.sample",
            ),
        ),
        migrations.AddField(
            "sample",
            "values",
            models.JSONField(
                db_default={},
                default=dict,
                help_text="Fields of `sample` in the schema; what it was made of gives the rest.",
            ),
        ),
        migrations.RunPython(move_sample_fields, migrations.RunPython.noop),
        migrations.RemoveField("sample", "formula"),
        migrations.RemoveField("sample", "preparation"),
        migrations.AddConstraint(
            "sample",
            models.CheckConstraint(
                condition=Q(kind__in=["specimen", "lamella", "grid", "region"]), name="sample_kind_known"
            ),
        ),
        migrations.AddConstraint(
            "sample", models.CheckConstraint(condition=~Q(made_of=F("id")), name="sample_not_made_of_itself")
        ),
        migrations.AddConstraint(
            "sample",
            models.CheckConstraint(
                condition=~Q(kind="specimen") | Q(made_of__isnull=True), name="sample_specimen_is_whole"
            ),
        ),
        migrations.CreateModel(
            "RecordChange",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(help_text="The revision that it made.")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "changes",
                    models.JSONField(help_text="[{pointer, old, new}]; what was absent is left out."),
                ),
                ("note", models.CharField(blank=True, default="", max_length=1000)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="repository.instrument",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="repository.sample",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(instrument__isnull=True, sample__isnull=False)
                        | Q(instrument__isnull=False, sample__isnull=True),
                        name="record_change_of_one_record",
                    ),
                    models.UniqueConstraint(fields=("instrument", "number"), name="instrument_change_once"),
                    models.UniqueConstraint(fields=("sample", "number"), name="sample_change_once"),
                ],
            },
        ),
        migrations.RunSQL(HISTORY, reverse_sql=DROP),
    ]
