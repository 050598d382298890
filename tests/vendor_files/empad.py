"""EMPAD pairs as the detector's software writes them."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

_V0_51 = """<root name="acquisition"><timestamp timestamp="0" isoformat="2019-06-06T13:30:00.164675"/>
<software_version>0.51 211118</software_version><type>scan</type><pix_x>{x}</pix_x><pix_y>{y}</pix_y>
<raw_file filename="{raw}"/><exposure_time>1</exposure_time>
<scan_parameters mode="search"><scan_resolution_x>64</scan_resolution_x>
<scan_resolution_y>64</scan_resolution_y><scan_size>1</scan_size></scan_parameters>
<scan_parameters mode="acquire"><scan_resolution_x>{x}</scan_resolution_x>
<scan_resolution_y>{y}</scan_resolution_y><scan_size>0.5</scan_size></scan_parameters>
<iom_measurements><source.get_voltage>300000.0</source.get_voltage>
<optics.get_cameralength>0.7225</optics.get_cameralength>
<optics.get_full_scan_field_of_view>[4e-08, 4e-08]</optics.get_full_scan_field_of_view>
</iom_measurements></root>"""

_V1_2 = """<root name="acquisition"><timestamp timestamp="0" isoformat="2026-03-25T16:47:52.586728"/>
<software_version>1.2.2  (2021-08-20)</software_version><raw_file filename="{raw}"/>
<exposure_time>1</exposure_time>
<scan_parameters mode="search"><scan_size>0.8</scan_size><scan_resolution_y>64</scan_resolution_y>
<scan_resolution_x>64</scan_resolution_x></scan_parameters>
<scan_parameters mode="acquire"><scan_size>0.5</scan_size><scan_resolution_y>{y}</scan_resolution_y>
<scan_resolution_x>{x}</scan_resolution_x></scan_parameters>
<iom_measurements><high_voltage>300000.0</high_voltage><full_scan_field_of_view>
<scale_factor>0.5</scale_factor><x>2e-08</x><y>2e-08</y></full_scan_field_of_view></iom_measurements></root>"""


def write_raw(path: Path, patterns: npt.NDArray[np.float32]) -> Path:
    """Write (scan_y, scan_x, 128, 128) float32 patterns, each with its two service rows."""
    frames = patterns.reshape(-1, 128, 128)
    padded = np.full((len(frames), 130, 128), 7.0, "<f4")
    padded[:, :128] = frames
    padded.tofile(path)
    return path


def write_empad(
    folder: Path, patterns: npt.NDArray[np.float32], *, version: str = "1.2", raw_name: str | None = None
) -> tuple[Path, Path]:
    """Write an xml and its raw file, and return both; `raw_name` is what the xml says."""
    scan_y, scan_x = patterns.shape[:2]
    raw = write_raw(folder / f"scan_x{scan_x}_y{scan_y}.raw", patterns)
    template = _V0_51 if version == "0.51" else _V1_2
    xml = folder / "scan.xml"
    xml.write_text(template.format(x=scan_x, y=scan_y, raw=raw.name if raw_name is None else raw_name))
    return xml, raw
