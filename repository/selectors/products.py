"""Reductions and previews of a measurement, with what stands behind them."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repository.models import Measurement
from repository.schema.documents.provenance import SOFTWARE, Input, Software
from repository.selectors import addresses


@dataclass(frozen=True, slots=True)
class ProductView:
    """A reduction or preview with its provenance.

    Attributes
    ----------
    output
        Which of the recipe's results it is.
    settings
        What the recipe was given.
    software, inputs
        The program that made it, and the bytes that went in.
    url, lasting_url
        By the name of the output, which leads to what was published with the version, and by digest.
    """

    recipe: str
    recipe_version: int
    output: str
    settings: Mapping[str, Any]
    digest: str
    signal: str
    kind: str
    title: str
    parameters: Mapping[str, Any]
    media_type: str
    size: int
    sha256: str
    code_version: str
    software: Software
    inputs: tuple[Input, ...]
    made_at: dt.datetime
    is_preliminary: bool
    is_added: bool
    url: str
    lasting_url: str

    @property
    def result(self) -> tuple[str, str, int, str]:
        """Return what numbers and their picture have in common: a picture has a calibration of its own besides."""
        decides = {name: said for name, said in self.settings.items() if name != "axes"}
        return self.signal, self.output, self.recipe_version, json.dumps(decides, sort_keys=True)


def describe_products(measurement: Measurement) -> Iterable[ProductView]:
    """Yield the products of a measurement; the rows must come with `products__signal` and `parts__data_file`."""
    files = {one.sha256: one for one in list_inputs(measurement)}
    for product in measurement.products.all():
        signal_name = product.signal.name if product.signal else ""
        yield ProductView(
            recipe=product.recipe,
            recipe_version=product.recipe_version,
            output=product.output,
            settings=product.settings,
            digest=product.digest,
            signal=signal_name,
            kind=product.kind,
            title=product.title,
            parameters={name: said for name, said in product.parameters.items() if name != SOFTWARE},
            media_type=product.media_type,
            size=product.size,
            sha256=product.sha256,
            code_version=product.code_version,
            software=read_software(product.parameters, program=product.code_version),
            inputs=tuple(_name_inputs(product.input_digests, files)),
            made_at=product.created_at,
            is_preliminary=product.is_preliminary,
            is_added=product.is_added,
            url=addresses.product_address(
                measurement.pk,
                product.digest if product.is_added else f"{signal_name}.{product.output}",
                product.kind,
            ),
            lasting_url=addresses.product_address(measurement.pk, product.digest, product.kind),
        )


def list_inputs(measurement: Measurement) -> tuple[Input, ...]:
    """Return the files of a measurement, the primary one first; its arrays are made from them."""
    parts = sorted(measurement.parts.all(), key=lambda part: part.position)
    return tuple(Input("file", part.data_file.sha256, part.data_file.path) for part in parts)


def read_software(stored: Mapping[str, Any], *, program: str = "") -> Software:
    """Return what is written down of the program behind a product or an array."""
    return Software.read(stored.get(SOFTWARE), program=program)


def _name_inputs(digests: Iterable[str], files: Mapping[str, Input]) -> Iterator[Input]:
    """Yield what went in: files by their paths, anything else is an object of the array."""
    for sha256 in digests:
        yield files.get(sha256) or Input("array_object", sha256)
