"""Products say which recipe made which output with what, and have a digest of it; jobs may carry parameters.

Of products from before this, `output` is what was called recipe, and the digest stands for all that is known of how they
were made. Their rows in published measurements get these columns too, and nothing else of them changes: the guard is put
aside for that statement alone, inside the transaction.
"""

from django.db import migrations, models
from django.db.models import Q

COVERS = (
    # What stood for a measurement in lists until now, the first first.
    ("high_angle_annular_dark_field", 10),
    ("outer_virtual_dark_field", 20),
    ("annular_dark_field", 30),
    ("image", 40),
    ("summed_intensity", 50),
    ("virtual_bright_field", 60),
    ("mean_diffraction_pattern", 70),
    ("sum_spectrum", 80),
)
RANKED = " ".join(f"WHEN '{name}' THEN {rank}" for name, rank in COVERS)
FILL = f"""
ALTER TABLE repository_product DISABLE TRIGGER guard;
UPDATE repository_product AS product SET
  output = product.recipe,
  digest = encode(sha256(convert_to(jsonb_build_object(
    'inputs', product.input_digests, 'signal', product.signal_id, 'recipe', product.recipe, 'version', product.code_version,
    'parameters', product.parameters, 'preliminary', product.is_preliminary
  )::text, 'UTF8')), 'hex'),
  cover_rank = CASE WHEN product.kind = 'preview' THEN CASE product.recipe {RANKED} END END;
ALTER TABLE repository_product ENABLE ALWAYS TRIGGER guard;
"""


class Migration(migrations.Migration):
    dependencies = [("repository", "0013_decisions_and_edits")]

    operations = [
        migrations.AddField(
            model_name="product",
            name="recipe_version",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="0: made before recipes had versions."
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="output",
            field=models.CharField(
                default="", help_text="Which of the recipe's results it is; its address.", max_length=64
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="product",
            name="settings",
            field=models.JSONField(
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="What the recipe was given: its parameters, and the calibration that it needs.",
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="digest",
            field=models.CharField(
                default="",
                help_text="sha256 over inputs, signal, recipe, version, settings and output.",
                max_length=64,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="product",
            name="is_added",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Made after the measurement was published; reached by its digest.",
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="cover_rank",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Which picture stands for a measurement in lists: the lowest.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="product",
            name="recipe",
            field=models.CharField(help_text="What made it.", max_length=64),
        ),
        migrations.AlterField(
            model_name="product",
            name="parameters",
            field=models.JSONField(default=dict, help_text="What is said of the result."),
        ),
        migrations.RunSQL(FILL, reverse_sql=migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="product", name="product_recipe_once"),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(
                condition=Q(is_added=False), fields=("signal", "output", "kind"), name="product_output_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(
                fields=("signal", "digest", "kind"), name="product_digest_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=Q(digest__regex="^[0-9a-f]{64}$"), name="product_settings_digest_form"
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(condition=~Q(output=""), name="product_output_named"),
        ),
        migrations.AddField(
            model_name="job",
            name="parameters",
            field=models.JSONField(
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="What is asked of it besides the target; two jobs that differ in it are two pieces of work.",
            ),
        ),
        migrations.RemoveConstraint(model_name="job", name="job_active_once"),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(
                condition=Q(state__in=["queued", "running"]),
                fields=("kind", "target", "parameters"),
                name="job_active_once",
            ),
        ),
        migrations.AlterField(
            model_name="finding",
            name="stage",
            field=models.CharField(
                choices=[
                    ("upload", "Upload"),
                    ("recognition", "Recognition"),
                    ("reading", "Reading"),
                    ("conversion", "Conversion"),
                    ("reduction", "Reduction"),
                    ("validation", "Validation"),
                ],
                max_length=16,
            ),
        ),
    ]
