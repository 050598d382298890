from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RepositoryConfig(AppConfig):
    """The one app that holds tables: what a dataset is and when it is citable."""

    name = "repository"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make every kind of job known to every process: whoever enqueues one must know its lane."""
        autodiscover_modules("tasks")
