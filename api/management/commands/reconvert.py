"""`manage.py reconvert`: arrays of drafts that were converted before their chunks had checksums."""

from typing import Any

from django.core.management.base import BaseCommand

from processing.workflows import reconvert_drafts


class Command(BaseCommand):
    """Have the workers convert what is not published again; it may be run as often as one likes."""

    help = (
        "Convert the arrays of drafts again whose chunks have no checksums, or that are damaged. "
        "Published arrays never change; they are checked as whole objects."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run the command."""
        outdated = reconvert_drafts()
        self.stdout.write(
            f"{len(outdated.drafts)} measurements of drafts are converted again by the workers."
        )
        if outdated.published:
            self.stdout.write(
                f"{len(outdated.published)} published measurements stay as they are: what is published never changes. "
                "Their objects are read again on the cycle, and as often as `manage.py verify` is run."
            )
