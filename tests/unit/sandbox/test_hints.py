"""What of a person's document a reader is told: a scan shape that can be one, and nothing else."""

from typing import Any

import pytest

from confined.hints import build_hints

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
