"""`publishing` goes: a version is there whole or not at all, in one transaction, so nothing ever was in that state."""

from django.db import migrations, models
from django.db.models import Q

STATES = [
    ("draft", "Draft"),
    ("submitted", "Handed in"),
    ("processing", "Being read"),
    ("needs_attention", "Needs attention"),
    ("ready", "Ready to publish"),
    ("published", "Published"),
]


class Migration(migrations.Migration):
    dependencies = [("repository", "0014_recipes")]

    operations = [
        migrations.AlterField(
            model_name="deposit",
            name="state",
            field=models.CharField(choices=STATES, default="draft", max_length=16),
        ),
        migrations.RemoveConstraint(model_name="deposit", name="deposit_state_known"),
        migrations.AddConstraint(
            model_name="deposit",
            constraint=models.CheckConstraint(
                condition=Q(state__in=[word for word, _ in STATES]), name="deposit_state_known"
            ),
        ),
    ]
