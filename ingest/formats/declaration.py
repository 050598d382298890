"""What a format is: one object, declared in the folder of the format, from which every table is made.

A declaration imports no science library and no reader: its parts are named, and loaded where they are used. So the
web process knows what is read without being able to read it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ingest.mapping.keys import KeyTable

Part = Literal["recognize", "companions", "open", "map"]
PARTS: tuple[Part, ...] = ("recognize", "companions", "open", "map")
STANDS_ALONE = "stands alone"

_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_EXTENSION = re.compile(r"[a-z0-9]+")
_NAMED_EXTENSION = re.compile(r"`\.([a-z0-9]+)`")
_PLUGIN = re.compile(r"[a-z][a-z0-9_]*")
_REFERENCE = re.compile(r"(?P<module>[a-z_][a-z0-9_]*):(?P<function>[a-z_][a-z0-9_]*)")


class FormatDeclarationError(Exception):
    """A format lacks a part, or names one that is not there; the sentence names folder and part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How one format is recognized, grouped, opened and mapped.

    Parts are written `module:function`, a module of the folder; their signatures are in `ingest.readers.parts`.

    Attributes
    ----------
    package
        The folder, as `__package__` of the declaring module.
    id
        Stored with every measurement, so never changed; unique.
    title
        What people call the format, on pages as in documents.
    files
        What a person uploads, in Markdown: "`.mib` with `.hdr`".
    becomes
        What kinds of experiment come of it.
    extensions
        Without dot, those that promise this format: a file so named with other content gets a finding.
    recognize
        Says of a file whether it is of this format, by its content.
    companions
        Finds which files belong together; or `STANDS_ALONE`.
    open
        Opens the files of one measurement lazily.
    map
        Says the vendor's header in our words.
    plugin
        Module of RosettaSciIO that `open` may use; none in most formats.
    keys
        Table of the header's keys by which `map` goes, `module:NAME`; shown in the documents.
    """

    package: str | None
    id: str = ""
    title: str = ""
    files: str = ""
    becomes: str = ""
    extensions: tuple[str, ...] | None = None
    recognize: str = ""
    companions: str = ""
    open: str = ""
    map: str = ""
    plugin: str = ""
    keys: str = ""
    folder: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "folder", (self.package or "").replace(".", "/") or "a format without a folder"
        )
        for name in ("id", "title", "files", "becomes", *PARTS):
            if not isinstance(getattr(self, name), str) or not getattr(self, name).strip():
                raise self._error(f"has no `{name}`")
        if not _ID.fullmatch(self.id):
            raise self._error(f"has the id “{self.id}”: it is made of a-z, 0-9 and _, at most 40 of them")
        if self.extensions is None:
            raise self._error("has no `extensions`; where none promises the format, write ()")
        if not isinstance(self.extensions, tuple) or not all(map(_EXTENSION.fullmatch, self.extensions)):
            raise self._error("has `extensions` that are no tuple of lower-case endings without a dot")
        if self.plugin and not _PLUGIN.fullmatch(self.plugin):
            raise self._error(f"names the plugin “{self.plugin}”, which is no module of RosettaSciIO")
        for part in PARTS:
            if part != "companions" or self.companions != STANDS_ALONE:
                self._check(part)

    @property
    def named_extensions(self) -> frozenset[str]:
        """Extensions of the files that a person uploads, as `files` names them."""
        return frozenset(_NAMED_EXTENSION.findall(self.files))

    def load(self, part: Part) -> Callable[..., Any]:
        """Import the module of a part and return its function.

        Raises
        ------
        FormatDeclarationError
            The module cannot be imported, or has no such function.
        """
        module, function = self._split(part)
        try:
            return _import_function(module, function)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise self._error(f"cannot load `{part}` ({getattr(self, part)}): {reason}") from error

    def load_keys(self) -> "KeyTable":
        """Return the keys of the header by which `map` goes; none where the format declares no table.

        Raises
        ------
        FormatDeclarationError
            The module cannot be imported, or has no such table.
        """
        module, _, name = self.keys.partition(":")
        try:
            table = getattr(import_module(f"{self.package}.{module}"), name) if self.keys else ()
        except (ImportError, AttributeError) as error:
            raise self._error(f"cannot load `keys` ({self.keys}): {error}") from error
        return tuple(table)

    def _check(self, part: Part) -> None:
        """Look for the function in the source of its module, which is not imported."""
        module, function = self._split(part)
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            raise self._error(
                f"names {getattr(self, part)} as `{part}`, but has no {module.rpartition('.')[2]}.py"
            )
        if not re.search(rf"^def {function}\(", Path(spec.origin).read_text(encoding="utf-8"), re.MULTILINE):
            raise self._error(
                f"names {getattr(self, part)} as `{part}`, but that module has no function {function}"
            )

    def _split(self, part: Part) -> tuple[str, str]:
        reference = _REFERENCE.fullmatch(getattr(self, part))
        if reference is None:
            raise self._error(f"names {getattr(self, part)} as `{part}`, which is not `module:function`")
        return f"{self.package}.{reference['module']}", reference["function"]

    def _error(self, what: str) -> FormatDeclarationError:
        return FormatDeclarationError(f"The format in {self.folder} {what}.")


@cache
def _import_function(module: str, function: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
