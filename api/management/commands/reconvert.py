"""`manage.py reconvert`: arrays and pictures of drafts that an earlier release made otherwise."""

from typing import Any

from django.core.management.base import BaseCommand

from processing.workflows import follow_records, reconvert_drafts


class Command(BaseCommand):
    """Have the workers convert what is not published again; it may be run as often as one likes."""

    help = (
        "Convert the arrays of drafts again whose chunks have no checksums, or that are damaged, and make again "
        "what does not say yet what the metadata say. "
        "Published arrays never change; they are checked as whole objects."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run the command."""
        outdated = reconvert_drafts()
        count = len(outdated.drafts)
        drafts = "measurement of a draft is" if count == 1 else "measurements of drafts are"
        self.stdout.write(f"{count} {drafts} converted again by the workers.")
        followed = follow_records()
        drafts = "measurement of a draft follows" if followed == 1 else "measurements of drafts follow"
        self.stdout.write(f"{followed} {drafts} the metadata: new pictures and axes, no new array.")
        if outdated.published:
            count = len(outdated.published)
            stay = "measurement stays as it is" if count == 1 else "measurements stay as they are"
            self.stdout.write(
                f"{count} published {stay}: what is published never changes. "
                "Published objects are read again on the cycle, and as often as `manage.py verify` is run."
            )
