"""A new version may leave out or replace what an earlier one holds: the row says so, and stays as it was published."""

from django.db import migrations, models
from django.db.models import Q

GUARDS = """
CREATE OR REPLACE FUNCTION stemma_guard_data_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM repository_versionfile WHERE data_file_id = OLD.id) THEN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - 'left_out_at' IS DISTINCT FROM to_jsonb(OLD) - 'left_out_at' THEN
      PERFORM stemma_refuse_change('file', OLD.path);
    END IF;
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE OR REPLACE FUNCTION stemma_guard_measurement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.frozen_at IS NOT NULL
     AND (TG_OP = 'DELETE' OR to_jsonb(NEW) - 'left_out_at' IS DISTINCT FROM to_jsonb(OLD) - 'left_out_at') THEN
    PERFORM stemma_refuse_change('measurement', OLD.id);
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""
STRICT_GUARDS = GUARDS.replace(" - 'left_out_at'", "")
HELP = "When a draft stopped holding it; published versions still do."


class Migration(migrations.Migration):
    dependencies = [("repository", "0005_withdrawal_replacement")]

    operations = [
        migrations.AddField(
            model_name="datafile",
            name="left_out_at",
            field=models.DateTimeField(blank=True, help_text=HELP, null=True),
        ),
        migrations.AddField(
            model_name="measurement",
            name="left_out_at",
            field=models.DateTimeField(blank=True, help_text=HELP, null=True),
        ),
        migrations.RemoveConstraint(model_name="datafile", name="data_file_path_once"),
        migrations.AddConstraint(
            model_name="datafile",
            constraint=models.UniqueConstraint(
                condition=Q(left_out_at__isnull=True), fields=("deposit", "path"), name="data_file_path_once"
            ),
        ),
        migrations.RemoveConstraint(model_name="measurement", name="measurement_primary_once"),
        migrations.AddConstraint(
            model_name="measurement",
            constraint=models.UniqueConstraint(
                condition=Q(left_out_at__isnull=True),
                fields=("deposit", "primary_file"),
                name="measurement_primary_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="measurement",
            constraint=models.CheckConstraint(
                condition=Q(left_out_at__isnull=True) | Q(frozen_at__isnull=False),
                name="measurement_left_out_is_published",
            ),
        ),
        migrations.RunSQL(GUARDS, reverse_sql=STRICT_GUARDS),
    ]
