"""How one array of a store lies in its chunks, as its description says: version 2 (`.zarray`) and 3 (`zarr.json`).

Definitions: the Zarr storage specification version 2, and the Zarr core specification version 3 with its codecs bytes,
transpose, gzip, zstd, blosc, crc32c and sharding_indexed. What is not known there is refused in words.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ingest.readers.bare_arrays import check_numbers
from ingest.readers.refusals import decline, refuse
from ingest.readers.zarr.codecs import SPEC_NAMES, Unpack, find_numcodec, refuse_codec
from ingest.readers.zarr.fill_values import parse_fill

MOST_CHUNK_BYTES = 256 * 2**20
_MOST_AXES = 32
_LONGEST = 2**62
_TYPE_2 = re.compile(r"[<>|][biufc]\d{1,2}")
_TYPES_3 = frozenset(
    {"bool", "float16", "float32", "float64", "complex64", "complex128"}
    | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)
_KNOWN_3 = frozenset(
    {"zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs",
     "attributes", "dimension_names", "storage_transformers", "consolidated_metadata"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShardLayout:
    """A stored object of several chunks with a table of where they lie: `(offset, length)` each, at begin or end."""

    shape: tuple[int, ...]
    index_at_end: bool
    has_checksum: bool


@dataclass(frozen=True, slots=True)
class ArrayLayout:
    """An array: its numbers, its chunks, and how a chunk is unpacked.

    Attributes
    ----------
    chunk
        What is packed together; of sharded arrays the inner chunk.
    stored
        Type in the chunk, any byte order.
    order
        Axes of the chunk as they lie in it, the slowest first.
    unpack
        What undoes the codecs, in the order in which that is done.
    key_pattern
        Matches the keys of chunks, or of shards, below the array.
    dimension_names
        As version 3 has them; empty without.
    """

    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    stored: np.dtype[Any]
    order: tuple[int, ...]
    unpack: tuple[Unpack, ...]
    fill: Any
    separator: str
    prefix: str
    shard: ShardLayout | None = None
    dimension_names: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """What one key of the store spans: a chunk, or a shard."""
        return self.chunk if self.shard is None else self.shard.shape

    @property
    def guards_itself(self) -> bool:
        """Whether each chunk of a shard, and the table of these, carries a checksum of its own."""
        return self.shard is not None and self.shard.has_checksum and SPEC_NAMES["crc32c"] in self.unpack

    @property
    def grid(self) -> tuple[int, ...]:
        """How many keys the array has along each axis, where none is left out."""
        return tuple(-(-size // step) for size, step in zip(self.shape, self.stored_shape, strict=True))

    @property
    def chunk_bytes(self) -> int:
        """Bytes of one chunk, unpacked."""
        return math.prod(self.chunk) * self.stored.itemsize

    def name_key(self, index: Sequence[int]) -> str:
        """Return the key of a chunk or shard below its array."""
        numbers = self.separator.join(map(str, index))
        if self.prefix:
            return f"c{self.separator}{numbers}" if index else "c"
        return numbers or "0"

    def find_index(self, key: str) -> tuple[int, ...] | None:
        """Return which chunk or shard a key below the array is; None of any other key."""
        parts = key.split(self.separator)
        if self.prefix and parts.pop(0) != "c":
            return None
        if not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):  # noqa: PLR2004
            return None
        index = tuple(map(int, parts))
        fits = len(index) == len(self.grid) and all(
            at < size for at, size in zip(index, self.grid, strict=True)
        )
        return index if fits and self.name_key(index) == key else None


def read_layout_2(document: Mapping[str, Any], attributes: Mapping[str, Any], *, where: str) -> ArrayLayout:
    """Return the layout that `.zarray` describes.

    Parameters
    ----------
    where
        The array with its file, for sentences.

    Raises
    ------
    ReadRefusedError
        `zarr_metadata_unreadable`, `dataset_not_numeric`, `zarr_codec_not_read`, `zarr_chunk_too_large`.
    """
    if document.get("zarr_format") != 2:  # noqa: PLR2004 - the version
        raise _damaged(where, "it is of another version than 2")
    name = document.get("dtype")
    filters = document.get("filters") or []
    if not isinstance(name, str) or not _TYPE_2.fullmatch(name):
        raise decline(
            "dataset_not_numeric",
            f"{where} holds {_show_type(name)}: only plain numbers are read, and nothing is unpickled.",
            "Save the numbers alone, as one array of a plain type.",
        )
    stored = _make_type(name, where)
    shape = _read_sizes(document.get("shape"), where, "shape")
    chunk = _read_sizes(document.get("chunks"), where, "chunks", count=len(shape), least=1)
    order = _word(document.get("order", "C"))
    separator = _word(document.get("dimension_separator", "."))
    if order not in {"C", "F"} or separator not in {".", "/"} or not isinstance(filters, list):
        raise _damaged(where, f"its order is {order}, its separator {separator}")
    steps = [find_numcodec(one, where=where) for one in filters]
    if document.get("compressor") is not None:
        steps.append(find_numcodec(document["compressor"], where=where))
    axes = tuple(range(len(shape)))
    layout = ArrayLayout(
        shape, chunk, stored, axes if order == "C" else axes[::-1], tuple(reversed(steps)),
        parse_fill(document.get("fill_value"), stored, where=where), separator, "",
        attributes=attributes,
    )  # fmt: skip
    return _check_chunk(layout, where)


def read_layout_3(document: Mapping[str, Any], *, where: str) -> ArrayLayout:
    """Return the layout that a `zarr.json` of an array describes; raises as `read_layout_2`."""
    _check_extensions(document, where)
    name = document.get("data_type")
    if not isinstance(name, str) or name not in _TYPES_3:
        raise decline(
            "dataset_not_numeric",
            f"{where} holds {_show_type(name)}: only plain numbers are read.",
            "Save the numbers alone, as one array of a plain type.",
        )
    shape = _read_sizes(document.get("shape"), where, "shape")
    chunk = _read_sizes(_configure(document.get("chunk_grid"), "regular", where).get("chunk_shape"), where,
                        "chunk_shape", count=len(shape), least=1)  # fmt: skip
    separator, prefix = _read_keys(document.get("chunk_key_encoding"), where)
    named = document.get("dimension_names")
    names = tuple(one if isinstance(one, str) else "" for one in named) if isinstance(named, list) else ()
    attributes = document.get("attributes")
    stored = np.dtype(np.bool_) if name == "bool" else np.dtype(name)
    plain = ArrayLayout(
        shape, chunk, stored, tuple(range(len(shape))), (),
        parse_fill(document.get("fill_value"), stored, where=where), separator, prefix,
        dimension_names=names if len(names) == len(shape) else (),
        attributes=attributes if isinstance(attributes, dict) else {},
    )  # fmt: skip
    return _check_chunk(_read_codecs(document.get("codecs"), plain, where), where)


def _check_extensions(document: Mapping[str, Any], where: str) -> None:
    """Refuse what the specification says must be understood and is not."""
    if document.get("storage_transformers"):
        raise refuse_codec("storage_transformers", where)
    for key, value in document.items():
        is_free = isinstance(value, dict) and value.get("must_understand") is False
        if key not in _KNOWN_3 and not is_free:
            raise decline(
                "zarr_extension_not_read", f"{where} needs the extension {key[:60]}, which is not known."
            )


def _read_keys(encoding: Any, where: str) -> tuple[str, str]:
    """Return separator and prefix of the keys of chunks."""
    name = _name_of(encoding)
    if name not in {"default", "v2"}:
        raise _damaged(where, f"its chunk keys are {str(name)[:40]}")
    given = encoding.get("configuration") if isinstance(encoding, dict) else None
    usual = "/" if name == "default" else "."
    separator = _word(given.get("separator", usual)) if isinstance(given, dict) else usual
    if separator not in {".", "/"}:
        raise _damaged(where, f"its separator is {str(separator)[:40]}")
    return separator, "c" if name == "default" else ""


def _read_codecs(listed: Any, layout: ArrayLayout, where: str) -> ArrayLayout:
    """Return the layout with its codecs: any transpositions, one that makes bytes, any that pack these."""
    if not isinstance(listed, list) or not listed:
        raise _damaged(where, "it has no codecs")
    order = layout.order
    steps: list[Unpack] = []
    stored: np.dtype[Any] | None = None
    for position, codec in enumerate(listed):
        name = _name_of(codec)
        given = codec.get("configuration") if isinstance(codec, dict) else None
        config: dict[str, Any] = given if isinstance(given, dict) else {}
        if name == "sharding_indexed":
            if len(listed) > 1:
                raise refuse_codec("sharding_indexed beside others", where)
            return _read_shards(config, layout, where)
        if name == "transpose" and stored is None:
            order = _transpose(order, config.get("order"), where)
        elif name in {"bytes", "endian"} and stored is None:
            stored = layout.stored.newbyteorder(">" if _is_big_endian(codec) else "<")
        elif stored is not None and name in SPEC_NAMES:
            steps.append(SPEC_NAMES[name])
        elif stored is not None and name.startswith("numcodecs."):
            steps.append(find_numcodec({**config, "id": name.removeprefix("numcodecs.")}, where=where))
        else:
            raise refuse_codec(f"{name} at place {position + 1}", where)
    if stored is None:
        raise _damaged(where, "no codec makes bytes of it")
    return replace(layout, stored=stored, order=order, unpack=tuple(reversed(steps)))


def _read_shards(config: Mapping[str, Any], layout: ArrayLayout, where: str) -> ArrayLayout:
    inner = _read_sizes(
        config.get("chunk_shape"), where, "chunk_shape of shards", count=len(layout.shape), least=1
    )
    if any(whole % part for whole, part in zip(layout.chunk, inner, strict=True)):
        raise _damaged(where, f"its shards of {layout.chunk} are no whole numbers of chunks of {inner}")
    named = [_name_of(one) for one in _list_of(config.get("index_codecs"))]
    location = _word(config.get("index_location", "end"))
    is_known = named in (["bytes"], ["bytes", "crc32c"]) and location in {"start", "end"}
    if not is_known or _is_big_endian(_list_of(config.get("index_codecs"))[0]):
        raise refuse_codec(f"a table of shards by {', '.join(named)[:60]}", where)
    if "sharding_indexed" in map(_name_of, _list_of(config.get("codecs"))):
        raise refuse_codec("sharding_indexed within itself", where)
    shard = ShardLayout(layout.chunk, location == "end", has_checksum="crc32c" in named)
    return replace(_read_codecs(config.get("codecs"), replace(layout, chunk=inner), where), shard=shard)


def _transpose(order: tuple[int, ...], given: Any, where: str) -> tuple[int, ...]:
    if given == "F":
        return order[::-1]
    if given == "C":
        return order
    if not isinstance(given, list) or sorted(map(str, given)) != sorted(map(str, range(len(order)))):
        raise _damaged(where, f"it transposes by {str(given)[:40]}")
    return tuple(order[int(axis)] for axis in given)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _name_of(value: Any) -> str:
    """Return the name of a codec or an encoding: itself a word, or under `name`."""
    return _word(value.get("name") if isinstance(value, dict) else value)


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_big_endian(codec: Any) -> bool:
    given = codec.get("configuration") if isinstance(codec, dict) else None
    return isinstance(given, dict) and given.get("endian") == "big"


def _configure(value: Any, name: str, where: str) -> dict[str, Any]:
    found = value.get("configuration") if isinstance(value, dict) and value.get("name") == name else None
    if not isinstance(found, dict):
        raise _damaged(where, f"it has no {name} grid of chunks")
    return found


def _read_sizes(
    value: Any, where: str, what: str, *, count: int | None = None, least: int = 0
) -> tuple[int, ...]:
    is_right = isinstance(value, list) and len(value) <= _MOST_AXES and (count is None or len(value) == count)
    if not is_right or not all(type(one) is int and least <= one < _LONGEST for one in value):
        raise _damaged(where, f"its {what} is {str(value)[:60]}")
    return tuple(value)


def _make_type(name: str, where: str) -> np.dtype[Any]:
    try:
        return np.dtype(name)
    except TypeError as error:
        raise _damaged(where, f"its type is {name}") from error


def _show_type(name: Any) -> str:
    if name == "|O":
        return "Python objects"
    return f"the type {str(name)[:60]}" if isinstance(name, str) else "records"


def _check_chunk(layout: ArrayLayout, where: str) -> ArrayLayout:
    check_numbers(layout.stored, layout.shape, what=where)
    if layout.chunk_bytes > MOST_CHUNK_BYTES:
        raise decline(
            "zarr_chunk_too_large",
            f"One chunk of {where} unpacks to {layout.chunk_bytes} bytes; at most {MOST_CHUNK_BYTES} are held at once.",
            "Save it again in smaller chunks.",
        )
    return layout


def _damaged(where: str, why: str) -> Exception:
    return refuse(
        "zarr_metadata_unreadable", f"The description of {where} cannot be right: {why}.",
        "Nothing is lost: the bytes are kept. Pack the store again from the original.",
    )  # fmt: skip
