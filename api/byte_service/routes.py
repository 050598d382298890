"""The addresses that send and receive bytes beside Django."""

from starlette.routing import BaseRoute, Route

from api.byte_service.answers import Endpoint, RefusedMethod, answering_problems
from api.byte_service.archives import send_archive
from api.byte_service.downloads import (
    send_array_object,
    send_dataset_file,
    send_deposit_file,
    send_product,
)
from api.byte_service.tus import handle_upload, handle_uploads
from api.byte_service.tus_headers import speaking_tus

READ = ["GET"]  # Starlette adds HEAD
_BASE = "/api/v1"
_SIGNAL = f"{_BASE}/measurements/{{measurement_id}}/signals/{{name}}"
_REDUCTION = f"{_BASE}/measurements/{{measurement_id}}/reductions/{{product}}"


def _route(path: str, endpoint: Endpoint, methods: list[str]) -> Route:
    return Route(path, answering_problems(endpoint), methods=methods, name=endpoint.__name__)


def _twins(path: str, endpoint: Endpoint, methods: list[str]) -> list[Route]:
    """Return the routes of an address with and without the last slash."""
    return [_route(path, endpoint, methods), _route(f"{path}/", endpoint, methods)]


def _tus_route(path: str, endpoint: Endpoint, methods: list[str]) -> Route:
    return Route(path, speaking_tus(answering_problems(endpoint)), methods=methods, name=endpoint.__name__)


def build_byte_routes() -> list[BaseRoute]:
    """Return the byte routes; what they do not answer goes on to Django.

    Django knows one of their addresses too, a draft's file; the others refuse foreign methods here.
    """
    routes = _build_answering_routes()
    foreign = [route for route in routes if "/deposits/" not in route.path]
    return [*routes, *(Route(route.path, RefusedMethod(route.methods or set())) for route in foreign)]


def _build_answering_routes() -> list[Route]:
    return [
        _tus_route(f"{_BASE}/uploads", handle_uploads, ["POST", "OPTIONS"]),
        _tus_route(f"{_BASE}/uploads/", handle_uploads, ["POST", "OPTIONS"]),
        _tus_route(f"{_BASE}/uploads/{{upload_id}}", handle_upload, ["HEAD", "PATCH", "DELETE", "OPTIONS"]),
        _tus_route(f"{_BASE}/uploads/{{upload_id}}/", handle_upload, ["HEAD", "PATCH", "DELETE", "OPTIONS"]),
        _route(f"{_BASE}/deposits/{{deposit_id}}/files/{{path:path}}", send_deposit_file, READ),
        _route(f"{_BASE}/datasets/{{dataset_id}}/files/{{path:path}}", send_dataset_file, READ),
        *_twins(f"{_BASE}/datasets/{{dataset_id}}/zip", send_archive, READ),
        *_twins(f"{_BASE}/datasets/{{dataset_id}}/versions/{{number:int}}/zip", send_archive, READ),
        _route(
            f"{_BASE}/datasets/{{dataset_id}}/versions/{{number:int}}/files/{{path:path}}",
            send_dataset_file,
            READ,
        ),
        _route(f"{_SIGNAL}/zarr/{{key:path}}", send_array_object, READ),
        _route(f"{_SIGNAL}/companion/{{key:path}}", send_array_object, READ),
        *_twins(f"{_REDUCTION}/data", send_product, READ),
        *_twins(f"{_REDUCTION}/preview.png", send_product, READ),
    ]
