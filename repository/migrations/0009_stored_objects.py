"""Every object of the store has a row, so that what nobody refers to any more can be found and removed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Now

# One pass over each table; a digest that is there already is passed over, so nothing is sorted or kept in memory.
# `touched_at` is the moment of the migration: nothing is collected before the grace time after it is over.
FILL = [
    f"""
    INSERT INTO repository_storedobject (sha256, size, touched_at, damage)
    SELECT sha256, size, statement_timestamp(), '' FROM {table} WHERE sha256 <> ''
    ON CONFLICT (sha256) DO NOTHING;
    """
    for table in (
        "repository_datafile",
        "repository_versionfile",
        "repository_arrayobject",
        "repository_product",
        "repository_upload",
    )
]

# What is published stays, whatever the program believes about references: neither the row goes, nor is it given up.
GUARD = """
CREATE FUNCTION stemma_guard_stored_object() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.sha256 = OLD.sha256 AND (NEW.is_present OR NOT OLD.is_present) THEN RETURN NEW; END IF;
  IF EXISTS (SELECT 1 FROM repository_versionfile WHERE sha256 = OLD.sha256)
     OR EXISTS (SELECT 1 FROM repository_arrayobject AS item
                JOIN repository_signal AS part ON part.id = item.signal_id
                JOIN repository_measurement AS whole ON whole.id = part.measurement_id
                WHERE item.sha256 = OLD.sha256 AND whole.frozen_at IS NOT NULL)
     OR EXISTS (SELECT 1 FROM repository_product AS item
                JOIN repository_measurement AS whole ON whole.id = item.measurement_id
                WHERE item.sha256 = OLD.sha256 AND whole.frozen_at IS NOT NULL) THEN
    PERFORM stemma_refuse_change('object', OLD.sha256::text);
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON repository_storedobject
  FOR EACH ROW EXECUTE FUNCTION stemma_guard_stored_object();
ALTER TABLE repository_storedobject ENABLE ALWAYS TRIGGER guard;
"""
DROP_GUARD = """
DROP TRIGGER guard ON repository_storedobject;
DROP FUNCTION stemma_guard_stored_object();
"""


class Migration(migrations.Migration):
    dependencies = [("repository", "0008_first_pictures")]

    operations = [
        migrations.CreateModel(
            name="StoreWalk",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                (
                    "position",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="The last digest that was looked at; empty: a new round.",
                        max_length=64,
                    ),
                ),
                (
                    "started_at",
                    models.DateTimeField(blank=True, help_text="When the round under way began.", null=True),
                ),
                (
                    "finished_at",
                    models.DateTimeField(
                        blank=True, help_text="When a round last came to its end.", null=True
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StoredObject",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                (
                    "touched_at",
                    models.DateTimeField(
                        db_default=Now(),
                        help_text="When a writer last announced that it brings these bytes, or found them there.",
                    ),
                ),
                (
                    "unreferenced_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since when no row refers to it; empty: one does, or nobody looked yet.",
                        null=True,
                    ),
                ),
                (
                    "is_present",
                    models.BooleanField(
                        db_default=True,
                        default=True,
                        help_text=(
                            "False before the bytes are brought, and from before they are removed:"
                            " nobody may refer to them."
                        ),
                    ),
                ),
                (
                    "verified_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When the bytes last had the digest that is their name.",
                        null=True,
                    ),
                ),
                (
                    "damaged_at",
                    models.DateTimeField(
                        blank=True, help_text="When they were found to have another.", null=True
                    ),
                ),
                ("damage", models.TextField(blank=True, db_default="", default="")),
                (
                    "charged_to",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who deleted a file with these bytes, and uses storage for them until they are gone.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="charged_objects",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=Q(unreferenced_since__isnull=False),
                        fields=["unreferenced_since"],
                        name="stored_object_unreferenced",
                    ),
                    models.Index(
                        condition=Q(charged_to__isnull=False),
                        fields=["charged_to"],
                        name="stored_object_charged",
                    ),
                    models.Index(fields=["verified_at"], name="stored_object_verified"),
                    models.Index(
                        condition=Q(damaged_at__isnull=False),
                        fields=["damaged_at"],
                        name="stored_object_damaged",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(condition=Q(size__gte=0), name="stored_object_size_not_negative"),
                    models.CheckConstraint(
                        condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="stored_object_digest_form"
                    ),
                ],
            },
        ),
        migrations.RunSQL("".join(FILL), reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, reverse_sql=DROP_GUARD),
        migrations.AddIndex(
            model_name="arrayobject",
            index=models.Index(fields=["sha256"], name="array_object_digest"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["sha256"], name="product_digest"),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(condition=~Q(sha256=""), fields=["sha256"], name="upload_digest"),
        ),
    ]
