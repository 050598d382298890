import datetime as dt
import math
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from repository.services.collection import collect_objects, count_waiting, forecast_collection
from repository.services.disk import format_bytes
from repository.services.store_walks import list_unlisted, mark_unreferenced, note_unlisted

AT_ONCE = dt.timedelta()


class Command(BaseCommand):
    """Do in one go, to the end, what beat does by and by."""

    help = "Remove stored bytes to which nothing has referred for STEMMA_COLLECT_GRACE hours."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take no argument but whether to look only."""
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would be removed, and change nothing"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Look, and remove unless it is only to be shown."""
        if options["dry_run"]:
            self._show()
            return
        unlisted = note_unlisted(seconds=math.inf, pause=AT_ONCE)
        marked = mark_unreferenced(seconds=math.inf, pause=AT_ONCE)
        removed = collect_objects(seconds=math.inf)
        self._say("object had no row and has one now", "objects had no row and have one now", unlisted)
        self._say("object was found without a reference", "objects were found without a reference", marked)
        self._say("object was removed", "objects were removed", removed.count, removed.size)
        self._say_waiting()

    def _show(self) -> None:
        count, size = 0, 0
        for item in forecast_collection():
            self.stdout.write(
                f"{item.digest} {item.size} bytes, unreferenced since {item.unreferenced_since}"
            )
            count, size = count + 1, size + item.size
        self._say("object would be removed", "objects would be removed", count, size)
        self._say_waiting()
        unlisted = [item.size for item in list_unlisted()]
        self._say(
            "object has no row yet; the next walk writes it",
            "objects have no row yet; the next walk writes it",
            len(unlisted),
            sum(unlisted),
        )

    def _say_waiting(self) -> None:
        waiting = count_waiting()
        self._say(
            "object is without a reference in all, its grace time over or not",
            "objects are without a reference in all, their grace time over or not",
            waiting.count,
            waiting.size,
        )

    def _say(self, one: str, many: str, count: int, size: int | None = None) -> None:
        with_size = "" if size is None else f" ({format_bytes(size)})"
        self.stdout.write(f"{count} {one if count == 1 else many}{with_size}")
