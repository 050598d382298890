"""Confined: first pictures of one measurement, from a bounded part of its bytes, before it is converted.

Order
    ``format``, ``files``, ``hints``, ``optics``, ``axes`` and ``kinds`` as for `processing.engine.convert_program`.
Output folder
    ``<signal>/previews/*.png``.
Result
    The manifest: signals with their description, ``previews`` and ``bytes_read``. A signal of which no part is cheap
    to read has no previews.

Nothing is compiled here and no array is written: what this imports is part of how early the pictures come.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from confined.sandbox.protocol import Send
from ingest.formats.preloading import preload_readers
from ingest.readers.contract import SignalSource
from processing.declarations.manifest import Optics
from processing.engine.angles import resolve_angles
from processing.engine.draw_result import write_pictures
from processing.engine.preview_pictures import draw_first_pictures
from processing.engine.preview_plan import budget_of, deadline_of, plan_preview
from processing.engine.preview_sample import Deadline, read_sample
from processing.engine.program_outline import Program, Progress, open_files, read_order, work_through
from processing.engine.record_axes import take_axes
from processing.engine.signal_entries import SignalWork, describe_signal, find_kind
from processing.reductions.detector_plan import AngleKnowledge
from repository.schema.quantities.signals import SignalKind

RECIPE = "preview"
RECIPE_VERSION = 1
WHOLE_IMAGE_BYTES = 32 * 1024 * 1024  # an image of its own is seen as it is: a few rows of it show nothing
SMALL_SHARE = 8  # a signal below this part of the budget, such as a survey image, is read whole


preload_readers()  # before the sandbox closes


def main(request: dict[str, Any], folder: Path, output: Path, send: Send) -> dict[str, Any]:
    """Make the first pictures; returns the manifest.

    Raises
    ------
    ReadRefusedError
        With the finding that says why the files are not read.
    """
    order = read_order(request)
    deadline = Deadline(deadline_of(sum((folder / path).stat().st_size for path in order.files)))
    send({"type": "progress", "fraction": 0.0, "message": "making the first pictures"})
    with open_files(order, folder) as opened:
        shares = share_budget(opened.signals)

        def work(signal: SignalSource, progress: Progress) -> SignalWork:
            calibrated = take_axes(signal, order.axes)
            kind = find_kind(calibrated, order.kinds)
            done = _preview_signal(calibrated, kind, shares[signal.name], output, order.optics, deadline)
            progress(1.0, "making the first pictures")
            return done

        return work_through(Program(RECIPE, RECIPE_VERSION), opened, work, send, weigh=lambda _: 1)


def share_budget(signals: tuple[SignalSource, ...]) -> dict[str, int]:
    """Return how many bytes may be read of each signal; together no more than the measurement allows.

    Images that are no scan are read whole besides, the smallest first, as far as that is soon done.
    """
    left = budget_of(sum(signal.nbytes for signal in signals))
    left_for_images = WHOLE_IMAGE_BYTES
    shares: dict[str, int] = {}
    for signal in sorted(signals, key=lambda one: one.nbytes):
        if not signal.leading_shape and signal.nbytes <= left_for_images:
            shares[signal.name] = signal.nbytes
            left_for_images -= signal.nbytes
            continue
        is_small = signal.nbytes <= left // SMALL_SHARE
        shares[signal.name] = min(left, signal.nbytes if is_small else budget_of(signal.nbytes))
        left -= shares[signal.name]
    return shares


def _preview_signal(
    signal: SignalSource,
    kind: SignalKind | None,
    budget: int,
    output: Path,
    optics: Optics,
    deadline: Deadline,
) -> SignalWork:
    entry = replace(describe_signal(signal), kind=kind)
    plan = plan_preview(signal, budget) if 0 not in signal.shape else None
    if plan is None or plan.mode == "none":
        return SignalWork(entry)
    sample = read_sample(signal, plan, deadline)
    angles = AngleKnowledge()
    if kind == "pattern_scan":
        angles, _ = resolve_angles(optics, signal.axes)
    pictures = draw_first_pictures(kind, signal, sample, angles)
    previews = write_pictures(output / signal.name / "previews", pictures)
    return SignalWork(replace(entry, previews=previews, bytes_read=sample.bytes_read))
