"""EMPAD-G2: words that pack what a pixel counted, which only the gains of its own sensor make into numbers.

Bits 0–13 are the analog value, 14–29 the number of charge removals (digital value), bit 31 the gain that was used
(github.com/sezelt/empad2). The gains are no part of the file, so the words stay as they are.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.refusals import warn
from repository.schema.findings import Finding

SIDE = 128
G2 = "EMPAD-G2"
G2_FRAME_BYTES = SIDE * SIDE * 4
_FIRST_FRAME_BYTES = 130 * 128 * 4


def is_g2(size: int, counts: Sequence[int]) -> bool:
    """Whether a raw file of `size` bytes holds as many frames as is said only without service rows."""
    if any(count * _FIRST_FRAME_BYTES == size for count in counts):
        return False
    return any(count * G2_FRAME_BYTES == size for count in counts)


def decode_words(raw: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    """Return the words (n, 128, 128) of frames."""
    words: npt.NDArray[Any] = raw.view("<u4").reshape(len(raw), SIDE, SIDE)
    return words


def tell_words(path: Path) -> tuple[Finding, ...]:
    """Say that the numbers are packed, and what that means for pictures of them."""
    return (
        warn(
            "packed_words",
            f"{path.name} holds frames without service rows, as EMPAD-G2 writes them: each number packs an analog "
            "value (bits 0–13), a digital one (14–29) and the gain (31).",
            "Readers get the words bit for bit; pictures and sums made of them here are none of electrons. Upload the "
            "calibrated patterns as well, or say where the gains of the sensor are, and acknowledge this.",
        ),
    )
