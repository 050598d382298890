"""Headers as readers give them, with the values that real files hold."""

from typing import Any


def axis(
    name: str, size: int, unit: str | None = None, scale: float | None = None, offset: float = 0.0
) -> dict[str, Any]:
    return {"name": name, "size": size, "unit": unit, "scale": scale, "offset": offset}


def signal(
    *axes: dict[str, Any], name: str = "data", shape_origin: str = "file", **rest: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "shape": [entry["size"] for entry in axes],
        "dtype": "uint16",
        "axes": list(axes),
        "intensity_unit": None,
        "shape_origin": shape_origin,
        "orientation": "as stored",
        "n_signal_axes": 2,
        **rest,
    }


def four_d(step: float | None = None, **rest: Any) -> list[dict[str, Any]]:
    unit = None if step is None else "nm"
    scan = (axis("scan_y", 4, unit, step), axis("scan_x", 8, unit, step))
    return [signal(*scan, axis("detector_y", 128), axis("detector_x", 128), **rest)]


EMPAD_OLD: dict[str, Any] = {
    "xml": {
        "root.timestamp.timestamp": 1559820600.164675,
        "root.timestamp.isoformat": "2019-06-06T13:30:00.164675",
        "root.software_version": "0.51 211118",
        "root.exposure_time": 1,
        "root.background_image.absolute_filename": "…img_exp_1",
        "root.iom_measurements.optics.get_cameralength": 0.7225,
        "root.iom_measurements.source.get_screencurrent": 1.8692130765930283e-12,
        "root.iom_measurements.source.get_voltage": 300000.0,
        "root.iom_measurements.column.get_scanrotation": 0.0,
        "root.iom_measurements.beam.get_spotsizeindex": 6,
        "root.iom_measurements.calibrated_diffraction_angle": 0.00042906574394463665,
    }
}
EMPAD_NEW: dict[str, Any] = {
    "xml": {
        "root.timestamp.timestamp": 1774471672.586728,
        "root.timestamp.isoformat": "2026-03-25T16:47:52.586728",
        "root.software_version": "1.2.2  (2021-08-20)",
        "root.exposure_time": 1,
        "root.iom_measurements.scan_rotation": 0.0,
        "root.iom_measurements.is_column_in_stem_mode": True,
        "root.iom_measurements.spot_size_index": 7,
        "root.iom_measurements.nominal_camera_length": 0.369,
        "root.iom_measurements.high_voltage": 300000.0,
    }
}
MIB: dict[str, Any] = {
    "mib": {
        "timestamp_local": "2021-05-07 18:51:10.905800",
        "timestamp_utc": "2021-05-07T16:51:10.905800928Z",
        "exposure_s": 0.1,
        "exposure_ns": 100000000,
        "counter_depth_bits": 6,
        "thresholds_keV": [40.0, 511.0, 0.0],
    },
    "hdr": {
        "Chip ID": "W559_G11, - , - , -",
        "Chip Type (Medipix 3.0, Medipix 3.1, Medipix 3RX)": "Medipix 3RX",
        "Gain": "SLGM",
        "bpc File": "…W559_G11_SPM.bpc,,,",
        "Software Version": "0.76.1.101",
    },
}
DECTRIS: dict[str, Any] = {
    "master": {
        "instrument": {
            "detector": {
                "bit_depth_readout": 8,
                "count_time": 9.950000094249845e-05,
                "count_time_units": "s",
                "description": "Dectris ARINA CZT",
                "detector_number": "A-01-0011",
                "frame_time": 9.960000094249845e-05,
                "frame_time_units": "s",
                "threshold_energy": 17500.0,
                "threshold_energy_units": "eV",
                "type": "HPC",
                "x_pixel_size": 0.0001,
                "x_pixel_size_units": "m",
                "detectorSpecific": {
                    "data_collection_date": "2025-05-03T01:51:00.302+02:00",
                    "photon_energy": 300000.0,
                    "software_version": "1.8.0",
                },
            }
        }
    },
    "stem": {
        "High Tension": 300000.0,
        "Camera Length": 0.115,
        "Pixel Size": 0.139,
        "IsPixelSizeCalibrated": 0,
    },
    "frames": 16,
    "data_files": 1,
}
BLOCKFILE: dict[str, Any] = {
    "blockfile_header": {
        "Scan_rotation": 2500,
        "SX": 12.8,
        "SY": 12.8,
        "Beam_energy": 200000,
        "SDP": 6226,
        "Camera_length": 2000,
        "Acquisition_time": 42339.653470046294,
        "Note": "Precession angle : 0.6 deg\r\nPrecession Frequency : 100\r\nCamera gamma : on",
    }
}


def dm(tags: dict[str, Any], *, title: str = "image", group: str = "TagGroup0") -> dict[str, Any]:
    return {"ImageList": {group: {"ImageTags": tags, "Name": title}}, "signals": {"data": group}}


