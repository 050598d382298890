"""What the server asks of a confined program and what it gets back: frozen dataclasses with a version, JSON between.

An answer comes from a process that has read a stranger's bytes. It is taken only in exactly this shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from processing.declarations.typed_documents import Document, ManifestError

MANIFEST_VERSION = 6
_KEY = "manifest_version"


class ManifestVersionError(ManifestError):
    """It was written by another version of Stemma."""


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
class AxisEntry(Document):
    """One axis of a signal; unit and scale are None where nobody gives them, positions where a scale says them."""

    name: str
    size: int
    unit: str | None = None
    scale: float | None = None
    offset: float = 0.0
    calibration: str | None = None
    positions: tuple[float, ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form; an axis without calibration or positions says nothing of them."""
        stored = Document.as_dict(self)
        left_out = {"calibration", "positions"}
        return {key: entry for key, entry in stored.items() if key not in left_out or entry is not None}


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
class Recalibration(Document):
    """An array whose axes have changed.

    Attributes
    ----------
    in_file
        Its axes as the file has them.
    results
        Results to be drawn again, in ``<signal>/reductions/``.
    draws_array
        Whether the picture of the array itself is, from its part in ``<signal>/zarr/``.
    """

    signal: str
    kind: str | None
    in_file: tuple[AxisEntry, ...]
    results: tuple[ReductionEntry, ...] = ()
    draws_array: bool = False


@dataclass(frozen=True, slots=True)
class Order(Versioned):
    """What the server asks of a program.

    Attributes
    ----------
    format, files, hints
        Which reader opens which files (relative paths, the primary one first), and what the person said of them.
    axes
        Of each signal, as the record has them.
    kinds
        What each signal is; of one that is not named, the program decides by its axes alone.
    signals
        Converted arrays to be reduced again, whose objects lie below ``<signal>/zarr/``.
    recalibrate
        Converted arrays whose axes have changed: what depends on them is made again, and no value.
    anew
        Those of `signals` that were taken for another kind: all is made of them that a conversion makes beside the
        array itself.
    recipes
        What is made; empty: what comes with every conversion.
    """

    format: str = ""
    files: tuple[str, ...] = ()
    hints: dict[str, Any] = field(default_factory=dict)
    optics: Optics = Optics()
    axes: dict[str, tuple[AxisEntry, ...]] = field(default_factory=dict)
    kinds: dict[str, str | None] = field(default_factory=dict)
    signals: tuple[str, ...] = ()
    recalibrate: tuple[Recalibration, ...] = ()
    anew: tuple[str, ...] = ()
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
class PictureEntry(Document):
    """One picture, in `previews/<file>`; `axes` are the calibrated ones of what it shows, by name."""

    name: str
    recipe: str
    recipe_version: int
    title: str
    file: str
    size: int
    sha256: str
    asked: dict[str, Any] = field(default_factory=dict)
    axes: dict[str, Any] = field(default_factory=dict)
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
    why: str = ""


@dataclass(frozen=True, slots=True)
class ValuesEntry(Document):
    """Sum, extremes and NaN count of an array's values; text where JSON has no such number."""

    sum_of_counts: int | float | str | None
    minimum: int | float | str | None
    maximum: int | float | str | None
    n_nan: int
    n_values: int


@dataclass(frozen=True, slots=True)
class FrameEntry(Document):
    """What one frame looks like: how bright at its center, and how alike to itself turned by half."""

    center_over_mean: float
    half_turn: float


@dataclass(frozen=True, slots=True)
class SignalEntry(Document):
    """What a program made of one signal, below its folder; parts that this program does not make are None or empty.

    Attributes
    ----------
    redrawn
        Pictures in `previews/` of results that were there already.
    metadata
        Objects that say what arrays are, to take the place of the former ones; no chunk is among them.
    """

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
    frame: FrameEntry | None = None
    zarr: ArrayEntry | None = None
    detector_major: DetectorMajorEntry | None = None
    direct_disk: DiskEntry | None = None
    virtual_detectors: DetectorsEntry | None = None
    reductions: tuple[ReductionEntry, ...] = ()
    previews: tuple[PictureEntry, ...] = ()
    redrawn: tuple[PictureEntry, ...] = ()
    metadata: tuple[ObjectEntry, ...] = ()
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
