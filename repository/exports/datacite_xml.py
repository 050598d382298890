"""DataCite metadata as XML, valid against kernel 4.7.

The XML is written from the JSON form of the same record, so the two say the same by construction.
"""

from typing import Any

from lxml import etree

from repository.exports.datacite_json import SCHEMA_VERSION, build_datacite_json
from repository.exports.declaration import DatasetExport
from repository.schema.export.record import CitationRecord

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SCHEMA_LOCATION = f"{SCHEMA_VERSION} https://schema.datacite.org/meta/kernel-4.7/metadata.xsd"

_NAMESPACES: Any = {None: SCHEMA_VERSION, "xsi": _XSI}  # lxml's stubs know no default namespace

# Our JSON key -> the standard's XML attribute; a key that is absent here keeps its name.
_ATTRIBUTES = {"lang": _XML_LANG, "schemeUri": "schemeURI", "rightsUri": "rightsURI", "valueUri": "valueURI"}

# List in the JSON -> (wrapping element, element, key that holds the text)
_LISTS = {
    "titles": ("titles", "title", "title"),
    "subjects": ("subjects", "subject", "subject"),
    "dates": ("dates", "date", "date"),
    "alternateIdentifiers": ("alternateIdentifiers", "alternateIdentifier", "alternateIdentifier"),
    "relatedIdentifiers": ("relatedIdentifiers", "relatedIdentifier", "relatedIdentifier"),
    "rightsList": ("rightsList", "rights", "rights"),
    "descriptions": ("descriptions", "description", "description"),
}


def build_datacite_xml(record: CitationRecord) -> bytes:
    """Return the record as UTF-8 XML; raise ``MissingDoiError`` where no DOI is reserved."""
    document = build_datacite_json(record)
    root = etree.Element(_tag("resource"), nsmap=_NAMESPACES)
    root.set(f"{{{_XSI}}}schemaLocation", _SCHEMA_LOCATION)
    _add(root, "identifier", document["doi"], identifierType="DOI")
    _add_creators(root, document["creators"])
    _add_list(root, document, "titles")
    _add(root, "publisher", document["publisher"]["name"])
    _add(root, "publicationYear", str(document["publicationYear"]))
    types = document["types"]
    _add(root, "resourceType", types["resourceType"], resourceTypeGeneral=types["resourceTypeGeneral"])
    for name in ("subjects", "dates"):
        _add_list(root, document, name)
    _add(root, "language", document["language"])
    for name in ("alternateIdentifiers", "relatedIdentifiers"):
        _add_list(root, document, name)
    for wrapper, name in (("sizes", "size"), ("formats", "format")):
        if document[wrapper]:
            parent = _add(root, wrapper)
            for text in document[wrapper]:
                _add(parent, name, text)
    if "version" in document:
        _add(root, "version", document["version"])
    for name in ("rightsList", "descriptions"):
        _add_list(root, document, name)
    _add_funding(root, document["fundingReferences"])
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _tag(name: str) -> str:
    return f"{{{SCHEMA_VERSION}}}{name}"


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, _tag(name))
    element.text = text
    for key, value in attributes.items():
        element.set(_ATTRIBUTES.get(key, key), value)
    return element


def _add_list(root: etree._Element, document: dict[str, Any], name: str) -> None:
    wrapper, element, text_key = _LISTS[name]
    if not document[name]:
        return
    parent = _add(root, wrapper)
    for entry in document[name]:
        attributes = {key: value for key, value in entry.items() if key != text_key}
        _add(parent, element, entry[text_key], **attributes)


def _add_creators(root: etree._Element, creators: list[dict[str, Any]]) -> None:
    parent = _add(root, "creators")
    for entry in creators:
        creator = _add(parent, "creator")
        _add(creator, "creatorName", entry["name"], nameType=entry["nameType"])
        for part in ("givenName", "familyName"):
            if part in entry:
                _add(creator, part, entry[part])
        for identifier in entry["nameIdentifiers"]:
            attributes = {key: value for key, value in identifier.items() if key != "nameIdentifier"}
            _add(creator, "nameIdentifier", identifier["nameIdentifier"], **attributes)
        for affiliation in entry["affiliation"]:
            attributes = {key: value for key, value in affiliation.items() if key != "name"}
            _add(creator, "affiliation", affiliation["name"], **attributes)


def _add_funding(root: etree._Element, references: list[dict[str, str]]) -> None:
    if not references:
        return
    parent = _add(root, "fundingReferences")
    for entry in references:
        reference = _add(parent, "fundingReference")
        _add(reference, "funderName", entry["funderName"])
        if "funderIdentifier" in entry:
            _add(
                reference,
                "funderIdentifier",
                entry["funderIdentifier"],
                funderIdentifierType=entry["funderIdentifierType"],
                schemeUri=entry["schemeUri"],
            )
        if "awardNumber" in entry or "awardUri" in entry:
            award = _add(reference, "awardNumber", entry.get("awardNumber"))
            if "awardUri" in entry:
                award.set("awardURI", entry["awardUri"])
        if "awardTitle" in entry:
            _add(reference, "awardTitle", entry["awardTitle"])


EXPORT = DatasetExport(
    module=__name__,
    ending="datacite.xml",
    label="DataCite XML",
    media_type="application/vnd.datacite.datacite+xml",
    description="What is registered with the DOI, in version 4.7 of the schema.",
    specification="https://schema.datacite.org/meta/kernel-4.7/",
    rank=20,
    write=build_datacite_xml,
)
