"""First pictures: a bounded part of the bytes, the right positions, and an honest label, whatever the layout."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats.opening import open_measurement
from ingest.readers.contract import Axis, ReadHints, Region, SignalSource
from processing.declarations.manifest import Order
from processing.engine.draw_result import Drawable, draw_result
from processing.engine.preview_pictures import FirstPicture, draw_first_pictures, list_first_pictures
from processing.engine.preview_plan import MOST_BYTES, SHARE, budget_of, deadline_of, plan_preview
from processing.engine.preview_program import main
from processing.engine.preview_sample import Deadline, PreviewSample, read_sample
from processing.engine.signal_entries import find_kind
from processing.reductions.detector_plan import AngleKnowledge
from tests.synthetic import make_pattern_scan, render_disk
from tests.vendor_files.dm import write_dm
from tests.vendor_files.hdf5 import write_hspy

SCAN, DETECTOR = ("scan_y", "scan_x"), ("detector_y", "detector_x")
NEVER = Deadline(1e9)


@dataclass
class CountingSource:
    """A signal that adds up what its blocks would cost to read; values come from `give`."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    names: tuple[str, ...]
    n_signal_axes: int
    block: tuple[int, ...] = ()
    by_channel: bool = False
    values: npt.NDArray[Any] | None = None
    touched: set[tuple[int, ...]] = field(default_factory=set)
    reads: list[Region] = field(default_factory=list)

    def as_source(self) -> SignalSource:
        return SignalSource(
            name="data",
            shape=self.shape,
            dtype=self.dtype,
            axes=tuple(Axis(name, size) for name, size in zip(self.names, self.shape, strict=True)),
            n_signal_axes=self.n_signal_axes,
            load=partial(self._load, by_channel=False),
            stored_block=self.block,
            load_channels=partial(self._load, by_channel=True) if self.by_channel else None,
        )

    @property
    def bytes_touched(self) -> int:
        return len(self.touched) * math.prod(self._block) * self.dtype.itemsize

    @property
    def _block(self) -> tuple[int, ...]:
        n_leading = len(self.shape) - self.n_signal_axes
        return self.block or (*(1 for _ in range(n_leading)), *self.shape[n_leading:])

    def _load(self, region: Region, *, by_channel: bool) -> npt.NDArray[Any]:
        n_leading = len(self.shape) - self.n_signal_axes
        self.reads.append(region)
        if by_channel:
            whole = (*(slice(0, size) for size in self.shape[:n_leading]), *region)
        else:
            whole = (*region, *(slice(0, size) for size in self.shape[n_leading:]))
        first = [part.start // step for part, step in zip(whole, self._block, strict=True)]
        stop = [-(-part.stop // step) for part, step in zip(whole, self._block, strict=True)]
        spans = [range(a, b) for a, b in zip(first, stop, strict=True)]
        self.touched.update(
            tuple(start + int(offset) for start, offset in zip(first, index, strict=True))
            for index in np.ndindex(*(len(span) for span in spans))
        )
        if self.values is not None:
            return self.values[whole]
        return np.ones([part.stop - part.start for part in whole], self.dtype)


U2 = np.dtype(np.uint16)
LAYOUTS: Mapping[str, CountingSource] = {
    "frames": CountingSource((512, 512, 128, 128), U2, SCAN + DETECTOR, 2),
    "large frames": CountingSource((64, 64, 1024, 1024), U2, SCAN + DETECTOR, 2),
    "chunks of patterns": CountingSource(
        (256, 256, 256, 256), U2, SCAN + DETECTOR, 2, (4, 4, 256, 256), by_channel=True
    ),
    "chunks over scan and detector": CountingSource(
        (256, 256, 256, 256), U2, SCAN + DETECTOR, 2, (16, 16, 32, 32), by_channel=True
    ),
    "detector first": CountingSource(
        (256, 256, 128, 128), U2, SCAN + DETECTOR, 2, (256, 256, 1, 1), by_channel=True
    ),
    "one column of chunks": CountingSource(
        (256, 256, 128, 128), U2, SCAN + DETECTOR, 2, (256, 256, 8, 8), by_channel=True
    ),
    "a run of frames": CountingSource((40_000, 256, 256), U2, ("position", *DETECTOR), 2),
    "spectra": CountingSource((1000, 1000, 2048), np.dtype(np.float32), (*SCAN, "energy"), 1),
    "energy first": CountingSource(
        (512, 512, 2048), np.dtype(np.float32), (*SCAN, "energy"), 1, (512, 512, 1), by_channel=True
    ),
    "series of scans": CountingSource((5, 256, 256, 128, 128), U2, ("series", *SCAN, *DETECTOR), 2),
    "image": CountingSource((32_768, 32_768), U2, SCAN, 2, (1, 32_768), by_channel=True),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_preview_touches_at_most_a_hundredth_whatever_the_layout(name: str) -> None:
    counting = LAYOUTS[name]
    counting.touched.clear()
    source = counting.as_source()
    budget = budget_of(source.nbytes)
    assert budget <= min(MOST_BYTES, source.nbytes / SHARE)

    sample = read_sample(source, plan_preview(source, budget), NEVER)

    assert 0 < counting.bytes_touched <= budget
    pictures = list(list_first_pictures(find_kind(source, {}), source, sample, AngleKnowledge()))
    assert pictures, "a layout that can be sampled gives pictures"


@given(
    shape=st.tuples(*(st.integers(1, 40) for _ in range(4))),
    block=st.tuples(*(st.integers(1, 40) for _ in range(4))),
    budget=st.integers(1, 40_000),
)
@settings(max_examples=200)
def test_no_plan_costs_more_than_its_budget(
    shape: tuple[int, ...], block: tuple[int, ...], budget: int
) -> None:
    block = tuple(min(part, size) for part, size in zip(block, shape, strict=True))
    counting = CountingSource(shape, U2, SCAN + DETECTOR, 2, block, by_channel=True)
    source = counting.as_source()

    plan = plan_preview(source, budget)
    assert len(plan.regions) * plan.part_bytes <= budget
    if plan.mode != "none":
        read_sample(source, plan, NEVER)
        assert counting.bytes_touched <= budget
        assert len({tuple(part.start for part in region) for region in plan.regions}) == len(plan.regions)


def test_what_has_no_cheap_part_gives_no_picture_and_reads_nothing() -> None:
    counting = CountingSource((64, 64, 64, 64), U2, SCAN + DETECTOR, 2, (64, 64, 64, 64), by_channel=True)
    source = counting.as_source()
    plan = plan_preview(source, budget_of(source.nbytes))
    assert plan.mode == "none"
    assert not read_sample(source, plan, NEVER).parts


def _ramp_scan() -> tuple[CountingSource, npt.NDArray[np.float64]]:
    """Return a scan whose total intensity grows with the position: (1 + y) · 100 + x, in units of one disk."""
    y, x = np.mgrid[:32, :40]
    intensity = 100.0 * (1 + y) + x
    disk = render_disk((24, 24), (11.3, 12.1), 5.2)
    values = (intensity[..., None, None] * disk).astype(np.float32)
    counting = CountingSource(values.shape, values.dtype, SCAN + DETECTOR, 2, values=values)
    return counting, intensity * float(disk.astype(np.float32).sum())


def _by_name(source: SignalSource, sample: PreviewSample) -> dict[str, FirstPicture]:
    drawn = list_first_pictures(find_kind(source, {}), source, sample, AngleKnowledge())
    return {one.name: one for one in drawn}


def test_pictures_hold_the_positions_they_name() -> None:
    counting, intensity = _ramp_scan()
    source = counting.as_source()
    plan = plan_preview(source, 200 * 24 * 24 * 4)
    sample = read_sample(source, plan, NEVER)
    pictures = _by_name(source, sample)

    rows, columns = plan.grid
    overview = pictures["preview_summed_intensity"].values
    np.testing.assert_allclose(overview, intensity[np.ix_(rows, columns)], rtol=1e-5)
    assert sample.n_read == len(counting.touched)
    assert sample.n_read <= 200
    assert sample.n_total == 32 * 40

    center = pictures["preview_center_pattern"]
    assert counting.values is not None
    np.testing.assert_array_equal(center.values, counting.values[16, 20])
    assert center.parameters["position"] == [16, 20]
    mean = pictures["preview_mean_pattern"].values
    np.testing.assert_allclose(mean, counting.values[np.ix_(rows, columns)].mean(axis=(0, 1)), rtol=1e-5)


def test_the_center_row_is_the_middle_row_of_the_scan() -> None:
    counting, intensity = _ramp_scan()
    source = counting.as_source()
    sample = read_sample(source, plan_preview(source, 400 * 24 * 24 * 4), NEVER)
    row = _by_name(source, sample)["preview_center_row"]

    assert row.parameters["scan_y"] == 16
    assert row.parameters["n_positions"] == 40  # a quarter of 400 reads is enough for the whole row
    np.testing.assert_allclose(row.values, intensity[16], rtol=1e-5)


def test_the_dark_field_of_an_overview_agrees_with_a_plain_sum_over_its_ring() -> None:
    scan = make_pattern_scan(scan_shape=(20, 20), detector_shape=(40, 40), radius=6.0, electrons=20_000)
    counting = CountingSource(scan.data.shape, scan.data.dtype, SCAN + DETECTOR, 2, values=scan.data)
    source = counting.as_source()
    plan = plan_preview(source, 120 * 40 * 40 * 2)
    picture = _by_name(source, read_sample(source, plan, NEVER))["preview_annular_dark_field"]

    center, inner, outer = (picture.parameters[key] for key in ("center_px", "inner_px", "outer_px"))
    assert math.dist(center, scan.center) < 0.3
    y, x = np.mgrid[:40, :40]
    radius = np.hypot(y - center[0], x - center[1])
    ring = (radius >= inner) & (radius < outer)
    expected = scan.data[np.ix_(*plan.grid)][..., ring].sum(axis=-1)
    np.testing.assert_allclose(picture.values, expected)


def test_detector_first_gives_the_whole_scan_from_some_detector_pixels() -> None:
    rng = np.random.default_rng(5)
    values = rng.integers(0, 50, (12, 14, 32, 32)).astype(np.uint16)
    counting = CountingSource(
        values.shape, U2, SCAN + DETECTOR, 2, (12, 14, 1, 1), by_channel=True, values=values
    )
    source = counting.as_source()
    plan = plan_preview(source, 40 * 12 * 14 * 2)
    sample = read_sample(source, plan, NEVER)
    pictures = _by_name(source, sample)

    chosen = values[np.ix_(range(12), range(14), *plan.grid)]
    np.testing.assert_array_equal(pictures["preview_summed_intensity"].values, chosen.sum(axis=(2, 3)))
    np.testing.assert_allclose(pictures["preview_mean_pattern"].values, chosen.mean(axis=(0, 1)))
    np.testing.assert_array_equal(pictures["preview_center_pattern"].values, chosen[6, 7])
    assert (sample.n_read, sample.n_total) == (36, 1024)


def test_a_deadline_leaves_a_fair_part_and_says_so() -> None:
    counting, intensity = _ramp_scan()
    source = counting.as_source()
    ticks = iter(range(10_000))
    deadline = Deadline(100, clock=lambda: float(next(ticks)))
    plan = plan_preview(source, 400 * 24 * 24 * 4)
    sample = read_sample(source, plan, deadline)

    assert not sample.is_whole
    assert 90 <= len(sample.parts) <= 101
    overview = _by_name(source, sample)["preview_summed_intensity"].values
    expected = intensity[np.ix_(*plan.grid)]
    read = np.isfinite(overview)
    assert 0 < read.sum() < overview.size
    np.testing.assert_allclose(overview[read], expected[read], rtol=1e-5)


def _write_chunked(path: Path, chunks: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    brightness = np.arange(64 * 64).reshape(64, 64, 1, 1) % 251
    data = (brightness * render_disk((64, 64), (31.0, 32.0), 9.0)).astype(np.uint16)
    axes = [{"name": name, "navigate": name in SCAN, "units": "nm"} for name in SCAN + DETECTOR]
    write_hspy(path, {"scan": (data, axes)}, chunks=chunks)
    return data


@pytest.mark.parametrize("chunks", [(1, 1, 64, 64), (2, 2, 64, 64), (64, 64, 2, 2), (4, 4, 16, 16)])
def test_compressed_chunks_are_read_as_they_lie(tmp_path: Path, chunks: tuple[int, ...]) -> None:
    path = tmp_path / "scan.hspy"
    data = _write_chunked(path, chunks)
    output = tmp_path / "out"
    request = Order(format="hspy", files=("scan.hspy",)).as_dict()
    main(request, tmp_path, tmp_path / "before", lambda _: None)  # modules are read from the disk as well
    before = _bytes_read()
    result = main(request, tmp_path, output, lambda _: None)
    read = _bytes_read() - before

    assert 0 < result["signals"][0]["bytes_read"] <= data.nbytes / SHARE
    # The file is smaller than its values: what was read of it is its index and a few chunks.
    assert read < path.stat().st_size / 4 + 500_000
    (signal,) = result["signals"]
    assert signal["previews"]
    for entry in signal["previews"]:
        assert (output / "data" / "previews" / entry["file"]).read_bytes().startswith(b"\x89PNG")
        said = entry["parameters"]
        assert 0 < said["n_read"] < said["n_total"]
        assert said["read"]["grid"]


def _bytes_read() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


def test_an_image_is_read_whole(tmp_path: Path) -> None:
    stored = np.arange(600 * 500, dtype=np.uint32).reshape(600, 500)
    write_dm(tmp_path / "map.dm4", stored)
    order = Order(format="dm4", files=("map.dm4",)).as_dict()
    (signal,) = main(order, tmp_path, tmp_path / "out", lambda _: None)["signals"]
    assert (signal["bytes_read"], len(signal["previews"])) == (stored.nbytes, 1)


def test_a_large_dm_image_is_thinned_row_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processing.engine.preview_program.WHOLE_IMAGE_BYTES", 1000)
    write_dm(tmp_path / "map.dm4", stored := np.arange(600 * 500, dtype=np.uint32).reshape(600, 500))
    order = Order(format="dm4", files=("map.dm4",)).as_dict()
    (signal,) = main(order, tmp_path, tmp_path / "out", lambda _: None)["signals"]
    (entry,) = signal["previews"]
    assert signal["bytes_read"] <= stored.nbytes / SHARE
    assert entry["parameters"]["counted"] == "rows"
    assert entry["parameters"]["n_read"] == 6


def test_a_signal_first_dm_scan_is_read_by_detector_pixels(tmp_path: Path) -> None:
    scan = make_pattern_scan(scan_shape=(16, 18), detector_shape=(32, 32), radius=6.0, electrons=None)
    stored = np.ascontiguousarray(np.moveaxis(scan.data.astype(np.uint16) + 1, (2, 3), (0, 1)))
    calibrations = [(0, 1, "1/nm"), (0, 1, "1/nm"), (0, 1, "nm"), (0, 1, "nm")]
    write_dm(tmp_path / "scan.dm4", stored, calibrations=calibrations)
    result = main(
        Order(format="dm4", files=("scan.dm4",)).as_dict(), tmp_path, tmp_path / "out", lambda _: None
    )
    (signal,) = result["signals"]
    said = {entry["name"]: entry["parameters"] for entry in signal["previews"]}
    assert signal["bytes_read"] <= stored.nbytes / SHARE
    assert said["preview_summed_intensity"]["counted"] == "detector pixels"
    assert said["preview_summed_intensity"]["read"]["mode"] == "channels"


def test_readers_name_the_chunk_that_they_read_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "scan.hspy"
    data = _write_chunked(path, (4, 2, 64, 64))
    with open_measurement("hspy", {"scan.hspy": path}, ReadHints()) as opened:
        (signal,) = opened.signals
        assert signal.stored_block == (4, 2, 64, 64)
        np.testing.assert_array_equal(signal.read_channels((slice(3, 5), slice(7, 8))), data[:, :, 3:5, 7:8])
    assert h5py.is_hdf5(path)


def test_the_time_for_first_pictures_is_a_hundredth_of_what_a_conversion_takes() -> None:
    """A fast machine converts 50 MB in a second; a small file is given a second for the start alone."""
    for size in (5_000_000_000, 10_000_000_000, 2_000_000_000_000):
        assert deadline_of(size) <= size / 50e6 / 100
    assert deadline_of(1) == deadline_of(1_000_000_000) == 1.0


def _draw(source: SignalSource, patterns: int) -> dict[str, dict[str, Any]]:
    item = math.prod(source.shape[-source.n_signal_axes :]) * source.dtype.itemsize
    sample = read_sample(source, plan_preview(source, patterns * item), NEVER)
    drawn = draw_first_pictures(find_kind(source, {}), source, sample, AngleKnowledge())
    return {one.drawn.name: one.parameters for one in drawn}


def test_each_picture_says_from_how_many_patterns_it_alone_was_made() -> None:
    counting, _ = _ramp_scan()
    source = counting.as_source()
    rows, columns = plan_preview(source, 200 * 24 * 24 * 4).grid
    said = _draw(source, 200)

    assert all(one["n_total"] == 32 * 40 and one["counted"] == "patterns" for one in said.values())
    assert {name: one["n_read"] for name, one in said.items()} == {
        "preview_annular_dark_field": len(rows) * len(columns),
        "preview_summed_intensity": len(rows) * len(columns),
        "preview_center_row": said["preview_center_row"]["n_positions"],
        "preview_center_row_patterns": 6,
        "preview_mean_pattern": len(rows) * len(columns),
        "preview_center_pattern": 1,
    }


def test_patterns_that_lie_together_are_all_counted() -> None:
    values = np.ones((32, 32, 16, 16), np.uint16)
    counting = CountingSource(values.shape, U2, SCAN + DETECTOR, 2, (2, 2, 16, 16), values=values)
    source = counting.as_source()
    rows, columns = plan_preview(source, 400 * 16 * 16 * 2).grid
    said = _draw(source, 400)
    assert said["preview_summed_intensity"]["n_read"] == 4 * len(rows) * len(columns)
    assert said["preview_center_pattern"]["n_read"] == 1


@pytest.mark.parametrize("block", [(1, 1, 128, 128), (150, 150, 1, 1)])
def test_the_bar_counts_scan_positions_or_detector_pixels(block: tuple[int, ...]) -> None:
    counting = CountingSource((150, 150, 128, 128), U2, SCAN + DETECTOR, 2, block, by_channel=True)
    said = _draw(counting.as_source(), 225)
    # A quarter of 150 positions and of 128 pixels, however few cells and channels were read.
    assert said["preview_summed_intensity"]["scale_bar"] in {"20 positions", "50 positions"}
    assert said["preview_mean_pattern"]["scale_bar"] in {"20 px", "50 px"}


def test_the_bar_of_an_overview_is_a_length_where_the_step_is_known() -> None:
    bare = CountingSource((150, 150, 32, 32), U2, SCAN + DETECTOR, 2).as_source()
    axes = tuple(replace(axis, unit="nm", scale=0.5) if axis.name in SCAN else axis for axis in bare.axes)
    said = _draw(replace(bare, axes=axes), 225)
    assert said["preview_summed_intensity"]["scale_bar"] == "20 nm"


def test_a_picture_that_is_shrunk_counts_the_pixels_of_the_detector() -> None:
    entry = Drawable("p", "", "pattern", DETECTOR, "1", "first_picture", 1)
    axes = {name: Axis(name, 4096).as_dict() for name in DETECTOR}
    drawn = draw_result(entry, np.ones((4096, 4096), np.uint8), axes)
    assert drawn is not None
    assert drawn.parameters["scale_bar"] == "1000 px"
