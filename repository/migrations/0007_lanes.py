"""Jobs have a lane and know whose turn they take; the times that decide about them are the database's."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Now

FILL = """
UPDATE repository_job SET lane = 'short' WHERE kind NOT IN ('convert_measurement', 'reduce_measurement');
UPDATE repository_job job SET depositor = deposit.owner_id
FROM repository_deposit deposit WHERE deposit.id = job.deposit_id;
"""


class Migration(migrations.Migration):
    dependencies = [("repository", "0006_versions_leave_out")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="depositor",
            field=models.PositiveBigIntegerField(
                default=0,
                db_default=0,
                help_text="Whose turn it takes: the account of the deposit's owner, 0 for the house itself.",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="lane",
            field=models.CharField(
                choices=[("short", "short"), ("long", "long")], db_default="long", default="long", max_length=8
            ),
        ),
        migrations.RunSQL(FILL, reverse_sql=migrations.RunSQL.noop),
        migrations.AddField(
            model_name="workerheartbeat",
            name="lanes",
            field=ArrayField(base_field=models.CharField(max_length=8), default=list, size=None),
        ),
        migrations.AlterField(
            model_name="job", name="created_at", field=models.DateTimeField(db_default=Now())
        ),
        migrations.AlterField(
            model_name="job", name="not_before", field=models.DateTimeField(db_default=Now())
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=Q(state="queued"),
                fields=["lane", "depositor", "created_at", "id"],
                name="job_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(condition=Q(state="running"), fields=["lane", "depositor"], name="job_held"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                fields=["lane", "depositor", "-started_at"],
                name="job_served",
                condition=Q(started_at__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(condition=Q(lane__in=["short", "long"]), name="job_lane_known"),
        ),
    ]
