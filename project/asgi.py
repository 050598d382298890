"""The web process: byte routes, front-end files and Django in one ASGI application."""

import os
from typing import cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup(set_prefix=False)  # before anything that needs the app registry

from django.db import connections  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.routing import Mount  # noqa: E402
from starlette.types import ASGIApp  # noqa: E402

from api.before_django import (  # noqa: E402
    FoundStaticFiles,
    OneThreadHandler,
    WholeBodies,
)
from api.byte_service.cors import CrossOriginReads  # noqa: E402
from api.byte_service.routes import build_byte_routes, list_byte_routes  # noqa: E402
from api.caching import PrivateUnlessPublic  # noqa: E402
from api.carried_grants import UnseenByRobots  # noqa: E402
from api.doorway import Doorway  # noqa: E402
from api.health import build_health_routes  # noqa: E402
from project.connections import suit_requests  # noqa: E402

suit_requests(connections.settings["default"])


def build_application() -> tuple[Starlette, ASGIApp]:
    """Return the routes of the web process, and what is served: the same behind what holds for every answer."""
    django_asgi = WholeBodies(cast("ASGIApp", OneThreadHandler()))
    routes = list_byte_routes()
    web = Starlette(
        routes=[
            *build_health_routes(),
            *build_byte_routes(routes),
            Mount("/static", FoundStaticFiles()),
            Mount("/", django_asgi),
        ],
    )
    web.router.default = django_asgi  # a line break in an address matches no route, not even "/"
    return web, PrivateUnlessPublic(UnseenByRobots(Doorway(CrossOriginReads(web, routes))))


web, application = build_application()
