"""What DataCite accepts: the schema of kernel 4.7, which an independent validator applies to our XML."""

from functools import cache
from pathlib import Path

from lxml import etree

KERNEL = Path(__file__).with_name("datacite-4.7")


class InvalidDataCiteError(ValueError):
    """The XML breaks the DataCite schema."""


def validate_datacite_xml(xml: bytes) -> None:
    """Raise :class:`InvalidDataCiteError` with a fault unless `xml` is valid against kernel 4.7."""
    document = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    try:
        _load_schema().assertValid(document)
    except etree.DocumentInvalid as error:
        raise InvalidDataCiteError(str(error)) from error


@cache
def _load_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(KERNEL / "metadata.xsd", etree.XMLParser(no_network=True)))
