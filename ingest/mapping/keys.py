"""Which keys of a vendor's header say a field: in the order in which they win, each with the reason for its rank.

Every format has one such table, in `keys.py` of its folder. Its mapping reads by it, and the documents show it, so
neither can know another order than the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Key = tuple[str, ...]
Roots = Mapping[str, Key]
Basis = Literal["measured", "nominal", "calibrated", "estimated"]
Take = Literal["quantity", "number", "integer", "text", "worked out"]

AXES: Key = ("axes of the array",)
SHAPE: Key = ("shape of the array",)


@dataclass(frozen=True, slots=True)
class HeaderKey:
    """One key that may say a field.

    Attributes
    ----------
    field
        Path in the measurement document.
    key
        Path in the header. Its first part may be a root whose place differs from file to file (`Roots`).
    why
        Why it stands at its rank, or why it may be believed at all.
    unit
        Of the number, where the header gives none beside it.
    take
        How it is read; what is worked out from it is worked out by the mapping's own code.
    when
        Modes of the microscope or kinds of data of which one must hold; always where empty.
    basis
        What kind of number it is.
    zero, negative
        Whether 0 and negative numbers are values: vendors write 0 where nothing was measured.
    within
        Limits of a plain number, for which the catalogue of fields has none.
    prefix
        Set before a text.
    """

    field: str
    key: Key
    why: str
    unit: str = ""
    take: Take = "quantity"
    when: tuple[str, ...] = ()
    basis: Basis = "nominal"
    zero: bool = False
    negative: bool = False
    within: tuple[float, float] | None = None
    prefix: str = ""

    def counts_in(self, modes: Iterable[str]) -> bool:
        """Whether the key counts where these modes hold."""
        return not self.when or any(mode in self.when for mode in modes)

    def find(self, roots: Roots) -> Key:
        """Return the whole path in one header."""
        head, *rest = self.key
        return (*roots.get(head, (head,)), *rest)


KeyTable = tuple[HeaderKey, ...]


def by_field(table: KeyTable) -> Iterator[tuple[str, list[HeaderKey]]]:
    """Yield each field of a table with its keys, the winning one first."""
    for field in dict.fromkeys(row.field for row in table):
        yield field, [row for row in table if row.field == field]


def array_keys(*fields: str, why: str) -> KeyTable:
    """Return the rows of fields that the axes of the array say, which all formats work out in one way."""
    return tuple(HeaderKey(field, AXES, why, take="worked out") for field in fields)
