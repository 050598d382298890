"""Real vendor files through reader and mapping: which fields were found, and whether they are believable."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.formats.registry import find_format
from ingest.mapping.draft import MetadataDraft
from ingest.readers.contract import ReadHints, ReadRefusedError
from repository.schema import SignalShape, merge_metadata, validate_measurement
from repository.schema.documents.calibrated_axes import calibrate_signals

_CHECKOUT = Path(__file__).resolve().parents[3]
REAL_DATA = Path(os.environ.get("STEMMA_REALDATA", _CHECKOUT.parent / "shared" / "realdata"))
_FOLDERS = ("blo", "de_seq", "dectris_arina", "dm", "emd", "empad", "hspy", "mib", "mrc", "msa", "tia")
pytestmark = pytest.mark.skipif(not REAL_DATA.is_dir(), reason=f"no real vendor files at {REAL_DATA}")

# (file, field): what stands in that file, read by eye from its header.
_KNOWN: dict[tuple[str, str], tuple[Any, str]] = {
    ("blo/rsciio/test1.blo", "acceleration_voltage"): (200.0, "kV"),
    ("blo/rsciio/test1.blo", "camera_length"): (200.0, "mm"),
    ("dectris_arina/rsciio/test_00_master.h5", "acceleration_voltage"): (300.0, "kV"),
    ("dectris_arina/rsciio/test_00_master.h5", "exposure_time"): (0.0995, "ms"),
    ("dectris_arina/rsciio/test_00_master.h5", "camera.threshold"): (17.5, "keV"),
    ("dm/pytemlib/EELS_STO.dm3", "semi_convergence_angle"): (30.0, "mrad"),
    ("dm/pytemlib/EELS_STO.dm3", "collection_semi_angle"): (33.0, "mrad"),
    ("dm/rsciio/1D/test-EELS_spectrum.dm3", "semi_convergence_angle"): (21.0, "mrad"),
    ("dm/rsciio/Fei HAADF-DE_location.dm3", "dwell_time"): (1.4, "us"),
    ("dm/openncem/08_carbon.dm3", "exposure_time"): (1000.0, "ms"),
    ("emd/openncem/Acquisition_18.emd", "semi_convergence_angle"): (24.979373, "mrad"),
    ("emd/openncem/Acquisition_18.emd", "dwell_time"): (1.0, "us"),
    ("emd/rsciio/example_metadata.emd", "acceleration_voltage"): (300.0, "kV"),
    ("emd/rsciio/py4DSTEM_size2x3x4x5.h5", "diffraction_pixel_size"): (0.4425157, "nm-1"),
    ("empad/rsciio/map4x4.xml", "acceleration_voltage"): (300.0, "kV"),
    ("empad/rsciio/map4x4.xml", "camera_length"): (722.5, "mm"),
    ("hspy/rsciio/example1_v1.2.hdf5", "dwell_time"): (100000.0, "us"),
    ("mrc/rsciio/HAADFscan.mrc", "semi_convergence_angle"): (14.3273244276, "mrad"),
    ("mrc/rsciio/HAADFscan.mrc", "scan_step"): (5.679131, "nm"),
    ("tia/openncem/16_STOimage_1.ser", "acceleration_voltage"): (80.0, "kV"),
    ("tia/rsciio/old/64x64_diffraction_acquire_1.ser", "diffraction_pixel_size"): (0.101572, "nm-1"),
    ("mib/rsciio/Merlin_navigation4x2_ROI/001_4x2_6bit.mib", "exposure_time"): (100.0, "ms"),
}
_BELIEVABLE = {
    "acceleration_voltage": (3.0, 300.0),
    "semi_convergence_angle": (0.5, 60.0),
    "collection_semi_angle": (1.0, 120.0),
    "dwell_time": (0.1, 2e6),
    "exposure_time": (1e-2, 1e6),
    "camera_length": (1.0, 1e4),
    "probe_current": (0.1, 2e4),
    "stage_tilt_x": (-80.0, 80.0),
}


def _list_files() -> Iterator[tuple[str, str, Path]]:
    for folder in _FOLDERS:
        for path in sorted((REAL_DATA / folder).rglob("*")):
            if path.is_file():
                match = recognize(path, path.name)
                if find_format(match.format or "") and match.role == "primary":
                    yield path.relative_to(REAL_DATA).as_posix(), str(match.format), path


def _map(format_id: str, path: Path) -> tuple[MetadataDraft, list[dict[str, Any]]] | None:
    beside = [other for other in path.parent.iterdir() if other.is_file() and other != path]
    base = path.stem.removesuffix("_master")
    stems = {path.stem, path.stem[:-2], base, f"{base}_data_000001"}  # TIA and DECTRIS number their parts
    companions = [other for other in beside if other.stem in stems or other.suffix == ".raw"]
    files = {other.name: other for other in (path, *companions)}
    try:
        opened = open_measurement(format_id, files, ReadHints())
    except ReadRefusedError:
        return None
    with opened:
        signals = [signal.describe() for signal in opened.signals]
        stored = json.loads(json.dumps({"header": opened.header, "signals": signals}))
    return map_vendor_header(format_id, stored["header"], stored["signals"]), stored["signals"]


def _flatten(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, entry in document.items():
        if isinstance(entry, dict) and "value" not in entry:
            yield from _flatten(entry, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", entry


def test_fields_found_in_real_files(capsys: pytest.CaptureFixture[str]) -> None:
    table, known = [], dict(_KNOWN)
    for name, format_id, path in _list_files():
        mapped = _map(format_id, path)
        if mapped is None:
            continue
        draft, signals = mapped
        fields = dict(_flatten(draft.document))
        table.append(f"{name}: {len(fields)} fields: {', '.join(sorted(fields)) or 'none'}")
        _check_believable(name, fields)
        _check_structure(name, draft, signals)
        for key in [key for key in known if key[0] == name]:
            value, unit = known.pop(key)
            found = fields[key[1]]
            assert (found["value"], found["unit"]) == (pytest.approx(value, rel=1e-6), unit), key
    with capsys.disabled():
        print("", *table, sep="\n")  # noqa: T201 - the table is what the test is run for
    assert not known, f"not met: {sorted(known)}"
    assert len(table) > 60


def test_a_header_corrects_no_axis_but_those_that_its_arrays_leave_bare() -> None:
    """What the file alone says twice, in its axes and in the record made of its header, it says alike."""
    corrected, known = set(), 0
    for name, format_id, path in _list_files():
        mapped = _map(format_id, path)
        if mapped is None:
            continue
        draft, signals = mapped
        shapes = [SignalShape.from_dict(signal) for signal in signals]
        record = merge_metadata(header=draft.document, supplied_layers=[]).document
        for read, calibrated in zip(shapes, calibrate_signals(shapes, record), strict=True):
            for own, axis in zip(read.axes, calibrated.axes, strict=True):
                assert own == axis or own.scale is None, (name, own, axis)
                known += own.scale is not None
                corrected |= {(name, axis.name)} if own != axis else set()
    maps = "emd/rsciio/velox_EELS_EDS/example_velox_EELS_EDS.emd"  # pictures that Velox made of a map have no step
    assert corrected == {("empad/rsciio/map4x4.xml", f"detector_{side}") for side in "yx"} | {
        (maps, f"scan_{side}") for side in "yx"
    }
    assert known > 90


def _check_believable(name: str, fields: dict[str, Any]) -> None:
    for path, (low, high) in _BELIEVABLE.items():
        if path in fields:
            assert low <= fields[path]["value"] <= high, (name, path, fields[path])
            assert fields[path]["origin_key"], (name, path)


def _check_structure(name: str, draft: MetadataDraft, signals: list[dict[str, Any]]) -> None:
    shapes = [SignalShape.from_dict(signal) for signal in signals]
    for finding in validate_measurement(draft.document, signals=shapes):
        is_wrong = finding.severity == "error" and finding.code != "required_field_missing"
        assert not is_wrong, (name, finding)
