"""Front-end files of every installed app, straight from where they lie: nothing has to be collected first."""

import os

from django.contrib.staticfiles import finders
from starlette.staticfiles import StaticFiles


class FoundStaticFiles(StaticFiles):
    """Serves what Django's finders find; names with a hash may be kept for ever by whoever fetched them."""

    def __init__(self) -> None:
        super().__init__(check_dir=False)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Return the file behind an address below /static/."""
        found = finders.find(path)
        if not isinstance(found, str) or not os.path.isfile(found):  # noqa: PTH113  # Starlette's own types
            return "", None
        return found, os.stat(found)  # noqa: PTH116
