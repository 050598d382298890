"""Front-end files of every installed app, straight from where they lie: nothing has to be collected first."""

import os
import re

from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.caching import PUBLIC_FOR_EVER

_HASHED = re.compile(r"^assets/.+-[\w-]{8}\.\w+$")
_FOR_AN_HOUR = "public, max-age=3600"


class FoundStaticFiles(StaticFiles):
    """Serves what Django's finders find; names with a hash may be kept for ever by whoever fetched them."""

    def __init__(self) -> None:
        super().__init__(check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, which is the same for everybody."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = PUBLIC_FOR_EVER if _HASHED.match(path) else _FOR_AN_HOUR
        return response

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Return the file behind an address below /static/; an address that leads out of it has none."""
        try:
            found = finders.find(path)
        except (SuspiciousFileOperation, ValueError):
            return "", None
        if not isinstance(found, str) or not os.path.isfile(found):  # noqa: PTH113  # Starlette's own types
            return "", None
        return found, os.stat(found)  # noqa: PTH116
