"""The second kind of reader: an adapter around one plugin of RosettaSciIO, for formats that have no reader of our own.

Only plugins that a format declares are called, each by its name, on one file. The caller has compared all sizes in the
header with the file before, because the library allocates what a header says. Whatever a plugin raises becomes a
refusal in our words, and what it returns is looked at before it is believed. It runs confined like every reader, so
one that never ends is ended from outside.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.declaration import FormatDeclarationError
from ingest.formats.registry import list_formats
from ingest.readers.contract import ReadRefusedError, Region
from ingest.readers.refusals import decline

MOST_BYTES = 1 << 30  # what a plugin holds in memory at once where it is not lazy
_MAX_TEXT = 200
_NUMBERS = "biufc"


@dataclass(frozen=True, slots=True)
class PluginAxis:
    """One axis in the library's words; `is_leading` is its "navigate"."""

    name: str
    size: int
    unit: str
    scale: float
    offset: float
    is_leading: bool


@dataclass(frozen=True, slots=True)
class PluginArray:
    """One array as a plugin gives it, in the order of `axes`; lazy where the plugin is."""

    axes: tuple[PluginAxis, ...]
    dtype: np.dtype[Any]
    header: Mapping[str, Any] = field(repr=False)
    values: Any = field(repr=False, compare=False)
    plugin: str = ""
    file: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return tuple(axis.size for axis in self.axes)

    def load(self, region: Region) -> npt.NDArray[Any]:
        """Return a region over the first axes; a lazy array reads it now, in this thread.

        Raises
        ------
        ReadRefusedError
            `plugin_failed` or `plugin_broke_promise`.
        """
        loaded = _attempt(self.plugin, self.file, lambda: _compute(self.values[region]))
        expected = tuple(
            len(range(*part.indices(size))) for part, size in zip(region, self.shape, strict=False)
        )
        expected += self.shape[len(region) :]
        if (
            not isinstance(loaded, np.ndarray)
            or loaded.shape != expected
            or loaded.dtype.kind not in _NUMBERS
        ):
            raise _broken(self.plugin, self.file, f"no numbers of shape {list(expected)}, as it promised,")
        return loaded


def _compute(part: Any) -> Any:
    return part if isinstance(part, np.ndarray) else np.asarray(part.compute(scheduler="synchronous"))


def list_plugins() -> frozenset[str]:
    """Return the plugins that may be called: those that a format declares."""
    return frozenset(form.plugin for form in list_formats() if form.plugin)


def read_with_plugin(
    plugin: str, path: Path, *, declared_bytes: int, function: str = "file_reader", lazy: bool = False
) -> tuple[PluginArray, ...]:
    """Read one file with a plugin.

    Parameters
    ----------
    plugin
        Its name below `rsciio`; some format must declare it.
    path
        The file.
    declared_bytes
        What the plugin will hold, by the header; the caller has checked that the file can give it.
    function
        The plugin's function; another than `file_reader` where that one goes by the file's extension.
    lazy
        Whether the plugin reads a region at a time. One that does not is held to `MOST_BYTES`.

    Raises
    ------
    ReadRefusedError
        `file_too_large_for_reader`, `plugin_failed` or `plugin_broke_promise`.
    """
    if plugin not in list_plugins():
        raise FormatDeclarationError(
            f"No format declares the plugin {plugin} of RosettaSciIO, so it is not called."
        )
    if not lazy and declared_bytes > MOST_BYTES:
        raise decline(
            "file_too_large_for_reader",
            f"{path.name} holds {declared_bytes} bytes of values, more than the {MOST_BYTES} that are read at once.",
            "Save it in parts, or in a format that is read piece by piece.",
        )
    given = _call(plugin, function, path, lazy=lazy)
    if not isinstance(given, list) or not given:
        raise _broken(plugin, path.name, f"{_name_of(given)} where a list of arrays was promised")
    return tuple(_check(one, plugin, path.name) for one in given)


def _call(plugin: str, function: str, path: Path, *, lazy: bool) -> Any:
    def read() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are for people at a keyboard
            return getattr(import_module(f"rsciio.{plugin}._api"), function)(str(path), lazy=lazy)

    return _attempt(plugin, path.name, read)


def _attempt(plugin: str, name: str, work: Callable[[], Any]) -> Any:
    """Let the plugin work; whatever it raises is a refusal, and want of memory stays one."""
    try:
        return work()
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        text = str(error)[:_MAX_TEXT]
        raise decline(
            "plugin_failed",
            f"RosettaSciIO's reader {plugin} stopped at {name}: {type(error).__name__}{text and f': {text}'}.",
            "The file may be damaged or of an unusual kind.",
        ) from error


def _check(given: Any, plugin: str, name: str) -> PluginArray:
    """Return one array of the plugin, with every promise of the library looked at."""
    if not isinstance(given, Mapping) or not {"data", "axes", "original_metadata"} <= set(given):
        raise _broken(plugin, name, "an array without data, axes or header")
    values, axes, header = given["data"], given["axes"], given["original_metadata"]
    dtype, shape = getattr(values, "dtype", None), getattr(values, "shape", None)
    if (
        not isinstance(dtype, np.dtype)
        or dtype.kind not in _NUMBERS
        or not isinstance(shape, tuple)
        or not shape
    ):
        raise _broken(plugin, name, f"{_name_of(values)} of type {dtype} where numbers were promised")
    if not isinstance(axes, list) or not isinstance(header, Mapping):
        raise _broken(plugin, name, "axes or a header of another kind")
    found = tuple(_check_axis(axis, plugin, name) for axis in axes)
    if tuple(axis.size for axis in found) != shape:
        raise _broken(plugin, name, f"axes of {[axis.size for axis in found]} for an array of {list(shape)}")
    return PluginArray(found, dtype.newbyteorder("="), header, values, plugin, name)


def _check_axis(axis: Any, plugin: str, name: str) -> PluginAxis:
    try:
        return PluginAxis(
            name=str(axis.get("name") or ""),
            size=int(axis["size"]),
            unit=str(axis.get("units") or ""),
            scale=float(axis.get("scale", 1.0)),
            offset=float(axis.get("offset", 0.0)),
            is_leading=bool(axis.get("navigate", False)),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _broken(plugin, name, "an axis without size or scale") from error


def _broken(plugin: str, name: str, what: str) -> ReadRefusedError:
    return decline(
        "plugin_broke_promise",
        f"RosettaSciIO's reader {plugin} gave {what} for {name}.",
        "Its answer is not used.",
    )


def _name_of(value: Any) -> str:
    return "an empty list" if isinstance(value, list) and not value else type(value).__name__
