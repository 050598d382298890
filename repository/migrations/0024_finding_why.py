"""What a finding rests on stands apart from what it says."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repository", "0023_order_of_patterns")]

    operations = [
        migrations.AddField(
            model_name="finding",
            name="why",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
