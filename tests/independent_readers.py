"""Readers that other people wrote, by format: what they make of a file, to be compared with ours value for value.

A format that is read by way of RosettaSciIO is compared with another library: no reader is its own second opinion.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt
from numpy.lib.recfunctions import structured_to_unstructured

Arrays = list[npt.NDArray[Any]]
_MOST_AXES = 6
_PAIR = 2
_FLOATS = 2  # mode of an MRC file


@dataclass(frozen=True, slots=True)
class IndependentReader:
    """A library, and how it gives all arrays of a file."""

    library: str
    read: Callable[[Path], Arrays]


def _by_rosettasciio(plugin: str) -> IndependentReader:
    def read(path: Path) -> Arrays:
        module = __import__(f"rsciio.{plugin}", fromlist=["file_reader"])
        found = [np.asarray(signal["data"]) for signal in module.file_reader(str(path))]
        return [structured_to_unstructured(one) if one.dtype.names else one for one in found]

    return IndependentReader(f"RosettaSciIO ({plugin})", read)


def _read_ser(path: Path) -> Arrays:
    from ncempy.io.ser import fileSER

    with fileSER(str(path)) as file:
        elements = [
            np.asarray(file.getDataset(place)[0]) for place in range(file.head["ValidNumberElements"])
        ]
    return [np.stack(elements)]


def _read_mrc(path: Path) -> Arrays:
    import mrcfile

    with mrcfile.open(path, permissive=True) as file:
        return [np.array(file.data)]


def _read_sections(path: Path) -> Arrays:
    """Read the sections of a reference by the layout alone: its header claims 32766 of them."""
    columns, rows, _, mode = np.fromfile(path, "<i4", 4)
    if mode != _FLOATS:
        raise ValueError(path.name)
    values = np.fromfile(path, "<f4", offset=1024)
    return list(values[: values.size // (rows * columns) * rows * columns].reshape(-1, rows, columns))


def _read_mib(path: Path) -> Arrays:
    from libertem.api import Context
    from libertem.executor.inline import InlineJobExecutor
    from libertem.io.dataset.mib import MIBDataSet
    from libertem.udf.raw import PickUDF

    context = Context(executor=InlineJobExecutor())
    found = MIBDataSet.detect_params(str(path), InlineJobExecutor())
    frames = int(np.prod(found["parameters"]["nav_shape"]))
    loaded = context.load("mib", path=str(path), nav_shape=(1, frames), disable_glob=True)
    roi = np.ones((1, frames), bool)
    return [np.asarray(context.run_udf(loaded, PickUDF(), roi=roi)["intensity"].data)]


def _read_seq(path: Path) -> Arrays:
    """Read a sequence alone: the library cannot open references beside it, which claim 32766 sections."""
    from libertem.api import Context
    from libertem.executor.inline import InlineJobExecutor
    from libertem.io.corrections import CorrectionSet
    from libertem.udf.raw import PickUDF

    context = Context(executor=InlineJobExecutor())
    with TemporaryDirectory() as folder:
        alone = Path(folder) / path.name
        alone.symlink_to(path)
        frames = int(np.fromfile(path, "<u4", 1, offset=572)[0])
        dataset = context.load("seq", path=str(alone), nav_shape=(frames,))
        found = context.run_udf(dataset, PickUDF(), corrections=CorrectionSet(), roi=np.ones(frames, bool))
    return [np.asarray(found["intensity"].data)]


def _read_tiff(path: Path) -> Arrays:
    import tifffile

    with tifffile.TiffFile(path) as file:
        return [*(series.asarray() for series in file.series), *(page.asarray() for page in file.pages)]


def _read_hdf5(path: Path) -> Arrays:
    import h5py

    found: Arrays = []

    def take(_: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset) or not item.ndim:
            return
        if item.dtype.kind in "biufc":
            found.append(np.asarray(item[()]))
        elif len(item.dtype.names or ()) == _PAIR:
            real, imaginary = (item[name] for name in item.dtype.names)
            found.append(real + 1j * imaginary)

    with h5py.File(path, locking=False) as file:
        file.visititems(take)
    return found


def _read_zarr(path: Path) -> Arrays:
    import zarr
    from zarr.storage import ZipStore

    found: Arrays = []
    with ZipFile(path) as archive:
        names = archive.namelist()
    with ZipStore(path, mode="r") as store:
        for name in dict.fromkeys(names):
            folder, _, file = name.rpartition("/")
            if file in {".zarray", "zarr.json"}:
                with suppress(ValueError, zarr.errors.NodeTypeValidationError):  # objects, or a group
                    found.append(np.asarray(zarr.open_array(store, path=folder, mode="r")[...]))
    return found


def _read_numpy(path: Path) -> Arrays:
    loaded = np.load(path, allow_pickle=False)
    return [loaded] if isinstance(loaded, np.ndarray) else [loaded[name] for name in loaded.files]


def _read_matlab(path: Path) -> Arrays:
    from scipy.io import loadmat

    return [np.asarray(one) for name, one in loadmat(path).items() if not name.startswith("__")]


_H5PY = IndependentReader("h5py", _read_hdf5)
_ZARR = IndependentReader("zarr-python", _read_zarr)
_NUMPY = IndependentReader("numpy", _read_numpy)
INDEPENDENT: Mapping[str, tuple[IndependentReader, ...]] = {
    "dm3": (_by_rosettasciio("digitalmicrograph"),),
    "dm4": (_by_rosettasciio("digitalmicrograph"),),
    "tia": (IndependentReader("ncempy", _read_ser),),
    "mib": (IndependentReader("LiberTEM", _read_mib), _by_rosettasciio("quantumdetector")),
    "empad": (_by_rosettasciio("empad"),),
    "blockfile": (_by_rosettasciio("blockfile"),),
    "mrc": (IndependentReader("mrcfile", _read_mrc), IndependentReader("numpy", _read_sections)),
    "tiff": (IndependentReader("tifffile", _read_tiff),),
    "hspy": (_H5PY,),
    "zspy": (_by_rosettasciio("zspy"), _ZARR),
    "zarr_store": (_ZARR,),
    "velox_emd": (_by_rosettasciio("emd"), _H5PY),
    "ncem_emd": (_H5PY,),
    "py4dstem_emd": (_H5PY,),
    "msa": (_by_rosettasciio("msa"),),
    "dectris": (_H5PY,),
    "seq": (IndependentReader("LiberTEM", _read_seq), IndependentReader("numpy", _read_sections)),
    "ripple": (_by_rosettasciio("ripple"),),
    "hdf5_arrays": (_H5PY,),
    "numpy_npy": (_NUMPY,),
    "numpy_npz": (_NUMPY,),
    "matlab": (IndependentReader("scipy", _read_matlab), _H5PY),
}
"""Who is asked, in this order until one reads the file."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What another library said: how its array lies against ours, or why nothing could be compared."""

    library: str
    verdict: str


