"""Code that opens one measurement, as its page shows it: the very addresses, and an index that exists."""

from collections.abc import Iterator
from dataclasses import dataclass

from repository.selectors.addresses import home
from repository.selectors.deposits import MeasurementView, SignalView


@dataclass(frozen=True, slots=True)
class OpeningCode:
    """A few lines of Python, and what they need."""

    title: str
    needs: str
    lines: str


def list_opening_code(measurement: MeasurementView) -> tuple[OpeningCode, ...]:
    """Return how to open the arrays of a measurement with our client and without; nothing where none is converted."""
    ready = [signal for signal in measurement.signals if signal.is_converted]
    if not ready:
        return ()
    return (
        OpeningCode(
            "With our client", "pip install ./client", "\n".join(_open_with_client(measurement, ready))
        ),
        OpeningCode(
            "With any reader of Zarr v3", "pip install 'zarr[remote]'", "\n".join(_open_with_zarr(ready))
        ),
    )


def _open_with_client(measurement: MeasurementView, signals: list[SignalView]) -> Iterator[str]:
    yield "import stemma"
    yield ""
    yield f'client = stemma.connect("{home().rstrip("/")}")'
    yield f'measurement = client.open("{measurement.id}")'
    for number, signal in enumerate(signals):
        name = _variable(number)
        yield f'{name} = measurement["{signal.name}"]  # {_describe(signal)}'
        yield f"values = {name}[{_index(signal)}]"


def _open_with_zarr(signals: list[SignalView]) -> Iterator[str]:
    yield "import zarr"
    yield ""
    for number, signal in enumerate(signals):
        name = _variable(number)
        yield f'{name} = zarr.open_array("{signal.zarr}", mode="r")'
        yield f"values = {name}[{_index(signal)}]"


def _variable(number: int) -> str:
    return "signal" if number == 0 else f"signal_{number + 1}"


def _describe(signal: SignalView) -> str:
    return ", ".join(f"{axis['name']} {axis['size']}" for axis in signal.axes)


def _index(signal: SignalView) -> str:
    """Return the index of the pattern or spectrum in the middle; of an image, all of it."""
    middle = [str(size // 2) for size in signal.shape[: len(signal.shape) - signal.n_signal_axes]]
    return ", ".join(middle) or "..."
