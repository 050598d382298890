"""What of a person's document a reader is told: a scan shape that can be one, or what frames follow otherwise."""

from typing import Any

import pytest

from confined.hints import build_hints
from ingest.readers.contract import ReadHints

SHAPES: list[tuple[Any, list[int] | None]] = [
    ([4, 5], [4, 5]),
    ((1, 1), [1, 1]),
    ([1, 300], [1, 300]),
    ({"value": [2, 3], "source": "depositor"}, [2, 3]),
    ({"missing": "unknown"}, None),
    ({"value": "2 x 3"}, [2, 3]),  # as it was typed
    ({"value": "2 x y"}, None),
    ([0, 5], None),
    ([-4, 5], None),
    ([5], None),
    ([4, 5, 6], None),
    ([4.0, 5.0], None),
    (["4", "5"], None),
    ([True, True], None),
    ("45", None),
    (45, None),
    (None, None),
    ([], None),
]


@pytest.mark.parametrize(("stated", "expected"), SHAPES)
def test_a_shape_is_told_where_it_is_one(stated: Any, expected: list[int] | None) -> None:
    told = build_hints({"defaults": {"scan_shape": stated}}, "scan.mib")
    assert told == ({} if expected is None else {"scan_shape": expected})
    assert all(type(size) is int for size in told.get("scan_shape", ()))


def test_what_is_said_nearest_to_the_file_counts() -> None:
    document = {
        "defaults": {"scan_shape": [1, 2], "voltage": 3},
        "measurements": {
            "run/*.mib": {"scan_shape": [3, 4]},
            "run/b.mib": {"scan_shape": [5, 6]},
            "run/c*": {},
        },
    }
    for path, expected in {
        "a.mib": [1, 2],
        "run/a.mib": [3, 4],
        "run/b.mib": [5, 6],
        "run/c.mib": [3, 4],
    }.items():
        assert build_hints(document, path) == {"scan_shape": expected}
    assert build_hints({}, "a.mib") == build_hints({"defaults": {}}, "a.mib") == {}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"shape": "4 × 5 × 6", "dtype": "uint16"}, {"shape": [4, 5, 6], "dtype": "uint16"}),
        ({"axes": "energy, scan_y, scan_x"}, {"axes": ["energy", "scan_y", "scan_x"]}),
        ({"axes": {"value": ["y", "x"], "source": "depositor"}}, {"axes": ["y", "x"]}),
        ({"dataset": " run/cube ", "byte_order": "big"}, {"dataset": "run/cube", "byte_order": "big"}),
        ({"offset": "16", "gap": 0}, {"offset": 16, "gap": 0}),
        (
            {
                "offset": -1,
                "gap": True,
                "shape": [3, 0],
                "dtype": "object",
                "byte_order": "middle",
                "axes": ["z"],
            },
            {},
        ),
        ({"offset": {"missing": "not_recorded"}, "dataset": "", "axes": [], "shape": []}, {}),
        ("uint8", {}),
    ],
)
def test_what_is_said_of_an_array_is_told_as_far_as_it_can_be_so(said: Any, told: dict[str, Any]) -> None:
    hints = build_hints({"measurements": {"a.raw": {"array": said}}}, "a.raw")
    assert hints == ({"array": told} if told else {})
    answers = ReadHints.from_dict(hints).array
    for key, value in told.items():
        assert getattr(answers, key) == (tuple(value) if isinstance(value, list) else value)
    assert ReadHints.from_dict({}).array == ReadHints().array


def test_answers_for_an_array_add_up_over_the_levels() -> None:
    document = {
        "defaults": {"array": {"dtype": "uint16", "offset": 4}},
        "measurements": {"a.raw": {"array": {"offset": 8}, "scan_shape": [2, 3]}},
    }
    expected = {"scan_shape": [2, 3], "array": {"dtype": "uint16", "offset": 8}}
    assert build_hints(document, "a.raw") == expected


@pytest.mark.parametrize(
    ("said", "axis"),
    [
        ({"scan": "none", "series": "time"}, "time"),
        ({"scan": "none", "series": "focal"}, "defocus"),
        ({"scan": "none", "series": "bias"}, "series"),
        ({"scan": "positions"}, "position"),
        ({"technique": ["diffraction_pattern"], "series": "tilt"}, "tilt"),
        ({"technique": "diffraction_pattern", "series": "time"}, "time"),  # as it was typed
        # Each file may be a scan of a series over files, and a technique alone names no axis.
        ({"technique": ["four_d_stem"], "series": "tilt"}, None),
        ({"series": "tilt"}, None),
        ({"scan": "raster", "technique": ["diffraction_pattern"], "series": "tilt"}, None),
        ({"technique": ["diffraction_pattern"]}, None),
        ({"scan": "none"}, None),
        ({"scan": "none", "series": "none"}, None),
    ],
)
def test_frames_that_are_no_raster_follow_what_the_person_says(
    said: dict[str, Any], axis: str | None
) -> None:
    expected = {} if axis is None else {"frame_axis": axis}
    assert build_hints({"measurements": {"run.mib": said}}, "run.mib") == expected
    shaped = {**said, "scan_shape": [2, 3]}
    assert build_hints({"defaults": shaped}, "run.mib") == {"scan_shape": [2, 3]}
