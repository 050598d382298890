"""Attempts under a limit are counted where all processes see them, whatever the broker is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repository", "0009_stored_objects")]

    operations = [
        migrations.CreateModel(
            name="LimitCount",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("paid_until", models.DateTimeField(help_text="When all attempts will have come back.")),
            ],
        ),
        # Counts are written with every request and worth nothing after a crash; half-full pages leave room to update.
        migrations.RunSQL(
            "ALTER TABLE repository_limitcount SET UNLOGGED;"
            " ALTER TABLE repository_limitcount SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
