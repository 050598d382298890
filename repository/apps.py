from typing import Any

from django.apps import AppConfig
from django.apps import apps as present_apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class RepositoryConfig(AppConfig):
    """The one app that holds tables: what a dataset is and when it is citable."""

    name = "repository"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make every kind of job known to every process: whoever enqueues one must know its lane."""
        autodiscover_modules("tasks")
        post_migrate.connect(follow_the_schema, sender=self)


def follow_the_schema(*, apps: Any = present_apps, **_about: Any) -> None:
    """Bring drafts and facts to where the schema is, once the tables are as far as this program is."""
    if hasattr(apps.get_model("repository", "SearchEntry"), "quantities"):
        from repository.services.facts import refresh_facts  # noqa: PLC0415 - tables exist after ready()
        from repository.services.schema_moves import move_drafts  # noqa: PLC0415

        move_drafts()
        refresh_facts()
