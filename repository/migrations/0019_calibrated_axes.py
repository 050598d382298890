"""Each signal keeps the axes with which its array and pictures were made, so that a changed answer is noticed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repository", "0018_quantities")]

    operations = [
        migrations.AddField(
            model_name="signal",
            name="calibrated_axes",
            field=models.JSONField(
                db_default=models.Value([], models.JSONField()),
                default=list,
                help_text="Those with which its array and pictures were made; empty: as the file has them.",
            ),
        ),
        migrations.AlterField(
            model_name="signal",
            name="axes",
            field=models.JSONField(
                default=list, help_text="As the file has them: [{name, size, unit, scale, offset}]."
            ),
        ),
    ]