def compare(form: str, files: Sequence[Path], ours: Sequence[npt.NDArray[Any]]) -> Comparison:
    """Compare all arrays that we read with those of the libraries that read the files too, the first that has each."""
    found: dict[int, str] = {}
    libraries, failed = [], []
    for reader in INDEPENDENT.get(form, ()):
        if len(found) == len(ours):
            break
        theirs, fault = _read_all(reader, files)
        if not theirs:
            failed.append(f"{reader.library}: {fault}")
            continue
        libraries.append(reader.library)
        for place, one in enumerate(ours):
            turn = _find_turn(one, theirs)
            if place not in found and turn:
                found[place] = turn
    if not libraries:
        return Comparison("", "; ".join(failed) or "no reader")
    verdicts = [found.get(place, "differs") for place in range(len(ours))]
    return Comparison(" and ".join(libraries), " + ".join(sorted(set(verdicts), reverse=True)))


def _read_all(reader: IndependentReader, files: Sequence[Path]) -> tuple[Arrays, str]:
    """Return the arrays of all files that the library reads, and why it reads the first one not."""
    theirs: Arrays = []
    faults = []
    for path in files:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs += reader.read(path)
        except Exception as fault:  # noqa: BLE001 - whatever a stranger's library raises
            faults.append(type(fault).__name__)
    return theirs, next(iter(faults), "")


def _find_turn(ours: npt.NDArray[Any], theirs: Arrays) -> str:
    """Return how one of their arrays is turned to be ours: `equal`, and how its axes lie; nothing where none is."""
    mine = ours.squeeze()
    for other in (one.squeeze() for one in theirs):
        if mine.shape == other.shape and np.array_equal(mine, other, equal_nan=mine.dtype.kind in "fc"):
            return "equal"
    for other in (one.squeeze() for one in theirs):
        found = _find_order(mine, other)
        if found:
            return found
    return ""


def _find_order(mine: npt.NDArray[Any], other: npt.NDArray[Any]) -> str:
    if mine.size != other.size or max(mine.ndim, other.ndim) > _MOST_AXES:
        return ""
    can_be_nan = mine.dtype.kind in "fc"
    flipped = other[..., ::-1, :] if other.ndim > 1 else other[::-1]
    for turned, words in ((other, ""), (flipped, "upside down, ")):
        for order in permutations(range(other.ndim)):
            given = turned.transpose(order)
            if given.shape == mine.shape and np.array_equal(given, mine, equal_nan=can_be_nan):
                axes = "" if order == tuple(range(other.ndim)) else f"axes {' '.join(map(str, order))}"
                return f"equal: {words}{axes}".rstrip(", ")
        given = turned.reshape(-1)
        if np.array_equal(given, mine.reshape(-1), equal_nan=can_be_nan):
            return f"equal: {words}frames in one row".rstrip(", ")
    return ""
