"""Whether the goal of a measurement was reached, as search counts it.

Published records say nothing of it yet: no row needs a value. Drafts are checked again when they are looked at next: more
is worked out of what they say.
"""

from typing import Any

from django.db import migrations, models


def check_drafts_again(apps: Any, schema_editor: Any) -> None:
    """Forget from what the findings were made."""
    measurements = apps.get_model("repository", "Measurement").objects.using(schema_editor.connection.alias)
    measurements.filter(frozen_at__isnull=True).update(judged_from="")


class Migration(migrations.Migration):
    dependencies = [("repository", "0030_calibrations")]

    operations = [
        migrations.AddField(
            model_name="facts",
            name="outcome",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="Whether its goal was reached.", max_length=16
            ),
        ),
        migrations.AddIndex(
            model_name="facts",
            index=models.Index(
                condition=models.Q(("outcome", ""), _negated=True), fields=["outcome"], name="facts_outcome"
            ),
        ),
        migrations.RunPython(check_drafts_again, migrations.RunPython.noop, elidable=True),
    ]
