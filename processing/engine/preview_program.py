"""Confined: first pictures of one measurement, from a bounded part of its bytes, before it is converted.

Request
    ``format``, ``files``, ``hints`` and ``calibration`` as for `processing.engine.convert_program`.
Output folder
    ``<signal>/previews/*.png``.
Result
    ``program``, ``version``, ``bytes_read`` and per signal its description and ``previews``. A signal of which
    no part is cheap to read has none.

Nothing is compiled here and no array is written: what this imports is part of how early the pictures come.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest.formats.opening import open_measurement
from ingest.formats.preloading import preload_readers
from ingest.readers.contract import ReadHints, SignalSource
from processing.engine.calibration import Calibration, resolve_angles
from processing.engine.draw_result import write_pictures
from processing.engine.preview_pictures import draw_first_pictures
from processing.engine.preview_plan import budget_of, deadline_of, plan_preview
from processing.engine.preview_sample import Deadline, read_sample
from processing.reductions.detector_plan import AngleKnowledge

Send = Callable[[dict[str, Any]], None]
RECIPE = "preview"
RECIPE_VERSION = 1
SMALL_SHARE = 8  # a signal below this part of the budget, such as a survey image, is read whole


preload_readers()  # before the sandbox closes


def main(request: dict[str, Any], folder: Path, output: Path, send: Send) -> dict[str, Any]:
    """Make the first pictures; returns the result described above.

    Raises
    ------
    ReadRefusedError
        With the finding that says why the files are not read.
    """
    files = {path: folder / path for path in request["files"]}
    calibration = Calibration.from_dict(request.get("calibration") or {})
    deadline = Deadline(deadline_of(sum(path.stat().st_size for path in files.values())))
    send({"type": "progress", "fraction": 0.0, "message": "making the first pictures"})
    with open_measurement(
        request["format"], files, ReadHints.from_dict(request.get("hints") or {})
    ) as opened:
        shares = share_budget(opened.signals)
        signals = []
        for signal in opened.signals:
            signals.append(_preview_signal(signal, shares[signal.name], output, calibration, deadline))
            send(
                {
                    "type": "progress",
                    "fraction": len(signals) / len(opened.signals),
                    "message": "making the first pictures",
                }
            )
    return {
        "program": RECIPE,
        "version": RECIPE_VERSION,
        "signals": signals,
        "bytes_read": sum(signal["bytes_read"] for signal in signals),
    }


def share_budget(signals: tuple[SignalSource, ...]) -> dict[str, int]:
    """Return how many bytes may be read of each signal; together no more than the measurement allows."""
    left = budget_of(sum(signal.nbytes for signal in signals))
    shares: dict[str, int] = {}
    for signal in sorted(signals, key=lambda one: one.nbytes):
        is_small = signal.nbytes <= left // SMALL_SHARE
        shares[signal.name] = min(left, signal.nbytes if is_small else budget_of(signal.nbytes))
        left -= shares[signal.name]
    return shares


def _preview_signal(
    signal: SignalSource, budget: int, output: Path, calibration: Calibration, deadline: Deadline
) -> dict[str, Any]:
    plan = plan_preview(signal, budget) if 0 not in signal.shape else None
    if plan is None or plan.mode == "none":
        return {**signal.describe(), "previews": [], "bytes_read": 0}
    sample = read_sample(signal, plan, deadline)
    angles = AngleKnowledge()
    if signal.leading_shape and signal.n_signal_axes == 2:  # noqa: PLR2004 - a scan of patterns
        angles, _ = resolve_angles(calibration, signal.axes)
    pictures = draw_first_pictures(signal, sample, angles)
    return {
        **signal.describe(),
        "previews": write_pictures(output / signal.name / "previews", pictures),
        "bytes_read": sample.bytes_read,
    }
