"""`manage.py conform`: check what is published against the versions of the schema under which it was published."""

from typing import Any

from django.core.management.base import BaseCommand

from repository.selectors.conformance import list_deviating_documents


class Command(BaseCommand):
    """Read every published document, say where one deviates, and end with 1 where one does."""

    help = (
        "Check every published document against its own version of the metadata schema; nothing is changed."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run the command."""
        found = 0
        for one in list_deviating_documents():
            found += 1
            place = f"{one.dataset}.v{one.number} {one.measurement}".strip()
            self.stdout.write(f"{place}, stem {one.schema_version}, {one.pointer or '/'}: {one.message}")
        places = "place deviates" if found == 1 else "places deviate"
        self.stdout.write(f"{found} {places} from the schema under which it was published.")
        if found:
            raise SystemExit(1)
