"""The byte routes in the OpenAPI document: Django's generator does not see them."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def _read_description() -> str:
    return (Path(__file__).parent / "openapi.yaml").read_text(encoding="utf-8")


def describe_byte_routes(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the hand-written description to what was made from the views; a hook of drf-spectacular."""
    described = yaml.safe_load(_read_description())
    for address, operations in described["paths"].items():
        shared = operations.pop("parameters", [])
        known = result["paths"].setdefault(address, {})
        for method, operation in operations.items():
            operation.setdefault("security", [{"token": []}])
            operation["parameters"] = [*shared, *operation.get("parameters", ())]
            known[method] = operation
    for kind, parts in described["components"].items():
        result["components"].setdefault(kind, {}).update(parts)
    result["paths"] = dict(sorted(result["paths"].items()))
    return result
