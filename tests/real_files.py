"""What becomes of every real vendor file: the committed list, and how it is made.

``python -m tests.real_files`` compares the list with the files beside the checkout; ``--write`` writes it anew.
"""

import csv
import json
import sys
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ingest.formats.grouping import group_files
from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import FormatMatch, Grouping, MeasurementFiles, ReadRefusedError
from tests.independent_readers import compare
from tests.realdata import CHECKOUT, find_realdata

LIST = CHECKOUT / "tests" / "real_files.csv"
OPENED, ASKS, REFUSED, COMPANION, STORED = "opened", "asks", "refused", "companion", "stored"

# Where another library reads something else or nothing, and why ours stands; and why a file is rightly refused.
WHY = {
    "dm/rsciio/1D/test-8.dm3": "a line of colors is neither picture nor spectrum",
    "dm/rsciio/1D/test-8.dm4": "a line of colors is neither picture nor spectrum",
    "dm/rsciio/2D/test_fft_packed_complex8.dm4": (
        "ours is the half that the file keeps; the library makes 4 columns of 5 from it and does not turn the rows of "
        "its conjugates, so that it is the transform of no real image"
    ),
    "empad/rsciio_xml_only/map64x64.xml": "the raw file is missing",
    "empad/rsciio/EMPAD_v1.2.2_x32_y64_size0.8.xml": "the raw file is missing",
    "msa/rsciio/minimum_metadata.msa": "the file says one column and has two; the library takes energies for counts",
    "npz/rsciio/test_rgba16.npz": "records of four numbers are no array of measured values",
    "mib/epsic/test_24bit_RAW_1frame.mib": "no library reads 24-bit raw frames of a quad; said to be inferred",
    "dectris_arina/rsciio_hist/MEA_ptycho_15_master.h5": "its data file is missing",
    "mib/epsic/test_1bit_RAW_1frame.mib": "no library reads 1-bit raw frames; noisy pixels agree with plain frames",
    "mib/rsciio/Merlin_Single_Quad/Quad_9_Frame_CounterDepth_1_Rows_256RAW.mib": "as test_1bit_RAW_1frame.mib",
    "mib/rsciio/Merlin_Single_Quad/Single_1_Frame_CounterDepth_1_Rows_256RAW.mib": "as test_1bit_RAW_1frame.mib",
    "mib/rsciio/Merlin_Single_Quad/Single_9_Frame_CounterDepth_1_Rows_256RAW.mib": "as test_1bit_RAW_1frame.mib",
    "emd/rsciio/velox_EELS_EDS/example_velox_EELS_EDS.emd": (
        "the map has 16 × 20 positions, a part of the frame; the library spreads its counts over all 128 × 128"
    ),
    "blo/rsciio/test1.blo": "the library does not read the bright-field image before the patterns",
    "de_seq/rsciio/celeritas_data/256x256_Prebuffer1/Movie_00785_Top_13-49-04.160.seq": (
        "two halves are joined, which the library cannot; by their own layout and the dark reference they lie so"
    ),
    "mrc/rsciio/Custom_movie.mrc": "the places of the scan stand in a table beside it; equal to numpy's reading",
    "tiff/rsciio/olympus_SIS.tif": "the library stops at a tag of the first page; equal to the naive layout",
}


@dataclass(frozen=True, slots=True)
class RealFile:
    """One file: what it is, what becomes of it, and what another library makes of it.

    `said` is the shapes of its signals, the code of a refusal, the primary file of a companion, or what a file is
    called that is stored and not read. `n_fields` is how many fields of a record its header fills.
    """

    path: str
    format: str
    outcome: str
    said: str
    n_fields: str = ""
    library: str = ""
    verdict: str = ""
    why: str = ""

    @property
    def is_measurement(self) -> bool:
        """Whether it should open a measurement."""
        return self.outcome in {OPENED, ASKS, REFUSED}

    @property
    def is_equal(self) -> bool:
        """Whether another library reads the same values."""
        return bool(self.library) and "differs" not in self.verdict

    @property
    def is_right(self) -> bool:
        """Whether it was opened, and another library or the reason given says that it is right."""
        return self.outcome in {OPENED, ASKS} and (self.is_equal or bool(self.why))


def read_list() -> list[RealFile]:
    """Return the committed list."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return [RealFile(**row) for row in csv.DictReader(file)]


def write_list(rows: Collection[RealFile]) -> None:
    """Write the list that is committed."""
    with LIST.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [one.name for one in fields(RealFile)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def try_files(root: Path, *, among: Collection[str] | None = None) -> Iterator[RealFile]:
    """Recognize and group all files, and open and compare those that are asked for."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    names = {path.relative_to(root).as_posix(): path for path in paths}
    matches = {name: recognize(path, name) for name, path in names.items()}
    grouping: Grouping = group_files(matches, {name: path.stat().st_size for name, path in names.items()})
    primaries = {one.primary: one for one in grouping.measurements}
    companions = {name: one.primary for one in grouping.measurements for name in one.companions}
    for name, match in matches.items():
        if among is not None and name not in among:
            continue
        if name in primaries:
            yield _try_measurement(root, primaries[name])
        else:
            yield _describe_rest(name, match, companions)


def _describe_rest(name: str, match: FormatMatch, companions: dict[str, str]) -> RealFile:
    if name in companions:
        return RealFile(name, match.format or "", COMPANION, companions[name].rpartition("/")[2])
    return RealFile(name, match.format or "", STORED, match.label)


def _try_measurement(root: Path, measurement: MeasurementFiles) -> RealFile:
    """Open a measurement, read every signal whole, map its header, and ask another library."""
    name, form = measurement.primary, measurement.format
    try:
        with open_measurement(form, {path: root / path for path in measurement.files}) as opened:
            arrays = [signal.read() for signal in opened.signals]
            described = [signal.describe() for signal in opened.signals]
            header = json.loads(json.dumps(opened.header, allow_nan=False))
            asks = any(finding.severity == "error" for finding in opened.findings)
    except ReadRefusedError as error:
        return RealFile(name, form, REFUSED, error.finding.code, why=WHY.get(name, ""))
    shapes = "; ".join(
        f"{one['name']} {' × '.join(map(str, one['shape']))} {one['dtype']}" for one in described
    )
    mapped = map_vendor_header(form, header, described)
    compared = compare(form, [root / path for path in measurement.files], arrays)
    return RealFile(
        name,
        form,
        ASKS if asks else OPENED,
        shapes,
        str(len(list(_list_fields(mapped.document)))),
        compared.library,
        compared.verdict,
        WHY.get(name, ""),
    )


def _list_fields(document: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key, entry in document.items():
        if isinstance(entry, dict) and "value" not in entry:
            yield from _list_fields(entry, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def main() -> int:
    root = find_realdata()
    if root is None:
        sys.stderr.write("There are no real files beside the checkout.\n")
        return 1
    rows = list(try_files(root))
    if "--write" in sys.argv[1:]:
        write_list(rows)
        return 0
    former = {row.path: row for row in read_list()}
    differing = [row for row in rows if former.get(row.path) != row]
    for row in differing:
        sys.stderr.write(f"{row}\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
