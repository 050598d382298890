"""Messages that jobs send; co-owners are named, and nobody is told whether the name has an account."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

_NAME_MEMBERS = """
UPDATE repository_depositmember AS member SET name = person.username
FROM repository_user AS person WHERE person.id = member.user_id
"""
_FORGET_UNKNOWN = "DELETE FROM repository_depositmember WHERE user_id IS NULL"


class Migration(migrations.Migration):
    dependencies = [("repository", "0011_limit_counts"), ("account", "0009_emailaddress_unique_primary_email")]

    operations = [
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("written", "Written"),
                            ("sign_up", "Making an account"),
                            ("password_reset", "A new password"),
                        ],
                        max_length=16,
                    ),
                ),
                ("recipient", models.EmailField(max_length=254)),
                ("subject", models.CharField(blank=True, max_length=300)),
                (
                    "text",
                    models.TextField(blank=True, help_text="Empty once it is settled: it may hold a link."),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Failed")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "used_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When an account was made by its link, which works once.",
                        null=True,
                    ),
                ),
                ("last_error", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "indexes": [models.Index(fields=["state", "created_at"], name="message_by_state")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(purpose__in=["written", "sign_up", "password_reset"]),
                        name="message_purpose_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(state__in=["waiting", "sent", "failed"]), name="message_state_known"
                    ),
                    models.CheckConstraint(
                        condition=Q(state="waiting") | Q(text=""), name="message_settled_without_text"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="depositmember",
            name="name",
            field=models.CharField(
                default="", db_default="", help_text="The user name as the owner wrote it.", max_length=150
            ),
        ),
        migrations.RunSQL(_NAME_MEMBERS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="depositmember",
            name="user",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty where no account had the name.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="memberships",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, _FORGET_UNKNOWN),
        migrations.AddConstraint(
            model_name="depositmember",
            constraint=models.UniqueConstraint(fields=("deposit", "name"), name="deposit_member_named_once"),
        ),
    ]
