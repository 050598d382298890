"""Deposits say in the words of which version of the schema they are written, and what newer ones changed in them.

Those that are here already were written under the first version; they are moved once the migrations are done.
"""

from django.db import migrations, models

import repository.schema.versions.in_force


class Migration(migrations.Migration):
    dependencies = [("repository", "0016_judged_from")]

    operations = [
        migrations.AddField(
            model_name="deposit",
            name="schema_version",
            field=models.CharField(default=repository.schema.versions.in_force.FIRST_VERSION, max_length=20),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="deposit",
            name="schema_version",
            field=models.CharField(
                default=repository.schema.versions.in_force.get_version_in_force,
                help_text="In the words of which version the document is.",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="deposit",
            name="schema_changes",
            field=models.JSONField(
                default=list,
                help_text="[{pointer, change, version}]: what newer versions of the schema changed in it.",
            ),
        ),
        migrations.AlterField(
            model_name="measurement",
            name="schema_version",
            field=models.CharField(default=repository.schema.versions.in_force.get_version_in_force, max_length=20),
        ),
    ]
