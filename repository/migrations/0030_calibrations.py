"""Calibrations of instrument and sample records: numbered, only ever added to.

The former table was of single measurements, and nothing ever wrote to it; where somebody did by hand, the rows hold the
migration up until they were looked at.
"""

from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import repository.schema.identifiers

GUARD = """
CREATE FUNCTION stemma_guard_calibration() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE former repository_calibration%ROWTYPE;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    RAISE EXCEPTION 'calibrations are only ever added to' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  SELECT * INTO former FROM repository_calibration WHERE series = NEW.series ORDER BY number DESC LIMIT 1;
  IF NEW.number <> COALESCE(former.number, 0) + 1 THEN
    RAISE EXCEPTION 'number % of the calibration % is not the next one', NEW.number, NEW.series
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF former.number IS NOT NULL AND (former.instrument_id, former.sample_id, former.quantity)
      IS DISTINCT FROM (NEW.instrument_id, NEW.sample_id, NEW.quantity) THEN
    RAISE EXCEPTION 'the calibration % is of another record or quantity', NEW.series
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.series = ANY (NEW.rests_on) THEN
    RAISE EXCEPTION 'the calibration % would rest on itself', NEW.series
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON repository_calibration
  FOR EACH ROW EXECUTE FUNCTION stemma_guard_calibration();
ALTER TABLE repository_calibration ENABLE ALWAYS TRIGGER guard;
"""
DROP = """
DROP TRIGGER guard ON repository_calibration;
DROP FUNCTION stemma_guard_calibration();
"""


def refuse_to_lose_rows(apps: Any, schema_editor: Any) -> None:
    """Stop where the former table holds anything."""
    count = apps.get_model("repository", "Calibration").objects.count()
    if count:
        raise RuntimeError(f"repository_calibration holds {count} rows that no program wrote: look at them first.")


class Migration(migrations.Migration):
    dependencies = [("repository", "0029_shared_records")]

    operations = [
        migrations.RunPython(refuse_to_lose_rows, migrations.RunPython.noop),
        migrations.DeleteModel("Calibration"),
        migrations.CreateModel(
            name="Calibration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "series",
                    models.CharField(
                        default=repository.schema.identifiers.generate_id, help_text="Id of the calibration.", max_length=9
                    ),
                ),
                ("number", models.PositiveIntegerField(default=1)),
                ("quantity", models.CharField(help_text="A field of the schema.", max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("value", models.JSONField(help_text="Its entry: {value, unit, uncertainty}, or a matrix.")),
                (
                    "conditions",
                    models.JSONField(
                        default=dict, help_text="By field of the schema: the entry under which it holds."
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("header", "Read from a header"),
                            ("standard_sample", "Standard sample"),
                            ("fitted", "Fitted"),
                            ("typed", "Given by a person"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "sources",
                    models.JSONField(
                        default=dict,
                        help_text="What it was calibrated from: {measurement, version, sample, calibration, text}.",
                    ),
                ),
                (
                    "calibrated_from",
                    models.CharField(help_text="The same and the method in words.", max_length=500),
                ),
                (
                    "rests_on",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=9),
                        default=list,
                        help_text="Ids of all calibrations that it was made with: it is never among them itself.",
                        size=None,
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=1000)),
                (
                    "is_retired",
                    models.BooleanField(default=False, help_text="Not offered any more, from this number on."),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calibrations",
                        to="repository.instrument",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calibrations",
                        to="repository.sample",
                    ),
                ),
            ],
            options={
                "ordering": ["series", "-number"],
                "indexes": [
                    models.Index(fields=["instrument", "quantity"], name="calibration_instrument"),
                    models.Index(fields=["sample", "quantity"], name="calibration_sample"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("series", "number"), name="calibration_number_once"),
                    models.CheckConstraint(condition=Q(number__gte=1), name="calibration_number_positive"),
                    models.CheckConstraint(
                        condition=Q(instrument__isnull=True, sample__isnull=False)
                        | Q(instrument__isnull=False, sample__isnull=True),
                        name="calibration_of_one_record",
                    ),
                    models.CheckConstraint(
                        condition=Q(method__in=["header", "standard_sample", "fitted", "typed"]),
                        name="calibration_method_known",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARD, DROP),
    ]
