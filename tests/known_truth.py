"""Scans whose truth is known beside what a conversion says of them; `python -m tests.known_truth` prints a table."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.declarations.manifest import Optics
from processing.engine.one_pass import convert_signal
from processing.engine.signal_entries import SignalWork
from processing.engine.signal_work import ConversionOptions
from tests.known_axes import convert_array, describe_given, describe_stack, list_given, list_stacks
from tests.synthetic import render_disk, source_of

Scan = npt.NDArray[Any]
SCAN, DETECTOR = (16, 16), (64, 64)
CENTER, RADIUS, ELECTRONS = (31.8, 30.9), 12.4, 20000.0
MRAD_PER_PX = 1.0
HOT = 60000
OVERLAP = 0.25  # amplitude of a Bragg disk against the direct one


@dataclass(frozen=True, slots=True)
class Truth:
    """What a scan was made from; `hot` and `dead` are pixels, `travel` is in pixels from corner to corner."""

    name: str
    data: Scan
    hot: npt.NDArray[np.bool_]
    dead: npt.NDArray[np.bool_]
    declared_mrad: float = RADIUS * MRAD_PER_PX
    travel: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """What became of it."""

    work: SignalWork
    results: dict[str, npt.NDArray[Any]]

    @property
    def codes(self) -> list[str]:
        """Codes of the findings."""
        return [finding.code for finding in self.work.reduction_findings]

    @property
    def disk(self) -> dict[str, Any]:
        """What is said of the disk."""
        assert self.work.entry is not None
        assert self.work.entry.direct_disk is not None
        return self.work.entry.direct_disk.as_dict()


def convert(truth: Truth, folder: Path) -> Found:
    """Convert a scan with what its record says."""
    known = Optics(
        semi_convergence_angle_mrad=truth.declared_mrad,
        diffraction_pixel_mrad=(MRAD_PER_PX, MRAD_PER_PX),
        semi_convergence_angle_basis="nominal",
    )
    options = ConversionOptions(optics=known, threads=1)
    work = convert_signal(source_of(truth.data), folder, options=options, progress=lambda *_: None)
    assert work.entry is not None
    results = {entry.name: np.load(folder / "reductions" / entry.file) for entry in work.entry.reductions}
    return Found(work, results)


def make_scan(expect: Callable[[float, float], npt.NDArray[np.float64]], seed: int = 4) -> Scan:
    """Return Poisson counts of the pattern expected at each place (y, x from 0 to 1)."""
    rng = np.random.default_rng(seed)
    data = np.empty((*SCAN, *DETECTOR), np.uint16)
    for y, x in np.ndindex(*SCAN):
        expected = expect(y / (SCAN[0] - 1), x / (SCAN[1] - 1)) + 1e-4
        data[y, x] = rng.poisson(expected / expected.sum() * ELECTRONS)
    return data


def make_plain() -> Truth:
    """Return a scan of one disk, all as its record says."""
    nothing = np.zeros(DETECTOR, dtype=bool)
    data = make_scan(lambda *_: render_disk(DETECTOR, CENTER, RADIUS))
    return Truth("as recorded", data, nothing, nothing)


def spoil(truth: Truth, n_hot: int, n_dead: int, seed: int = 1) -> Truth:
    """Return it with hot pixels anywhere and dead ones within the disk."""
    rng = np.random.default_rng(seed)
    hot, dead = (np.zeros(DETECTOR, dtype=bool) for _ in range(2))
    hot.flat[rng.choice(hot.size, n_hot, replace=False)] = True
    inside = np.flatnonzero((render_disk(DETECTOR, CENTER, RADIUS - 1) == 1) & ~hot)
    dead.flat[rng.choice(inside, n_dead, replace=False)] = True
    data = truth.data.copy()
    data[..., hot], data[..., dead] = HOT, 0
    return replace(truth, name=f"{n_hot} hot, {n_dead} dead pixels", data=data, hot=hot, dead=dead)


def make_descan(travel: float) -> Truth:
    """Return a scan over which the disk travels along x while the beam scans along y."""
    plain = make_plain()
    data = make_scan(lambda y, _: render_disk(DETECTOR, (CENTER[0], CENTER[1] + travel * (y - 0.5)), RADIUS))
    return replace(plain, name=f"{travel:g} px of descan", data=data, travel=travel)


def make_overlap() -> Truth:
    """Return a thin crystal: six Bragg disks overlap the direct one and interfere with it, by the place."""
    plain = make_plain()
    direct = render_disk(DETECTOR, CENTER, RADIUS).astype(complex)
    turns = np.arange(6) * np.pi / 3
    spots = [1.5 * RADIUS * np.array([np.sin(turn), np.cos(turn)]) for turn in turns]
    disks = [render_disk(DETECTOR, (CENTER[0] + y, CENTER[1] + x), RADIUS) for y, x in spots]

    def expect(y: float, x: float) -> npt.NDArray[np.float64]:
        wave = direct.copy()
        for turn, disk in zip(turns, disks, strict=True):
            wave += 1j * OVERLAP * np.exp(2j * np.pi * (3 * y * np.sin(turn) + 3 * x * np.cos(turn))) * disk
        found: npt.NDArray[np.float64] = np.abs(wave) ** 2
        return found

    return replace(plain, name="Bragg overlap", data=make_scan(expect))


def make_gray() -> Truth:
    """Return three gray values of which the brightest is everywhere but in a corner."""
    plain = make_plain()
    data = np.full((*SCAN, *DETECTOR), 200, np.uint8)
    data[..., :20, :20], data[..., :10, :10] = 100, 0
    return replace(plain, name="three gray values", data=data)


def make_gap() -> Truth:
    """Return a scan of floats in which one pattern is NaN."""
    plain = make_plain()
    data = plain.data.astype(np.float32)
    data[3, 5] = np.nan
    return replace(plain, name="a pattern of NaN", data=data)


def list_truths() -> list[Truth]:
    """Return every scan of the table."""
    plain = make_plain()
    return [
        plain,
        spoil(plain, 1, 0),
        spoil(plain, 25, 25),
        make_descan(6.0),
        replace(plain, name="record says twice the angle", declared_mrad=2 * RADIUS * MRAD_PER_PX),
        make_overlap(),
        make_gray(),
        make_gap(),
    ]


def describe(truth: Truth, found: Found) -> str:
    """Return a row of the table."""
    disk, centers = found.disk, found.results["center_of_mass"]
    mask = found.results.get("outlier_mask", np.zeros(DETECTOR, np.uint8))
    if disk["found"]:
        radius = f"{disk['radius_px']:.2f} ± {disk['radius_uncertainty_px']:.2f} ± {disk['radius_model_error_px']:.2f}"
        off = f"{np.hypot(disk['center_px'][0] - CENTER[0], disk['center_px'][1] - CENTER[1]):.2f}"
    else:
        radius, off = "no disk", "–"
    pulled = np.abs(np.nanmean(centers, axis=(0, 1)) - CENTER).max()
    cells = (
        f"{truth.name:<28}",
        f"{RADIUS:.2f} → {radius:<20}",
        f"{off:>5}",
        f"{pulled:6.2f}",
        f"{truth.hot.sum():>3}/{truth.dead.sum():<3}→{(mask == 1).sum():>3}/{(mask == 2).sum():<3}",
        f"{truth.travel:.1f} → {disk['travel_px'] or 0:.2f}",
        ", ".join(found.codes) or "–",
    )
    return " | ".join(cells)


def list_rows() -> Iterator[str]:
    """Return truth against result: patterns, given steps, stacks."""
    yield (
        "scan | radius, px: truth → found ± shot noise ± model error | center off, px | mean CoM off, px | "
        "hot/dead pixels: truth → found | travel, px: truth → found | findings"
    )
    for truth in list_truths():
        with tempfile.TemporaryDirectory() as folder:
            yield describe(truth, convert(truth, Path(folder)))
    yield "\narray, what is given | step: truth → zarr.json | start: truth → zarr.json | scale bar"
    for known in list_given():
        with tempfile.TemporaryDirectory() as folder:
            yield describe_given(known, convert_array(known, Path(folder)))
    yield "\nstack | what it is: truth → found | unit and technique contradict: truth → found | made of it"
    for known in list_stacks():
        with tempfile.TemporaryDirectory() as folder:
            yield describe_stack(known, convert_array(known, Path(folder)))


def main() -> None:
    """Print truth against result."""
    for row in list_rows():
        print(row, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
