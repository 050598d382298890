"""The document keeps the order of its patterns. What is stored stays as it is: which order it was given in is not known."""

from django.db import migrations

import repository.models.supplied


class Migration(migrations.Migration):
    dependencies = [("repository", "0022_sorting")]

    operations = [
        migrations.AlterField(
            model_name="deposit",
            name="document",
            field=repository.models.supplied.SuppliedField(
                default=dict, help_text="What the person supplied: dataset, defaults, measurements."
            ),
        ),
    ]
