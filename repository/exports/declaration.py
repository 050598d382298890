"""What an export is: one object, declared in the file of the export.

Addresses, negotiation, typed links, links on pages, the documentation and OpenAPI are made from it. The kinds
differ in what they are about and what they need, which decides who may have them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from repository.exports.subjects import ExportedMeasurement, ReadPart
from repository.schema.export import CitationRecord

About = Literal["dataset", "measurement"]
Need = Literal["metadata", "arrays"]
Relation = Literal["describedby", "alternate"]

Written = str | bytes | Mapping[str, Any]
"""What a writer of metadata returns; a mapping is sent as JSON."""

_ENDING = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_ADDRESS = re.compile(r'https?://[^\s"<>;,\\]+')


class BrokenExportError(Exception):
    """An export lacks a part, or one cannot be; the sentence names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What every export declares.

    Attributes
    ----------
    module
        The file, as its `__name__`.
    ending
        The end of its address, without a dot before it; never changed, programs keep it.
    label
        What people call the format, on pages.
    media_type, aliases
        In lower case, without parameters; by `aliases` it is asked for too.
    profile
        The URI that tells it from others of the same media type; most have none.
    description, specification
        For the documentation: what it says and for whom, and where the format is defined.
    rank
        Order on pages, in links, and among what a request likes equally well.
    relation
        What a typed link calls it.
    """

    about: ClassVar[About]
    needs: ClassVar[Need]
    place: ClassVar[str]

    module: str = ""
    ending: str = ""
    label: str = ""
    media_type: str = ""
    description: str = ""
    specification: str = ""
    rank: int = 100
    aliases: tuple[str, ...] = ()
    profile: str = ""
    relation: Relation = "describedby"

    def __post_init__(self) -> None:
        for problem in (*self._list_problems(), *self.list_own_problems()):
            raise BrokenExportError(f"The export in {self.file} {problem}.")

    @property
    def file(self) -> str:
        """The file as a person finds it."""
        return f"{self.module.replace('.', '/')}.py" if self.module else "a file that `module` does not name"

    @property
    def representation(self) -> str:
        """Media type and profile, as :mod:`frontend.negotiation` takes them."""
        return f"{self.media_type};profile={self.profile}" if self.profile else self.media_type

    @property
    def content_type(self) -> str:
        """Media type and profile, as a header says them."""
        return f'{self.media_type}; profile="{self.profile}"' if self.profile else self.media_type

    def locate(self, subject: str) -> str:
        """Return the path of the export of a dataset or measurement."""
        return self.place.format(subject=subject, ending=self.ending)

    def list_own_problems(self) -> Sequence[str]:
        """Return what is wrong with the parts that only this kind has."""
        return ()

    def _list_problems(self) -> list[str]:
        texts = ("module", "ending", "label", "media_type", "description", "specification")
        problems = [f"has no `{name}`" for name in texts if not str(getattr(self, name) or "").strip()]
        if problems:
            return problems
        problems += [
            sentence
            for name, kind, sentence in (
                ("aliases", tuple, "has `aliases` that are no tuple"),
                ("rank", int, "has a `rank` that is no whole number"),
            )
            if not isinstance(getattr(self, name), kind)
        ]
        if problems:
            return problems
        if self.relation not in get_args(Relation):
            problems.append(f"has the relation “{self.relation}”: one of {', '.join(get_args(Relation))}")
        if not _ENDING.fullmatch(self.ending):
            problems.append(f"has the ending “{self.ending}”: a-z, 0-9, dots and hyphens within")
        problems += [
            f"has the media type “{name}”: two words in lower case with a slash between, without parameters"
            for name in (self.media_type, *self.aliases)
            if not _MEDIA_TYPE.fullmatch(name)
        ]
        problems += [
            f"has the {name} “{getattr(self, name)}”, which is no address"
            for name in ("specification", "profile")
            if getattr(self, name) and not _ADDRESS.fullmatch(getattr(self, name))
        ]
        return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetExport(Export):
    """A version's description, at the dataset's address with an ending; whoever sees the page may have it.

    A withdrawn version keeps it. It is negotiated on the page and on the DOI.

    Attributes
    ----------
    is_citation
        Whether it is for lists of references: then a link stands beside the citation.
    """

    about: ClassVar[About] = "dataset"
    needs: ClassVar[Need] = "metadata"
    place: ClassVar[str] = "/datasets/{subject}.{ending}"

    write: Callable[[CitationRecord], Written] = None  # type: ignore[assignment]  # refused with a sentence
    is_citation: bool = False

    def list_own_problems(self) -> Sequence[str]:
        """Return what is wrong with the writer."""
        return () if callable(self.write) else ("has no `write`",)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementExport(Export):
    """A measurement's description; whoever sees the measurement's metadata may have it, once it is published."""

    about: ClassVar[About] = "measurement"
    needs: ClassVar[Need] = "metadata"
    place: ClassVar[str] = "/api/v1/measurements/{subject}/exports/{ending}"

    write: Callable[[ExportedMeasurement], Written] = None  # type: ignore[assignment]  # refused with a sentence

    def list_own_problems(self) -> Sequence[str]:
        """Return what is wrong with the writer."""
        return () if callable(self.write) else ("has no `write`",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayExport(Export):
    """A measurement with its arrays; whoever may have the bytes may have it: not under embargo, not withdrawn."""

    about: ClassVar[About] = "measurement"
    needs: ClassVar[Need] = "arrays"
    place: ClassVar[str] = "/api/v1/measurements/{subject}/exports/{ending}"

    relation: Relation = "alternate"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedExport(ArrayExport):
    """Arrays written from their stored bytes while they are sent, by the web process; nothing of it is kept.

    Attributes
    ----------
    write
        A generator of the bytes.
    most_bytes
        The most stored bytes of a measurement that are streamed; of a larger one the export is refused before the
        first byte.
    """

    write: Callable[[ExportedMeasurement, ReadPart], Iterator[bytes]] = None  # type: ignore[assignment]  # as above
    most_bytes: int = 0

    def list_own_problems(self) -> Sequence[str]:
        """Return what is wrong with the way in which it is made."""
        parts = {
            "has no `write`": callable(self.write),
            "has no `most_bytes`: how large is a measurement that is streamed": self.most_bytes > 0,
        }
        return [sentence for sentence, is_there in parts.items() if not is_there]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductExport(ArrayExport):
    """Arrays in a file that takes a science library, or longer than a request: a job has made it as a product.

    The export's address leads to that of the product.

    Attributes
    ----------
    product
        The output under which the job keeps the bytes with the measurement; their media type is the declared one.
    """

    product: str = ""

    def list_own_problems(self) -> Sequence[str]:
        """Return what is wrong with the way in which it is made."""
        return () if self.product.strip() else ("has no `product`",)


def render(written: Written) -> bytes:
    """Return what a writer of metadata returned as the bytes that are sent."""
    if isinstance(written, bytes):
        return written
    text = written if isinstance(written, str) else json.dumps(written, ensure_ascii=False, indent=2)
    return text.encode("utf-8")
