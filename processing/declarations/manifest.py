"""What the server asks of a confined program and what it gets back: frozen dataclasses with a version, JSON between.

An answer comes from a process that has read a stranger's bytes. It is taken only in exactly this shape.
"""

import dataclasses
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self, TypeVar, Union, get_args, get_origin, get_type_hints

MANIFEST_VERSION = 4
_KEY = "manifest_version"
Entry = TypeVar("Entry", bound="Document")


class ManifestError(ValueError):
    """A document between server and program that is not as it must be; the sentence names the place."""


class ManifestVersionError(ManifestError):
    """It was written by another version of Stemma."""


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


class Versioned(Document):
    """A document that says which version of this file wrote it."""

    __slots__ = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form with the version."""
        return {_KEY: MANIFEST_VERSION, **Document.as_dict(self)}

    @classmethod
    def read(cls, document: object, where: str = "") -> Self:
        """Return the typed form of a document of this version.

        Raises
        ------
        ManifestVersionError
            It is of another version.
        ManifestError
            It is not as it must be.
        """
        if isinstance(document, Mapping):
            version = document.get(_KEY, 1)  # the first had no number
            if version != MANIFEST_VERSION:
                raise ManifestVersionError(
                    f"The {cls.__name__.lower()} is of version {str(version)[:20]}; "
                    f"processing/declarations/manifest.py holds version {MANIFEST_VERSION}. "
                    "Worker and program are of different versions."
                )
            document = {key: value for key, value in document.items() if key != _KEY}
        return super().read(document, where)


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


Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Optics(Document):
    """What the metadata say of angles, as numbers; None where they do not.

    Attributes
    ----------
    diffraction_pixel_mrad
        (y, x).
    pixel_problem
        Why a pixel size that was given is no angle, in words.
    detector_to_scan
        Rows of the matrix A in v_scan = A v_detector on (y, x) vectors.
    semi_convergence_angle_basis, diffraction_pixel_calibrated_from
        What the metadata say of where the two come from; they decide no result, only words.
    """

    semi_convergence_angle_mrad: float | None = None
    diffraction_pixel_mrad: Pair | None = None
    acceleration_voltage_kv: float | None = None
    detector_to_scan: tuple[Pair, Pair] | None = None
    pixel_problem: str = ""
    semi_convergence_angle_basis: str = ""
    diffraction_pixel_calibrated_from: str = ""


@dataclass(frozen=True, slots=True)
class AskedRecipe(Document):
    """One recipe to be run, in the version that the server knows."""

    name: str
    version: int
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderLimits(Document):
    """What a program may take; 0 threads: one per core of this process, at most four."""

    threads: int = 0


@dataclass(frozen=True, slots=True)
class Order(Versioned):
    """What the server asks of a program.

    Attributes
    ----------
    format, files, hints
        Which reader opens which files (relative paths, the primary one first), and what the person said of them.
    signals
        Converted arrays to be reduced again, whose objects lie below ``<signal>/zarr/``.
    recipes
        What is made; empty: what comes with every conversion.
    """

    format: str = ""
    files: tuple[str, ...] = ()
    hints: dict[str, Any] = field(default_factory=dict)
    optics: Optics = Optics()
    signals: tuple[str, ...] = ()
    recipes: tuple[AskedRecipe, ...] = ()
    limits: OrderLimits = OrderLimits()


@dataclass(frozen=True, slots=True)
class ObjectEntry(Document):
    """One stored object of an array."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ArrayEntry(Document):
    """A converted array below `path` of the signal's folder."""

    path: str
    chunk: tuple[int, ...]
    shard: tuple[int, ...]
    objects: tuple[ObjectEntry, ...]


@dataclass(frozen=True, slots=True)
class DetectorMajorEntry(Document):
    """A detector-major copy below `path` of the signal's folder."""

    path: str
    bin_factor: int
    objects: tuple[ObjectEntry, ...]


@dataclass(frozen=True, slots=True)
class ReductionEntry(Document):
    """One result of a recipe, in `reductions/<file>`; `asked` are the parameters of the recipe."""

    name: str
    recipe: str
    recipe_version: int
    title: str
    kind: str
    file: str
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[str, ...]
    unit: str | None
    size: int
    sha256: str
    asked: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    axis_steps: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PictureEntry(Document):
    """One picture, in `previews/<file>`."""

    name: str
    recipe: str
    recipe_version: int
    title: str
    file: str
    size: int
    sha256: str
    asked: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DiskEntry(Document):
    """The direct disk on a sample of the scan, in detector pixels, or the reason why there is none."""

    found: bool
    reason: str = ""
    center_px: Pair | None = None
    radius_px: float | None = None
    center_uncertainty_px: float | None = None
    radius_uncertainty_px: float | None = None
    edge_width_px: float | None = None
    center_model_error_px: float | None = None
    radius_model_error_px: float | None = None
    radius_mrad: float | None = None
    radius_error_mrad: float | None = None
    travel_px: float | None = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class DetectorsEntry(Document):
    """What the radii of the virtual detectors rest on."""

    source_of_angles: str
    source_of_center: str
    center_px: Pair
    alpha_px: float
    mrad_per_px: float | None
    note: str


@dataclass(frozen=True, slots=True)
class FindingEntry(Document):
    """One finding, in the words of `repository.schema.findings`."""

    severity: str
    code: str
    message: str
    pointer: str = ""
    hint: str = ""
    layer: str = "reading"


@dataclass(frozen=True, slots=True)
class AxisEntry(Document):
    """One axis of a signal; unit and scale are None where the file gives none."""

    name: str
    size: int
    unit: str | None = None
    scale: float | None = None
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class ValuesEntry(Document):
    """Sum, extremes and NaN count of an array's values; text where JSON has no such number."""

    sum_of_counts: int | float | str | None
    minimum: int | float | str | None
    maximum: int | float | str | None
    n_nan: int
    n_values: int


@dataclass(frozen=True, slots=True)
class SignalEntry(Document):
    """What a program made of one signal, below its folder; parts that this program does not make are None or empty."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[AxisEntry, ...]
    n_signal_axes: int
    kind: str | None = None
    intensity_unit: str | None = None
    shape_origin: str = "file"
    orientation: str = ""
    values: ValuesEntry | None = None
    verified: str | None = None
    zarr: ArrayEntry | None = None
    detector_major: DetectorMajorEntry | None = None
    direct_disk: DiskEntry | None = None
    virtual_detectors: DetectorsEntry | None = None
    reductions: tuple[ReductionEntry, ...] = ()
    previews: tuple[PictureEntry, ...] = ()
    bytes_read: int = 0


@dataclass(frozen=True, slots=True)
class Manifest(Versioned):
    """What a program made.

    Attributes
    ----------
    program, version
        Which one, and the version of what it writes.
    reader
        Name and version of the reader that opened the files; empty for arrays of our own.
    findings, reduction_findings
        What was found reading and converting, and reducing.
    """

    program: str
    version: int
    signals: tuple[SignalEntry, ...]
    reader: dict[str, Any] = field(default_factory=dict)
    findings: tuple[FindingEntry, ...] = ()
    reduction_findings: tuple[FindingEntry, ...] = ()
