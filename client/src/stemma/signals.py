"""One array of a measurement, read over HTTP in the parts that are asked for."""

import html
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from stemma.connection import Connection
from stemma.errors import JsonObject, MissingDependencyError, NotFoundError, NotReadyError
from stemma.indexing import Points, plan_points, plan_selection

if TYPE_CHECKING:
    import xarray
    import zarr

POINTS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its name (``scan_y``, ``detector_x``, ``energy`` …), size, UCUM unit and linear scale.

    ``scale`` is None where nobody calibrated the axis; then positions are indices. It is None too where no step leads
    from one sample to the next; then ``positions`` has one for each. ``said_by`` names the field of the
    metadata that calibrates it, ``calibration`` id and number of the calibration that this was taken from, and
    ``in_file`` is the axis as the file has it, where that is something else.
    """

    name: str
    size: int
    unit: str | None = None
    scale: float | None = None
    offset: float = 0.0
    said_by: str | None = None
    calibration: str | None = None
    in_file: "Axis | None" = None
    positions: tuple[float, ...] | None = None

    @property
    def coordinates(self) -> npt.NDArray[np.float64] | None:
        """Position of each element in `unit`, shape (size,); None where the axis is not calibrated."""
        if self.positions is not None:
            return np.array(self.positions, dtype=np.float64)
        return (
            None if self.scale is None else self.offset + self.scale * np.arange(self.size, dtype=np.float64)
        )

    def __str__(self) -> str:
        step = "" if self.scale is None else f" × {self.scale:.6g} {self.unit or ''}".rstrip()
        return f"{self.name} {self.size}{step}"


class Signal:
    """A lazy array: indexing reads just what it needs and returns numpy; `to_xarray` names the axes."""

    def __init__(self, connection: Connection, description: JsonObject) -> None:
        self._connection = connection
        self.description = description
        self.name: str = description["name"]
        self.shape: tuple[int, ...] = tuple(int(size) for size in description["shape"])
        self.dtype: np.dtype[Any] = np.dtype(description["dtype"])
        self.calibrations: tuple[JsonObject, ...] = tuple(description.get("calibrations") or ())
        self.axes: tuple[Axis, ...] = tuple(_build_axis(axis) for axis in description.get("axes") or ())
        self.url: str | None = description.get("zarr")

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the axes, as xarray calls them."""
        return tuple(axis.name for axis in self.axes) or tuple(
            f"axis_{number}" for number in range(self.ndim)
        )

    @property
    def intensity_unit(self) -> str | None:
        unit: str | None = self.description.get("intensity_unit")
        return unit

    @cached_property
    def zarr(self) -> "zarr.Array[Any]":
        """The Zarr v3 array itself, for what indexing here does not offer.

        Raises
        ------
        NotReadyError
            The array is still being converted.
        NotFoundError
            It is not there: its conversion failed, or this token may not see it.
        """
        if not self.url:
            raise NotReadyError(
                f"The array of signal {self.name!r} is not converted yet.", hint="Try again in a moment."
            )
        # Late: zarr takes most of a second to import, and most commands read no array.
        import zarr  # noqa: PLC0415

        from stemma.http_store import HttpStore  # noqa: PLC0415

        store = HttpStore(self._connection, self.url)
        try:
            return zarr.open_array(store, mode="r", zarr_format=3)
        except FileNotFoundError as fault:
            raise NotFoundError(
                f"There is no array at {self.url}.",
                hint="The findings of the measurement say why.",
                status=404,
            ) from fault

    def __getitem__(self, key: Any) -> Any:
        """Read a part, indexed as in numpy.

        Integers, slices of any step, ``...``, None, one list of indices, or lists that name positions together,
        such as ``signal[ys, xs]`` for a batch of patterns.
        """
        points = plan_points(key, self.shape)
        if points is not None:
            return self._read_points(points)
        selection = plan_selection(key, self.shape)
        if selection.is_orthogonal:
            part = np.asarray(self.zarr.oindex[selection.read])
        else:
            part = np.asarray(self.zarr[selection.read])
        return part[selection.finish]

    def _read_points(self, points: Points) -> npt.NDArray[Any]:
        """Read one part for each position, several at a time; shape (n_points, …)."""
        empty: npt.NDArray[Any] = np.empty(self.shape[points.positions.shape[1] :], self.dtype)[points.rest]
        batch = np.empty((len(points.positions), *empty.shape), self.dtype)

        def read(number: int) -> None:
            batch[number] = self[(*map(int, points.positions[number]), *points.rest)]

        with ThreadPoolExecutor(POINTS_AT_ONCE) as pool:
            for _ in pool.map(read, range(len(batch))):
                pass
        return batch

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("An array on a server cannot be had without copying it.")
        whole: npt.NDArray[Any] = self[...]
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("A signal without axes has no length.")
        return self.shape[0]

    def to_xarray(self) -> "xarray.DataArray":
        """Return an ``xarray.DataArray`` with named axes, coordinates and units; nothing is read yet.

        Raises
        ------
        MissingDependencyError
            xarray is not installed (``pip install './client[xarray]'``).
        """
        try:
            # Late, because xarray is optional and takes most of a second to import.
            from stemma.labelled import build_data_array  # noqa: PLC0415
        except ModuleNotFoundError as fault:
            if fault.name != "xarray":
                raise
            raise MissingDependencyError(
                "Labelled arrays need xarray, which is not installed.",
                hint="pip install './client[xarray]' in a checkout of Stemma",
            ) from fault
        return build_data_array(self)

    def __repr__(self) -> str:
        axes = ", ".join(str(axis) for axis in self.axes)
        return f"<Signal {self.name!r} {self.shape} {self.dtype} [{axes}]>"

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{html.escape(str(axis))}</li>" for axis in self.axes)
        size = f"{self.nbytes / 1e6:,.1f} MB"
        title = f"<b>{html.escape(self.name)}</b> {self.shape} {self.dtype}, {size}"
        return f"<div>{title}<ul>{rows}</ul></div>"


def _build_axis(description: JsonObject) -> Axis:
    scale = description.get("scale")
    in_file = description.get("in_file")
    positions = description.get("positions")
    name, size = description["name"], int(description["size"])
    return Axis(
        name=name,
        size=size,
        unit=description.get("unit"),
        scale=None if scale is None else float(scale),
        offset=float(description.get("offset") or 0.0),
        said_by=description.get("said_by"),
        calibration=description.get("calibration"),
        positions=None if positions is None else tuple(float(position) for position in positions),
        in_file=None if in_file is None else _build_axis({**in_file, "name": name, "size": size}),
    )
