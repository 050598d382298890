"""What a header says of people stands beside where it says it, so that depositors are shown it before they publish.

Of drafts it is looked up in the stored header; what is published stays as it is.
"""

from django.db import migrations, models

LOOK_UP = """
UPDATE repository_measurement SET personal_pointers = coalesce((
  SELECT jsonb_object_agg(place.pointer, left(said.text, 300))
  FROM jsonb_array_elements_text(personal_pointers) AS place(pointer),
    LATERAL (
      SELECT header #>> array_agg(replace(replace(part, '~1', '/'), '~0', '~') ORDER BY at) AS text
      FROM unnest(string_to_array(substr(place.pointer, 2), '/')) WITH ORDINALITY AS parts(part, at)
    ) AS said
  WHERE said.text IS NOT NULL
), '{}'::jsonb)
WHERE frozen_at IS NULL AND jsonb_typeof(personal_pointers) = 'array'
"""
FORGET = """
UPDATE repository_measurement
SET personal_pointers = (SELECT coalesce(jsonb_agg(key), '[]'::jsonb) FROM jsonb_object_keys(personal_pointers) AS key)
WHERE frozen_at IS NULL AND jsonb_typeof(personal_pointers) = 'object'
"""


class Migration(migrations.Migration):
    dependencies = [("repository", "0027_metadata_revisions")]

    operations = [
        migrations.AlterField(
            model_name="measurement",
            name="personal_pointers",
            field=models.JSONField(
                default=dict, help_text="Header place -> what it says of people, paths and serial numbers."
            ),
        ),
        migrations.RunSQL(LOOK_UP, FORGET),
    ]
