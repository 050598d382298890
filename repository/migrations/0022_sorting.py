"""What was decided about files that arrived: what becomes of them, and which measurement they are part of."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

FATES = [
    ("publish", "To be published"),
    ("private", "Kept private"),
    ("discard", "Discarded"),
    ("aside", "Set aside"),
]
PLACES = [
    ("", "As recognized"),
    ("own", "A measurement of its own"),
    ("alone", "Part of no measurement"),
    ("with", "Part of another file's measurement"),
]


class Migration(migrations.Migration):
    dependencies = [("repository", "0020_answers")]

    operations = [
        migrations.CreateModel(
            name="Sorting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=1024)),
                ("fate", models.CharField(choices=FATES, default="publish", max_length=8)),
                (
                    "kept_as",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="The fate with which the newest version left it in the deposit; empty where it did not.",
                        max_length=8,
                    ),
                ),
                ("place", models.CharField(blank=True, choices=PLACES, default="", max_length=8)),
                (
                    "beside",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="The primary file whose measurement it is part of.",
                        max_length=1024,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the rule for names of files decided.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "deposit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sortings",
                        to="repository.deposit",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("deposit", "path"), name="sorting_path_once"),
                    models.CheckConstraint(
                        condition=Q(fate__in=["publish", "private", "discard", "aside"]),
                        name="sorting_fate_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(kept_as__in=["", "private", "aside"]), name="sorting_kept_as_known"
                    ),
                    models.CheckConstraint(
                        condition=Q(place__in=["", "own", "alone", "with"]), name="sorting_place_known"
                    ),
                    models.CheckConstraint(
                        condition=Q(place="with") & ~Q(beside="") | ~Q(place="with") & Q(beside=""),
                        name="sorting_beside_where_with",
                    ),
                ]
            },
        ),
        migrations.AddField(
            model_name="datafile",
            name="opens_alone",
            field=models.BooleanField(
                blank=True,
                help_text="Whether it opens a measurement by itself; empty: nobody has looked since this is written down.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="deposit",
            name="told_at",
            field=models.DateTimeField(
                blank=True, help_text="When its owner was written to that it was read and what waits.", null=True
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="mails_when_read",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Whether a mail says that a deposit was read and what waits.",
            ),
        ),
    ]
