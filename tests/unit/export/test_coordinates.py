"""Where the samples of an axis lie for other programs: by step, by a listed value for each, or counted."""

from typing import Any

import pytest

from repository.schema.export.coordinates import list_coordinates
from tests.exported_arrays import axis

TIMES = {"series_times": {"value": [0, 2, 5], "unit": "s"}}


@pytest.mark.parametrize(
    ("given", "document", "unit", "scale", "positions"),
    [
        (axis("x", 3, "nm", 0.5), {}, "nm", 0.5, None),
        (axis("x", 3, "nm", 0.0), {}, None, 1.0, None),  # all samples at one place are no axis
        (axis("x", 3, None, 0.5), {}, None, 1.0, None),  # half a metre, or half an inch?
        (axis("x", 3, "nm"), {}, None, 1.0, None),
        (axis("time", 3), TIMES, "s", 1.0, (0.0, 2.0, 5.0)),
        (axis("time", 3, "s", 1.5), TIMES, "s", 1.5, None),
        (axis("time", 4), TIMES, None, 1.0, None),  # one too few
        (axis("time", 1), {"series_times": {"value": 4, "unit": "s"}}, None, 1.0, None),
        (axis("time", 2), {"series_times": {"range": [0, 5], "unit": "s"}}, None, 1.0, None),
        (axis("scan_y", 3), TIMES, None, 1.0, None),
    ],
)
def test_an_axis_is_calibrated_or_counted(
    given: dict[str, Any], document: dict[str, Any], unit: str | None, scale: float, positions: Any
) -> None:
    (found,) = list_coordinates([given], document)
    assert (found.unit, found.scale, found.positions) == (unit, scale, positions)
    assert (found.name, found.size, found.offset) == (given["name"], given["size"], 0.0)
    assert found.is_calibrated == (unit is not None)