DM_EELS = dm(
    {
        "Microscope Info": {
            "Voltage": 200000.0,
            "Probe Current (nA)": 0.0,
            "Emission Current (µA)": 0.0,
            "STEM Camera Length": 2.799999952316284,
            "Illumination Mode": "STEM",
            "Stage Position": {"Stage Alpha": -12.5, "Stage Beta": 0.0, "Stage X": 3.0},
        },
        "EELS": {
            "Experimental Conditions": {
                "Convergence semi-angle (mrad)": 30.0,
                "Collection semi-angle (mrad)": 33.0,
            },
            "Acquisition": {"Exposure (s)": 2.0, "Number of frames": 10},
        },
        "Meta Data": {"Signal": "EELS", "Format": "Spectrum"},
        "Acquisition": {
            "Device": {"Name": "QUEFINA 1"},
            "Parameters": {"High Level": {"Processing": "Gain Normalized"}},
        },
        "DataBar": {"Acquisition Date": "27.08.2016", "Acquisition Time": "20:54:33"},
        "DigiScan": {"Sample Time": 32.400001525878906, "Rotation": 0.0},
        "GMS Version": {"Created": "2.31.734.0"},
        "Session Info": {
            "Specimen": "SrTiO3",
            "Operator": "A. Person",
            "Microscope": "Unknown",
            "Items": {"TagGroup0": {"Label": "Operator", "Value": "A. Person"}},
        },
    }
)

SEQ: dict[str, Any] = {
    "seq": {
        "version": 5, "description": "StreamPix 8.5.0.143 (x64)", "counting_bits": 12, "replay_rate": 30.0,
        "first_time": 1660243750.652366, "last_time": 1660243754.652537,
    },
    "record": {"CameraLength": 0.25, "FrameRate": 86956.52, "HardwareBinning": 1, "Date": "2022-08-11 14:21:27.69"},
    "config": {
        "StreamPixVersion": "4.3.7.2545", "CameraType": "Celeritas Camera", "FrameRate": 40000.0, "ImageDepth": 12,
        "ImageBinning": 1, "HT": 200, "Mag": 87, "ADUPerElectron": 300,
    },
    "defects": [{"Column": "248"}],
}  # fmt: skip
DE_MRC: dict[str, Any] = {
    "mrc": {"shape": [32, 4, 8], "mode": 6},
    "extended": {},
    "info": {
        "Server Software Version": "2.7.4.10190", "Timestamp (seconds since Epoch)": "1729539410",
        "Camera Model": "DE-16", "Camera SN": "812", "Image Processing - Mode": "Integrating",
        "Readout - Shutter": "Rolling", "Frames Per Second": "700", "Frame Time (nanoseconds)": "1428500",
        "Instrument Project Magnification": "-1", "Instrument Project Camera Length (centimeters)": "-1",
        "Scan - Enable": "Enable", "Scan - Dwell Time (microseconds)": "1464.2", "Sensor Pixel Depth": "12",
        "Instrument Accelerating Voltage (V)": "300000", "Sensor Pixel Pitch (micrometers)": "10",
    },
}  # fmt: skip

# Of all programs at once: each has a root of its own, and no real file has two.
TIFF: dict[str, Any] = {
    "tiff": {"date_time": "2018:11:15 19:42:31", "author": "THU"},
    "fei": {
        "Beam": {"HV": 5000.0, "ScanRotation": 0.0},
        "EBeam": {"BeamCurrent": 6.25e-12, "ApertureDiameter": 3.2e-05},
        "Scan": {"Dwelltime": 1e-05},
        "Stage": {"StageX": 2.576e-05, "StageT": 6.5e-06, "StageR": -2.3611},
        "System": {"SystemType": "Helios NanoLab 660", "Software": "5.5.1.3318"},
        "User": {"Date": "06/13/2016", "Time": "05:06:40 PM"},
        "PrivateFei": {"TimeOfCreation": "13.06.2016 17:06:40"},
    },
    "fei_tem": {"table": {"High tension_kV": 300.0, "Stage A_deg": -1.5, "Mode": "TEM"}},
    "zeiss": {
        "AP_ACTUALKV": {"label": "EHT", "value": 5.0, "value_units": "kV"},
        "AP_MAG": {"label": "Mag", "value": "50.00 K X"},
        "AP_DATE": {"label": "Date", "value": "25 Sep 2018"},
        "AP_TIME": {"label": "Time", "value": "8:20:42"},
    },
    "tvips": {
        "HighTension": 990000, "TemHighTension": 99000.0, "TemMagnification": 32000.0, "TemMode": 0, "Date": 132187148,
        "Time": 32477, "StageA_deg": -0.007, "BinningX": 4,
    },
    "jeol": {
        "DateTime": "2019-11-27T16:11:26.6205405+09:00",
        "Eos": {"EosMode": "eosTEM"},
        "ImageFormingSystem": {"ModeString": "DIFF", "SelectorValue": "40", "SelectorUnitString": "cm"},
        "GonioStage": {"StagePosition": {"MX": "-1196.3", "PX": "22.27", "MZ": "635.9", "TX": "0.1"}},
        "ImageSourceDetector": "screenCamera",
    },
    "olympus": {"magnification": 600000.0, "time": "2018-11-15T19:42"},
    "hamamatsu": {
        "Application": {"Date": "09/02/2022", "Time": "18:14:40.155"},
        "Acquisition": {"ExposureTime": "150 ms"},
    },
    "ome": {"Image": {"AcquisitionDate": "2024-05-06T07:08:09"}},
}  # fmt: skip
