"""EMSA/MAS: the standard's text as several programs write it, against another reader and writer."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.random import default_rng
from rsciio.msa import file_reader, file_writer

from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.readers.contract import OpenedFile, ReadRefusedError
from tests.reader_contract import ReadInPython, SaysWhereItEnds, WrittenFile
from tests.realdata import list_realdata, need_realdata

HEAD = """#FORMAT      : EMSA/MAS Spectral Data File
#VERSION     : 1.0
#TITLE       : oxide
#DATE        : 03-MAR-2021
#TIME        : 9:05
#NPOINTS     : {points}
#NCOLUMNS    : {columns}
#XUNITS      : keV
#YUNITS      : counts
#DATATYPE    : {kind}
#XPERCHAN    : 0.01
#OFFSET      : -0.2
#SIGNALTYPE  : EDS
#BEAMKV   -kV: 200.0
#PROBECUR -nA: 0.05
#ELEVANGLE-dg: 22.0
#LIVETIME  -s: 30.5
#SPECTRUM    : Spectral Data Starts Here
"""
END = "#ENDOFDATA   : End Of Data and File\n"


def write_text(
    path: Path, lines: str, *, points: int, kind: str = "Y", columns: int = 1, end: str = END
) -> Path:
    path.write_text(HEAD.format(points=points, kind=kind, columns=columns) + lines + end, encoding="utf-8")
    return path


class TestMsa(SaysWhereItEnds, ReadInPython):
    format = "msa"

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(4).integers(0, 9000, 4000).astype(np.float64)
        lines = "".join(f"{value:.1f}, \n" for value in values)
        path = write_text(folder / "spot.msa", lines, points=4000)
        return WrittenFile(
            files={path.name: path},
            values=values,
            axes=("energy",),
            header_value=(("msa", "LIVETIME"), "30.5"),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        path.write_text(path.read_text().replace(": 4000", ": 9000"))
        return "file_truncated"


def open_msa(path: Path) -> OpenedFile:
    return open_measurement("msa", {path.name: path})


def map_opened(opened: OpenedFile) -> dict[str, Any]:
    return map_vendor_header("msa", opened.header, [one.describe() for one in opened.signals]).document


def codes(opened: OpenedFile) -> set[str]:
    return {finding.code for finding in opened.findings}


def test_keywords_are_quantities_in_the_units_beside_them(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.msa", "1, 2, 3,\n4\n", points=4, columns=3)
    with open_msa(path) as opened:
        (axis,) = opened.signals[0].axes
        document = map_opened(opened)
        assert opened.signals[0].read().tolist() == [1, 2, 3, 4]
        assert opened.signals[0].intensity_unit == "1"
    assert (axis.unit, axis.scale, axis.offset) == ("eV", 10.0, -200.0)
    assert document["technique"] == ["eds"]
    assert document["acquired_at"]["value"] == "2021-03-03T09:05:00"
    found = {
        path: (entry["value"], entry["unit"])
        for path, entry in {**document, **document["eds"]}.items()
        if isinstance(entry, dict) and "unit" in entry
    }
    assert found == {
        "acceleration_voltage": (200.0, "kV"),
        "probe_current": (50.0, "pA"),
        "live_time": (30.5, "s"),
        "elevation": (22.0, "deg"),
    }


@pytest.mark.parametrize(
    ("lines", "points", "kind", "end", "said"),
    [
        ("-0.2, 7\n-0.19, 8\n-0.18, 9\n", 3, "XY", END, set()),
        ("-0.2, 7\n-0.19, 8\n-0.1799, 9\n", 3, "XY", END, set()),
        ("-0.2, 7\n-0.19, 8\n-0.176, 9\n", 3, "XY", END, {"axis_not_linear"}),
        ("-0.2, 7\n-0.19, 8\n-0.18, 9\n", 3, "Y", END, {"msa_columns_disagree"}),
        ("7\n8\n9\n", 2, "Y", END, {"points_disagree"}),
        ("7\n8\n9\n", 3, "Y", "", {"end_not_marked"}),
        ("7\n8\n9\n", 2, "Y", "", {"end_not_marked", "bytes_left_over"}),
        ("7\n8\n9\n", 3, "Y", END + "x", {"bytes_left_over"}),
        ("7\n\n8 ;9\n", 3, "Y", END, set()),
    ],
)
def test_what_is_odd_is_said_and_the_numbers_are_read(
    tmp_path: Path, lines: str, points: int, kind: str, end: str, said: set[str]
) -> None:
    with open_msa(write_text(tmp_path / "a.msa", lines, points=points, kind=kind, end=end)) as opened:
        assert (
            opened.signals[0].read().tolist()
            == [7, 8, 9][: 2 if "bytes_left_over" in said and not end else 3]
        )
        assert codes(opened) == said
        assert opened.signals[0].axes[0].scale == pytest.approx(10)


@pytest.mark.parametrize(
    ("lines", "points", "end", "code", "words"),
    [
        ("7\n8,5x\n", 3, END, "msa_number_unreadable", "Line 20 of a.msa holds “5x”"),
        ("7\n8\n9", 3, "", "file_truncated", "its last number"),
        ("7\n8\n", 3, END, "file_truncated", "3 points need 3 numbers, it has 2"),
        ("7\n", 10**9, END, "file_truncated", "it has 1"),
        ("7\n", -1, END, "msa_header_unreadable", "“-1”"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_place(
    tmp_path: Path, lines: str, points: int, end: str, code: str, words: str
) -> None:
    path = write_text(tmp_path / "a.msa", lines, points=points, end=end)
    with pytest.raises(ReadRefusedError) as caught:
        open_msa(path)
    assert caught.value.finding.code == code
    assert words in caught.value.finding.message


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_text_of_any_windows_program_is_read(tmp_path: Path, encoding: str) -> None:
    path = write_text(tmp_path / "a.msa", "7\r\n8\r\n", points=2)
    path.write_bytes(path.read_text().replace("oxide", "Müller µ").encode(encoding))
    with open_msa(path) as opened:
        assert opened.header["msa"]["TITLE"] == "Müller µ"
        assert opened.signals[0].read().tolist() == [7, 8]


def test_a_spectrum_of_another_writer_is_read_alike(tmp_path: Path) -> None:
    values = default_rng(9).normal(size=300)
    signal = {
        "data": values,
        "axes": [
            {
                "name": "Energy loss",
                "size": 300,
                "offset": -5.0,
                "scale": 0.25,
                "units": "eV",
                "navigate": False,
            }
        ],
        "metadata": {"General": {"title": "x"}, "Signal": {"signal_type": "EELS"}},
        "original_metadata": {},
    }
    file_writer(str(tmp_path / "b.msa"), signal, format="XY")
    with open_msa(tmp_path / "b.msa") as opened:
        read = opened.signals[0].read()
        (axis,) = opened.signals[0].axes
    np.testing.assert_array_equal(read, file_reader(str(tmp_path / "b.msa"))[0]["data"])
    np.testing.assert_allclose(read, values, atol=1e-5)
    assert (axis.name, axis.unit, axis.scale, axis.offset) == ("energy", "eV", 0.25, -5.0)


@pytest.mark.parametrize("name", list_realdata("msa/*/*.msa"))
def test_real_spectra_equal_another_reader(name: str) -> None:
    path = need_realdata(name)
    with open_msa(path) as opened:
        if "msa_columns_disagree" in codes(opened):
            return  # the other reader takes the position for a value
        (theirs,) = cast("list[dict[str, Any]]", file_reader(str(path)))
        np.testing.assert_array_equal(opened.signals[0].read(), theirs["data"])
        (axis,) = opened.signals[0].axes
        assert (axis.scale, axis.offset) == (theirs["axes"][0]["scale"], theirs["axes"][0]["offset"])
        assert map_opened(opened)["acceleration_voltage"]["value"] == 120.0


def test_positions_that_no_step_leads_to_are_kept_each(tmp_path: Path) -> None:
    with open_msa(write_text(tmp_path / "a.msa", "-0.2, 7\n0.3, 8\n1.7, 9\n", points=3, kind="XY")) as opened:
        (axis,) = opened.signals[0].axes
        assert (axis.unit, axis.scale, axis.positions) == ("eV", None, (-200.0, 300.0, 1700.0))
        assert codes(opened) == {"axis_listed"}
