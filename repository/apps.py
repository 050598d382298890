from django.apps import AppConfig


class RepositoryConfig(AppConfig):
    """The one app that holds tables: what a dataset is and when it is citable."""

    name = "repository"
    default_auto_field = "django.db.models.BigAutoField"
