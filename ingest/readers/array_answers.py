"""What a person said of an array whose file does not describe it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

ByteOrder = Literal["little", "big"]


@dataclass(frozen=True, slots=True)
class ArrayAnswers:
    """The answers under `array` in the document, as far as they were given.

    Attributes
    ----------
    dataset
        Name or path, in the file, of the array that was measured.
    axes
        Names of its axes, in the order of the file.
    dtype, byte_order
        Of raw numbers: numpy's name of the type, and which byte comes first.
    shape
        Of raw numbers, the axis that changes slowest first.
    offset, gap
        Bytes before the first number, and between two frames.
    """

    dataset: str = ""
    axes: tuple[str, ...] = ()
    dtype: str = ""
    byte_order: ByteOrder = "little"
    shape: tuple[int, ...] = ()
    offset: int = 0
    gap: int = 0

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Build answers from JSON; unknown keys are left out."""
        return cls(
            dataset=str(document.get("dataset", "")),
            axes=tuple(map(str, document.get("axes", ()))),
            dtype=str(document.get("dtype", "")),
            byte_order="big" if document.get("byte_order") == "big" else "little",
            shape=tuple(map(int, document.get("shape", ()))),
            offset=int(document.get("offset", 0)),
            gap=int(document.get("gap", 0)),
        )


NOTHING_SAID = ArrayAnswers()
