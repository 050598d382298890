"""Each measurement keeps from what its findings were made, so that only what has changed is checked again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repository", "0015_deposit_states")]

    operations = [
        migrations.AddField(
            model_name="measurement",
            name="judged_from",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Digest of what its findings of the checks rest on; empty where nothing was checked.",
                max_length=64,
            ),
        )
    ]
