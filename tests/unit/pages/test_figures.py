from repository.schema.quantities.calibrated_axes import calibrate_axes

AXES = [
    {"name": "scan_y", "size": 4, "unit": "nm", "scale": 0.1, "offset": 0.0},
    {"name": "detector_y", "size": 8, "unit": None, "scale": None, "offset": 0.0},
    {"name": "detector_x", "size": 8, "unit": None, "scale": None, "offset": 0.0},
]


def test_the_file_is_believed_before_the_metadata() -> None:
    metadata = {"scan_step": {"value": 5, "unit": "nm"}}
    assert calibrate_axes(AXES, metadata)[0]["scale"] == 0.1


def test_a_pair_calibrates_each_axis_by_its_own_part() -> None:
    metadata = {"diffraction_pixel_size": {"value": [0.5, 0.25], "unit": "mrad"}}
    assert [(axis["scale"], axis["unit"]) for axis in calibrate_axes(AXES, metadata)[1:]] == [
        (0.5, "mrad"),
        (0.25, "mrad"),
    ]


def test_a_gap_leaves_pixels() -> None:
    metadata = {"diffraction_pixel_size": {"missing": "not_recorded"}}
    assert calibrate_axes(AXES, metadata)[1]["scale"] is None
