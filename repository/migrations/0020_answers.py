"""The session's table: what it shows of each measurement, and its changes, by which they are undone.

Drafts are checked again when they are looked at next, and get their cells then.
"""

import uuid
from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def check_drafts_again(apps: Any, schema_editor: Any) -> None:
    """Forget from what the findings were made: the cells are made together with them."""
    measurements = apps.get_model("repository", "Measurement").objects.using(schema_editor.connection.alias)
    measurements.filter(frozen_at__isnull=True).update(judged_from="")


class Migration(migrations.Migration):
    dependencies = [("repository", "0018_quantities"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField(
            model_name="measurement",
            name="kind",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Its techniques in the order of the vocabulary, joined by +: the group of the session's table.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="measurement",
            name="cells",
            field=models.JSONField(
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="Field -> what the session's table shows of it; made together with the findings of the checks.",
            ),
        ),
        migrations.RunPython(check_drafts_again, migrations.RunPython.noop, elidable=True),
        migrations.CreateModel(
            name="AnswerChange",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("revision", models.PositiveIntegerField(help_text="The revision that the change made.")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "answers",
                    models.JSONField(
                        help_text="[{level, key, field, old, new}]; null where nothing stood, or stands."
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answer_changes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "deposit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answer_changes",
                        to="repository.deposit",
                    ),
                ),
            ],
            options={
                "ordering": ["deposit", "revision"],
                "constraints": [
                    models.UniqueConstraint(fields=("deposit", "revision"), name="answer_change_once")
                ],
            },
        ),
    ]
