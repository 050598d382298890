"""The byte routes in the OpenAPI document: Django's generator does not see them."""

from collections.abc import Iterable
from typing import Any

from api.byte_service.declaration import ByteRoute, Operation, Parameter, Reply
from api.byte_service.routes import list_byte_routes

_PROBLEM = {
    "description": "What was wrong, where, why, and what to do.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemShape"}}},
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def describe_byte_routes(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the byte routes to what was made from the views; a hook of drf-spectacular."""
    routes = list_byte_routes()
    for route in routes:
        operations = {each.method.lower(): describe_operation(route, each) for each in route.operations}
        result["paths"].setdefault(route.path, {}).update(operations)
    components = result["components"]
    components.setdefault("responses", {})["Problem"] = _PROBLEM
    components.setdefault("parameters", {}).update(_collect_shared(routes))
    result["paths"] = dict(sorted(result["paths"].items()))
    return result


def describe_operation(route: ByteRoute, operation: Operation) -> dict[str, Any]:
    """Return an operation as OpenAPI writes it."""
    audience = operation.who_may
    parameters = (*route.parameters, *operation.parameters)
    described: dict[str, Any] = {
        "operationId": operation.name,
        "description": f"{operation.description} {audience.sentence}",
        "tags": [route.tag],
        "security": [{"token": []}] if audience.needs_account else [{}, {"token": []}],
        "parameters": [_refer(parameter) for parameter in parameters],
    }
    if operation.takes:
        described["requestBody"] = {"required": True, "content": {operation.takes: _BINARY}}
    described["responses"] = {
        str(reply.status): _describe_reply(operation, reply) for reply in operation.replies
    }
    described["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    return described


def _describe_reply(operation: Operation, reply: Reply) -> dict[str, Any]:
    described: dict[str, Any] = {"description": reply.description}
    if reply.headers:
        described["headers"] = {name: _describe_header(schema) for name, schema in reply.headers.items()}
    if reply.has_body:
        described["content"] = dict.fromkeys(operation.media_types, _BINARY)
    return described


def _describe_header(schema: Any) -> dict[str, Any]:
    described = {"schema": {key: value for key, value in schema.items() if key != "description"}}
    return described | ({"description": schema["description"]} if "description" in schema else {})


def _refer(parameter: Parameter) -> dict[str, Any]:
    if parameter.component:
        return {"$ref": f"#/components/parameters/{parameter.component}"}
    return _describe_parameter(parameter)


def _describe_parameter(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {"name": parameter.name, "in": parameter.place}
    if parameter.is_required:
        described["required"] = True
    described["schema"] = dict(parameter.schema)
    if parameter.description:
        described["description"] = parameter.description
    if parameter.example:
        described["example"] = parameter.example
    return described


def _collect_shared(routes: Iterable[ByteRoute]) -> dict[str, Any]:
    shared = {
        parameter.component: _describe_parameter(parameter)
        for route in routes
        for parameter in route.list_all_parameters()
        if parameter.component
    }
    return dict(sorted(shared.items()))
