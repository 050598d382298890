"""Where the arrays and results of a measurement came from, in the words of PROV: files, programs, what they made."""

import base64
import hashlib
from typing import Any

from repository.exports.declaration import MeasurementExport
from repository.exports.subjects import ExportedMeasurement, ExportedProduct, ExportedSignal
from repository.schema.documents.provenance import Input, Software

CONTEXT = {
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "schema": "https://schema.org/",
    "sha256": "schema:sha256",
    "name": "schema:name",
    "softwareVersion": "schema:softwareVersion",
    "used": {"@id": "prov:used", "@type": "@id"},
    "generated": {"@id": "prov:generated", "@type": "@id"},
    "wasAssociatedWith": {"@id": "prov:wasAssociatedWith", "@type": "@id"},
    "wasDerivedFrom": {"@id": "prov:wasDerivedFrom", "@type": "@id"},
}


def write_provenance(measurement: ExportedMeasurement) -> dict[str, Any]:
    """Return a graph: every file and object by its digest, every result, what made it, and with which libraries."""
    graph: dict[str, dict[str, Any]] = {}

    def add(node: dict[str, Any]) -> str:
        return str(graph.setdefault(node["@id"], node)["@id"])

    files = [add(_describe_input(one)) for one in measurement.files]
    for signal in measurement.signals:
        agent = None if signal.software is None else add(_describe_software(signal.software))
        _add(graph, _describe_array(signal, files), agent, "convert", files)
    for product in measurement.products:
        used = [add(_describe_input(one)) for one in product.inputs]
        agent = add(_describe_software(product.software))
        _add(graph, _describe_product(product, used), agent, _name_recipe(product), used, product.settings)
    record = measurement.record
    return {
        "@context": CONTEXT,
        "@id": f"{record.address}#{measurement.id}",
        "@type": "prov:Bundle",
        "name": f"Provenance of the measurement {measurement.id} of {record.title}",
        "@graph": list(graph.values()),
    }


def _add(
    graph: dict[str, dict[str, Any]],
    made: dict[str, Any],
    agent: str | None,
    recipe: str,
    used: list[str],
    settings: Any = None,
) -> None:
    activity = {
        "@id": f"{made['@id']}#making",
        "@type": "prov:Activity",
        "name": recipe,
        "used": used,
        "generated": made["@id"],
        "wasAssociatedWith": agent,
        "schema:object": {"@type": "@json", "@value": settings} if settings else None,
    }
    graph[made["@id"]] = made
    graph[activity["@id"]] = {key: value for key, value in activity.items() if value is not None}


def _name_recipe(product: ExportedProduct) -> str:
    return f"{product.recipe} {product.recipe_version}" if product.recipe_version else product.recipe


def _describe_input(one: Input) -> dict[str, Any]:
    named = {"name": one.path} if one.path else {}
    return {"@id": _name_bytes(one.sha256), "@type": "prov:Entity", **named, "sha256": one.sha256}


def _name_bytes(sha256: str) -> str:
    """Return the name of bytes by their digest (RFC 6920)."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"


def _describe_array(signal: ExportedSignal, files: list[str]) -> dict[str, Any]:
    return {
        "@id": signal.zarr,
        "@type": "prov:Entity",
        "name": f"Array of the signal {signal.name}",
        "wasDerivedFrom": files,
    }


def _describe_product(product: ExportedProduct, used: list[str]) -> dict[str, Any]:
    return {
        "@id": product.address,
        "@type": "prov:Entity",
        "name": f"{product.title} of {product.signal}" if product.signal else product.title,
        "schema:encodingFormat": product.media_type,
        "sha256": product.sha256,
        "prov:generatedAtTime": {"@type": "xsd:dateTime", "@value": product.made_at.isoformat()},
        "wasDerivedFrom": used,
    }


def _describe_software(software: Software) -> dict[str, Any]:
    """Return the program with its libraries; one node for all that one installation made by one program."""
    described = {
        "name": " ".join(filter(None, (software.package, software.program))),
        "softwareVersion": software.version,
        "schema:identifier": software.commit,
        "schema:softwareRequirements": [
            {"@type": "schema:SoftwareApplication", "name": name, "softwareVersion": number}
            for name, number in (
                *([("python", software.python)] if software.python else []),
                *software.libraries.items(),
            )
        ],
    }
    words = [
        software.program,
        software.code_version,
        software.python,
        *map(" ".join, software.libraries.items()),
    ]
    return {
        "@id": f"_:software-{hashlib.sha256(chr(10).join(words).encode()).hexdigest()[:16]}",
        "@type": ["prov:SoftwareAgent", "schema:SoftwareApplication"],
        **{key: value for key, value in described.items() if value},
    }


EXPORT = MeasurementExport(
    module=__name__,
    ending="prov.jsonld",
    label="Provenance (PROV)",
    media_type="application/ld+json",
    profile="http://www.w3.org/ns/prov#",
    description="Every file with its digest, every array and result, the recipe and the program that made it, with the "
    "versions of its libraries.",
    specification="https://www.w3.org/TR/prov-o/",
    write=write_provenance,
)
