"""`manage.py verify`: read stored objects again and say which are damaged, or no longer."""

import json
import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from repository.selectors.damage import describe_damaged
from repository.services.fixity import ObjectUnreadableError, check_object, list_all
from repository.services.storage import ObjectStoreUnavailableError
from repository.services.store_mark import mark_store

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Command(BaseCommand):
    """Read objects, write down what is found, and end with 1 where damage is left or something could not be read."""

    help = "Read stored objects again: all, the damaged ones, or those named; what is good again is given out again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the arguments."""
        parser.add_argument("digests", nargs="*", metavar="SHA256", help="Objects to read.")
        parser.add_argument("--all", action="store_true", help="Read everything, without a pause.")
        parser.add_argument("--damaged", action="store_true", help="Read what is known to be damaged.")
        parser.add_argument(
            "--list", action="store_true", help="Read nothing; name what is known to be damaged."
        )
        parser.add_argument(
            "--mark-store",
            action="store_true",
            help="Before that, say that this is the store, though it lacks most: what is missing is lost.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the command."""
        digests = self._choose(options)
        if options["mark_store"]:
            mark_store()
        unread = {}
        for sha256 in digests:
            try:
                said = check_object(sha256) or "good"
            except ObjectUnreadableError as fault:
                said = unread[sha256] = f"The store refuses it: {fault}."
            except ObjectStoreUnavailableError as fault:
                raise CommandError(f"The object store does not answer: {fault}") from fault
            if options["verbosity"] > 1 and not options["json"]:
                self.stdout.write(f"{sha256} {said}")
        self._report(len(digests) - len(unread), unread, as_json=options["json"])

    def _report(self, checked: int, unread: dict[str, str], *, as_json: bool) -> None:
        damaged = describe_damaged()
        if as_json:
            listed = [
                {
                    "sha256": item.sha256,
                    "size": item.size,
                    "damaged_at": item.damaged_at.isoformat(),
                    "damage": item.damage,
                    "places": list(item.places),
                }
                for item in damaged
            ]
            refused = [{"sha256": sha256, "reason": reason} for sha256, reason in unread.items()]
            self.stdout.write(json.dumps({"checked": checked, "damaged": listed, "unread": refused}))
        else:
            for sha256, reason in unread.items():
                self.stdout.write(f"{sha256} was not read. {reason}")
            self._tell(checked, damaged)
        if damaged or unread:
            raise SystemExit(1)

    def _choose(self, options: dict[str, Any]) -> list[str]:
        named: list[str] = options["digests"]
        chosen = [bool(named), options["all"], options["damaged"], options["list"]]
        if sum(chosen) != 1:
            raise CommandError("Name objects by their SHA-256, or say --all, --damaged or --list.")
        wrong = [sha256 for sha256 in named if not _DIGEST.fullmatch(sha256)]
        if wrong:
            raise CommandError(f"{wrong[0]} is not a SHA-256: 64 digits and letters a to f.")
        if options["list"]:
            return []
        return named or list_all(only_damaged=options["damaged"])

    def _tell(self, checked: int, damaged: list[Any]) -> None:
        for item in damaged:
            self.stdout.write(f"{item.sha256} {item.size} bytes, since {item.damaged_at:%Y-%m-%d %H:%M} UTC")
            self.stdout.write(f"  {item.damage}")
            for place in item.places:
                self.stdout.write(f"  {place}")
        self.stdout.write(
            f"{checked} {'object' if checked == 1 else 'objects'} read; {len(damaged)} damaged."
        )
