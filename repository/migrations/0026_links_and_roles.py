"""Invitations, links for reviewers, what a co-owner may do, and the institution of an account.

Co-owners from before may do all that they could. Role and link decide about bytes, so their changes tell.
"""

from importlib import import_module

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


decisions = import_module("repository.migrations.0013_decisions_and_edits")

# As in 0013: (subject of a row r, what joins it, what decides beside the subject, events)
DECIDING = {
    "repository_reviewerlink": (
        "'deposit:' || r.deposit_id",
        "",
        "r.digest, r.expires_at, r.revoked_at",
        "UPDATE DELETE",
    )
}
FORMER_MEMBER = ("'deposit:' || r.deposit_id", "", "r.user_id", "UPDATE DELETE")
MEMBER = ("'deposit:' || r.deposit_id", "", "r.user_id, r.role", "UPDATE DELETE")


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('repository', '0025_groups'),
    ]

    operations = [
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(max_length=8)),
                ('address', models.EmailField(help_text='In its one spelling.', max_length=254)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('outcome', models.CharField(blank=True, choices=[('accepted', 'Accepted'), ('declined', 'Declined'), ('revoked', 'Taken back')], default='', help_text='Empty: nobody has answered.', max_length=8)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-created_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='ReviewerLink',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('label', models.CharField(help_text='Whom it is for, as its maker wrote it.', max_length=100)),
                ('digest', models.CharField(help_text='SHA-256 of the key.', max_length=64, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-created_at', 'id'],
            },
        ),
        migrations.AddField(
            model_name='depositmember',
            name='role',
            field=models.CharField(choices=[('view', 'May look'), ('edit', 'May change the draft'), ('publish', 'May change and publish it')], db_default='publish', default='publish', max_length=8),
        ),
        migrations.AddField(
            model_name='user',
            name='affiliation_ror',
            field=models.CharField(blank=True, db_default='', help_text="The institution's ROR identifier without its address.", max_length=9),
        ),
        migrations.AddConstraint(
            model_name='depositmember',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['view', 'edit', 'publish'])), name='deposit_member_role_known'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('affiliation_ror', ''), ('affiliation_ror__regex', '^0[0-9a-hjkmnp-tv-z]{6}[0-9]{2}$'), _connector='OR'), name='user_ror_form'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='accepted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='invitation',
            name='deposit',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='repository.deposit'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='group',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='repository.group'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='invited_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='invitation',
            name='message',
            field=models.ForeignKey(blank=True, help_text='The mail, until it is forgotten.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='repository.message'),
        ),
        migrations.AddField(
            model_name='reviewerlink',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reviewerlink',
            name='deposit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviewer_links', to='repository.deposit'),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(condition=models.Q(('outcome', '')), fields=['address'], name='invitation_waiting'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('deposit__isnull', False), ('group__isnull', True), ('role__in', ['view', 'edit', 'publish'])), models.Q(('deposit__isnull', True), ('group__isnull', False), ('role__in', ['member', 'manager'])), _connector='OR'), name='invitation_is_to_one'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('accepted_by__isnull', True), ('outcome', ''), ('settled_at__isnull', True)), models.Q(('accepted_by__isnull', False), ('outcome', 'accepted'), ('settled_at__isnull', False)), models.Q(('accepted_by__isnull', True), ('outcome__in', ['declined', 'revoked']), ('settled_at__isnull', False)), _connector='OR'), name='invitation_outcome_known'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', '')), fields=('group', 'address'), name='invitation_to_group_once'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', '')), fields=('deposit', 'address'), name='invitation_to_deposit_once'),
        ),
        migrations.AddConstraint(
            model_name='reviewerlink',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='reviewer_link_ends_later'),
        ),
        migrations.AddConstraint(
            model_name='reviewerlink',
            constraint=models.CheckConstraint(condition=models.Q(('digest__regex', '^[0-9a-f]{64}$')), name='reviewer_link_digest_form'),
        ),
        migrations.RunSQL(
            [
                decisions.write_triggers(DECIDING),
                decisions.write_function(MEMBER, "repository_depositmember", "UPDATE"),
            ],
            reverse_sql=[
                decisions.write_function(FORMER_MEMBER, "repository_depositmember", "UPDATE"),
                decisions.drop_triggers(DECIDING),
            ],
        ),
    ]
