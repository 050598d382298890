"""A byte route that exists in tests only: one file, put into a folder of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import api.byte_routes
from api.byte_service import routes

TOY = """
from starlette.responses import JSONResponse

from api.byte_service.audiences import READERS_OF_MEASUREMENT
from api.byte_service.declaration import ByteRoute, Parameter, Reply
from api.byte_service.parameters import MEASUREMENT_ID, SIGNAL_NAME
from api.byte_service.reading import read_bytes

PATH = "/api/v1/measurements/{measurement_id}/signals/{name}/toy-image/{shape}"


def find_image(access, words):
    signal = access.measurement.signals.get(name=words["name"])
    return {"shape": words["shape"], "of": signal.name, "is_public": access.is_public}


async def send_image(request, image):
    kept = "public, no-cache" if image["is_public"] else "private, no-store"
    values = [float(request.query_params["inner"])]
    headers = {"Cache-Control": kept, "Toy-Rule": "centers"}
    return JSONResponse({**image, "values": values}, headers=headers, media_type="application/vnd.toy+json")


ROUTES = (
    ByteRoute(
        path=PATH,
        tag="measurements",
        parameters=(MEASUREMENT_ID, SIGNAL_NAME, Parameter(name="shape", example="annulus")),
        operations=(
            read_bytes(
                name="readToyImage",
                description="Read the image that a toy makes.",
                who_may=READERS_OF_MEASUREMENT,
                media_types=("application/vnd.toy+json",),
                parameters=(
                    Parameter(name="inner", place="query", schema={"type": "number"}, example="2.5"),
                    Parameter(name="Toy-Word", place="header", is_required=False, example="please"),
                ),
                replies=(
                    Reply(200, "The image.", {"Toy-Rule": {"type": "string"}}, has_body=True),
                ),
                find=find_image,
                send=send_image,
            ),
        ),
    ),
)
"""


@contextmanager
def byte_routes_from(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> Iterator[None]:
    """Let the folder belong to the byte routes of this process while it holds these files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(api.byte_routes, "__path__", [*api.byte_routes.__path__, str(folder)])
    routes.get_book.cache_clear()
    try:
        yield
    finally:
        for name in files:
            sys.modules.pop(f"api.byte_routes.{name}", None)
        monkeypatch.undo()
        routes.get_book.cache_clear()
