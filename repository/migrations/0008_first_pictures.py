"""First pictures are marked as made from a part of the values; a deposit says how far its files are to be read."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("repository", "0007_lanes")]

    operations = [
        migrations.AddField(
            model_name="product",
            name="is_preliminary",
            field=models.BooleanField(
                default=False,
                db_default=False,
                help_text="Made from a part of the values; gone once the conversion has its own.",
            ),
        ),
        migrations.AddField(
            model_name="deposit",
            name="read_until",
            field=models.CharField(
                choices=[("opened", "Headers read and checked"), ("converted", "Converted to arrays")],
                default="converted",
                db_default="converted",
                help_text="How far the files are read since the deposit was handed in last.",
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="deposit",
            constraint=models.CheckConstraint(
                condition=Q(read_until__in=["opened", "converted"]), name="deposit_read_until_known"
            ),
        ),
    ]
