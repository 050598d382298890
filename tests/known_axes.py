"""Given steps and stacks: arrays of known lengths and meaning beside what a conversion says of them.

The second and third table of `python -m tests.known_truth`.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ingest.readers.contract import Axis, SignalSource
from processing.declarations.manifest import AxisEntry, SignalEntry
from processing.engine.one_pass import convert_signal
from processing.engine.signal_work import ConversionOptions
from processing.previews.draw_image import WANTED_SIDE
from repository.schema.documents.calibrated_axes import calibrate_signals
from repository.schema.documents.signal_kind import SignalDecision, decide_signal_kind
from repository.schema.quantities.signals import SignalAxis, SignalShape
from tests.synthetic import make_lattice_image, make_pattern_scan, make_spectrum_image

Values = npt.NDArray[Any]
PERSON = {"source": "depositor"}


@dataclass(frozen=True, slots=True)
class KnownArray:
    """An array as a reader hands it on, what a person says of it, and what is true.

    Attributes
    ----------
    axes
        As in the file.
    record
        What a person said.
    steps
        Step and unit of axes, by name, as they must be everywhere.
    starts
        Where an axis begins, as it must be.
    picture, along
        A picture with a scale bar, and the axis along which it lies.
    kind
        What the array is.
    contradicted
        Whether technique and unit speak against each other.
    makes
        Every result that a conversion makes of it; None: it is not looked at here.
    """

    name: str
    data: Values
    axes: tuple[SignalAxis, ...]
    record: Mapping[str, Any]
    kind: str
    n_signal_axes: int = 2
    steps: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    starts: Mapping[str, float] = field(default_factory=dict)
    picture: str = ""
    along: str = ""
    contradicted: bool = False
    makes: frozenset[str] | None = None

    @property
    def shape(self) -> SignalShape:
        """What the schema knows of it."""
        return SignalShape("data", self.axes, self.n_signal_axes)


@dataclass(frozen=True, slots=True)
class FoundArray:
    """What became of it; `axes` are those of `zarr.json`, `bar_px` counts pixels of the array."""

    decision: SignalDecision
    entry: SignalEntry
    axes: Mapping[str, Mapping[str, Any]]
    bar: str | None
    bar_px: float

    @property
    def makes(self) -> frozenset[str]:
        """The results that were made."""
        return frozenset(result.name for result in self.entry.reductions)


def convert_array(known: KnownArray, folder: Path) -> FoundArray:
    """Convert an array with what its record says, as the server orders it."""
    (shape,) = calibrate_signals([known.shape], known.record)
    decision = decide_signal_kind(shape.axes, known.n_signal_axes, known.record)
    options = ConversionOptions(
        axes={"data": tuple(AxisEntry(**axis.as_dict()) for axis in shape.axes)},
        kinds={"data": decision.kind},
        threads=1,
    )
    own = tuple(Axis(**axis.as_dict()) for axis in known.axes)
    source = SignalSource(
        "data", known.data.shape, known.data.dtype, own, known.n_signal_axes, known.data.__getitem__, "1"
    )
    entry = convert_signal(source, folder, options=options, progress=lambda *_: None).entry
    assert entry is not None
    stored = json.loads((folder / "zarr" / "zarr.json").read_bytes())["attributes"]["axes"]
    picture = next((one for one in entry.previews if one.name == known.picture), None)
    bar, bar_px = None, 0.0
    if picture is not None:
        bar = picture.parameters["scale_bar"]
        side = known.shape.find_axis(known.along)
        assert side is not None
        zoom = max(1, WANTED_SIDE // max(axis.size for axis in _list_drawn(known)))
        bar_px = measure_bar((folder / "previews" / picture.file).read_bytes()) / zoom
    return FoundArray(decision, entry, {axis["name"]: axis for axis in stored}, bar, bar_px)


def _list_drawn(known: KnownArray) -> tuple[SignalAxis, ...]:
    """Return the two axes of the picture: those beside which the one named lies."""
    index = next(place for place, axis in enumerate(known.axes) if axis.name == known.along)
    return known.axes[index - 1 : index + 1]


def measure_bar(png: bytes) -> int:
    """Return the length of the white bar at the lower left, in pixels of the picture."""
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).min(axis=2)
    row = picture[picture.shape[0] - picture.shape[1] // 28 - 2] == 255
    start = picture.shape[1] // 28
    stop = start
    while row[stop]:
        stop += 1
    return int(stop - start - 1)


def told(value: Any, unit: str) -> dict[str, Any]:
    """Return a quantity that a person gave."""
    return {"value": value, "unit": unit, **PERSON}


def _make_scan() -> tuple[Values, tuple[SignalAxis, ...]]:
    data = make_pattern_scan(scan_shape=(40, 60), detector_shape=(32, 32), radius=6.2).data
    names = ("scan_y", "scan_x", "detector_y", "detector_x")
    return data, tuple(SignalAxis(name, size) for name, size in zip(names, data.shape, strict=True))


def list_given() -> list[KnownArray]:
    """Return arrays of which the record says a step that the file does not have, or has otherwise."""
    scan, plain = _make_scan()
    in_file = (*(SignalAxis(axis.name, axis.size, "nm", 0.063) for axis in plain[:2]), *plain[2:])
    image = make_lattice_image()
    lengths = tuple(SignalAxis(name, size, "nm", 0.02) for name, size in zip("yx", image.shape, strict=True))
    spectra = make_spectrum_image().data
    energies = (
        SignalAxis("scan_y", spectra.shape[0]),
        SignalAxis("scan_x", spectra.shape[1]),
        SignalAxis("energy", spectra.shape[2], "eV", 0.5, 400.0),
    )
    of_scan: dict[str, Any] = {"kind": "pattern_scan", "picture": "summed_intensity", "along": "scan_x"}
    of_patterns: dict[str, Any] = {
        "kind": "pattern_scan",
        "picture": "mean_diffraction_pattern",
        "along": "detector_x",
    }
    return [
        KnownArray("the file's step", scan, in_file, {}, steps={"scan_x": (0.063, "nm")}, **of_scan),
        KnownArray(
            "step 0.063 nm, given 0.5 × 0.25 nm", scan, in_file, {"scan_step": told([0.5, 0.25], "nm")},
            steps={"scan_y": (0.5, "nm"), "scan_x": (0.25, "nm")}, **of_scan,
        ),
        KnownArray(
            "no step, given 2.5 Å", scan, plain, {"scan_step": told(2.5, "Ao")},
            steps={"scan_y": (2.5, "Ao"), "scan_x": (2.5, "Ao")}, **of_scan,
        ),
        KnownArray(
            "no angle, given 1.5 mrad", scan, plain, {"diffraction_pixel_size": told(1.5, "mrad")},
            steps={"detector_y": (1.5, "mrad"), "detector_x": (1.5, "mrad")}, **of_patterns,
        ),
        KnownArray(
            "pixel 0.02 nm, given 50 pm", image, lengths, {"pixel_size": told(50, "pm")}, "image",
            steps={"y": (0.05, "nm"), "x": (0.05, "nm")}, picture="image", along="x",
        ),
        KnownArray(
            "0.5 eV from 400, given 0.25 from 280", spectra, energies,
            {"energy_axis": {"bin_width": told(0.25, "eV"), "start": told(280, "eV")}}, "spectrum_scan", 1,
            steps={"energy": (0.25, "eV")}, starts={"energy": 280.0},
        ),
    ]  # fmt: skip


def list_stacks() -> list[KnownArray]:
    """Return frames and stacks that a reader named as a camera's, in every unit, with and without an answer."""
    patterns = make_pattern_scan(scan_shape=(1, 6), detector_shape=(48, 48)).data[0]
    nothing: frozenset[str] = frozenset()
    series = frozenset({"mean_diffraction_pattern", "max_diffraction_pattern", "summed_intensity"})

    def stack(name: str, unit: str | None, technique: str, kind: str, **known: Any) -> KnownArray:
        scale = None if unit is None else 0.2
        axes = (SignalAxis("frame", 6), *(SignalAxis(f"detector_{side}", 48, unit, scale) for side in "yx"))
        record = {"technique": {"value": [technique], **PERSON}} if technique else {}
        return KnownArray(name, patterns, axes, record, kind, **{"makes": nothing, **known})

    def frame(name: str, unit: str | None, technique: str, kind: str, **known: Any) -> KnownArray:
        whole = stack(name, unit, technique, kind, **known)
        return KnownArray(
            name, patterns[0], whole.axes[1:], whole.record, kind,
            contradicted=whole.contradicted, makes=nothing,
        )  # fmt: skip

    return [
        stack("stack in nm", "nm", "", "image_series"),
        stack("stack in 1/nm", "1/nm", "", "pattern_series", makes=series),
        stack("stack in px", "px", "", "frame_series"),
        stack("stack without unit", None, "", "frame_series"),
        stack("stack without unit, TEM image", None, "tem_image", "image_series"),
        stack("stack without unit, patterns", None, "diffraction_pattern", "pattern_series", makes=series),
        stack("stack in nm, TEM image", "nm", "tem_image", "image_series"),
        stack("stack in nm, 4D-STEM", "nm", "four_d_stem", "image_series", contradicted=True),
        stack(
            "stack in 1/nm, TEM image", "1/nm", "tem_image", "pattern_series", contradicted=True, makes=series
        ),
        frame("frame in nm", "nm", "", "image"),
        frame("frame in 1/nm", "1/nm", "", "pattern"),
        frame("frame in px", "px", "", "frame"),
        frame("frame without unit, TEM image", None, "tem_image", "image"),
        frame("frame in nm, pattern", "nm", "diffraction_pattern", "image", contradicted=True),
    ]


def describe_given(known: KnownArray, found: FoundArray) -> str:
    """Return a row of the table of given steps."""
    steps = ", ".join(
        f"{name} {step:g} {unit} → {found.axes[name]['scale']:g} {found.axes[name]['unit']}"
        for name, (step, unit) in known.steps.items()
    )
    starts = ", ".join(
        f"{name} {start:g} → {found.axes[name]['offset']:g}" for name, start in known.starts.items()
    )
    bar = "–" if found.bar is None else f"{found.bar} is {found.bar_px:.2f} px"
    return f"{known.name:<38} | {steps:<60} | {starts or '–':<18} | {bar}"


def describe_stack(known: KnownArray, found: FoundArray) -> str:
    """Return a row of the table of stacks."""
    contradicted = f"{_say(known.contradicted)} → {_say(bool(found.decision.contradiction))}"
    made = ", ".join(sorted(found.makes)) or "nothing"
    return f"{known.name:<34} | {known.kind} → {found.decision.kind} | {contradicted} | {made}"


def _say(yes: bool) -> str:
    return "yes" if yes else "no"
