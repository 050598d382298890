"""Groups of people, and which group a deposit belongs to; who is in one decides who may have which bytes."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import repository.schema.identifiers

decisions = import_module("repository.migrations.0013_decisions_and_edits")

# As in 0013: (subject of a row r, what joins it, what decides beside the subject, events)
DECIDING = {"repository_membership": ("'user:' || r.user_id", "", "r.group_id, r.role", "UPDATE DELETE")}


FORMER_DEPOSIT = ("'deposit:' || r.id", "", "r.owner_id", "UPDATE DELETE")
DEPOSIT = ("'deposit:' || r.id", "", "r.owner_id, r.group_id", "UPDATE DELETE")

CREATE = decisions.write_triggers(DECIDING)
DROP = decisions.drop_triggers(DECIDING)


class Migration(migrations.Migration):
    dependencies = [("repository", "0024_finding_why")]

    operations = [
        migrations.CreateModel(
            name="Group",
            fields=[
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
                    "ror",
                    models.CharField(
                        blank=True,
                        help_text="The institution's ROR identifier without its address.",
                        max_length=9,
                    ),
                ),
                (
                    "quota_bytes",
                    models.BigIntegerField(
                        blank=True,
                        help_text="Empty: its deposits count against the quota of their owners.",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["name", "id"]},
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("member", "Member"), ("manager", "Manager")], default="member", max_length=8
                    ),
                ),
                ("joined_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="repository.group",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="group_memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["joined_at", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("group", "user"), name="membership_once"),
                    models.CheckConstraint(
                        condition=Q(role__in=["member", "manager"]), name="membership_role_known"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="group",
            name="members",
            field=models.ManyToManyField(
                related_name="laboratories", through="repository.Membership", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.UniqueConstraint(
                django.db.models.functions.Lower("name"),
                condition=Q(closed_at__isnull=True),
                name="group_name_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.CheckConstraint(
                condition=Q(ror="") | Q(ror__regex="^0[0-9a-hjkmnp-tv-z]{6}[0-9]{2}$"), name="group_ror_form"
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.CheckConstraint(
                condition=Q(quota_bytes__isnull=True) | Q(quota_bytes__gte=0), name="group_quota_not_negative"
            ),
        ),
        migrations.AddField(
            model_name="deposit",
            name="group",
            field=models.ForeignKey(
                blank=True,
                help_text="The laboratory whose members look into it.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="held_deposits",
                to="repository.group",
            ),
        ),
        migrations.RunSQL(
            [CREATE, decisions.write_function(DEPOSIT, "repository_deposit", "UPDATE")],
            reverse_sql=[decisions.write_function(FORMER_DEPOSIT, "repository_deposit", "UPDATE"), DROP],
        ),
    ]
