"""The column of what persons supplied: JSON in which the order of the patterns counts."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from repository.schema.documents.pattern_order import note_order, restore_order


class SuppliedField(models.JSONField):
    """A document with its patterns in the order in which they were given."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return what is stored."""
        stored = note_order(value) if isinstance(value, Mapping) else value
        return super().get_db_prep_value(stored, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return what was given."""
        stored = super().from_db_value(value, expression, connection)
        return restore_order(stored) if isinstance(stored, Mapping) else stored
