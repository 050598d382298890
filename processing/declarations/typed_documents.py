"""Frozen dataclasses as JSON and back: read in exactly their shape, or refused with the place."""

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Self, Union, get_args, get_origin, get_type_hints


class ManifestError(ValueError):
    """A document between server and program that is not as it must be; the sentence names the place."""


class Document:
    """A frozen dataclass that goes over the border as JSON."""

    __slots__ = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        document: dict[str, Any] = dataclasses.asdict(self)  # type: ignore[call-overload]  # every subclass is one
        return document

    @classmethod
    def read(cls, document: object, where: str = "") -> Self:
        """Return the typed form.

        Raises
        ------
        ManifestError
            A key is missing or unknown, or a value is of another type.
        """
        place = where or cls.__name__
        if not isinstance(document, Mapping):
            raise ManifestError(f"{place} is no object.")
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]  # every subclass is a dataclass
        names = {each.name for each in fields}
        if unknown := sorted(str(key)[:40] for key in document if key not in names):
            raise ManifestError(f"{place} holds {', '.join(unknown)}, which nobody knows.")
        hints = _types_of(cls)  # type: ignore[arg-type]  # a class can be a key
        given = {
            name: _read(hints[name], document[name], f"{place}.{name}") for name in names & set(document)
        }
        required = {
            each.name
            for each in fields
            if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
        }
        if missing := sorted(required - set(given)):
            raise ManifestError(f"{place} lacks {', '.join(missing)}.")
        return cls(**given)


@cache
def _types_of(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _read(kind: Any, value: object, where: str) -> Any:
    """Return a JSON value as the type of a field."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _read_union(get_args(kind), value, where)
    if origin is tuple:
        return _read_tuple(get_args(kind), value, where)
    if origin is dict:
        return _read_dict(get_args(kind)[1], value, where)
    if isinstance(kind, type) and issubclass(kind, Document):
        return kind.read(value, where)
    return value if kind is Any else _read_plain(kind, value, where)


def _read_plain(kind: type, value: object, where: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ManifestError(f"{where} is {type(value).__name__}, not {kind.__name__}.")
    return value


def _read_dict(of: Any, value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ManifestError(f"{where} is no object.")
    return {str(key): _read(of, item, f"{where}.{key}") for key, item in value.items()}


def _read_union(kinds: tuple[Any, ...], value: object, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    others = [kind for kind in kinds if kind is not type(None)]
    exact = [kind for kind in others if isinstance(kind, type) and type(value) is kind]
    for kind in (exact or others)[:-1]:
        try:
            return _read(kind, value, where)
        except ManifestError:
            continue
    return _read((exact or others)[-1], value, where)


def _read_tuple(kinds: tuple[Any, ...], value: object, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ManifestError(f"{where} is no list.")
    if len(kinds) == 2 and kinds[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        return tuple(_read(kinds[0], item, f"{where}[{number}]") for number, item in enumerate(value))
    if len(kinds) != len(value):
        raise ManifestError(f"{where} has {len(value)} entries, not {len(kinds)}.")
    return tuple(_read(kind, item, where) for kind, item in zip(kinds, value, strict=True))
