"""What was found right once is not looked at again; what is only written alike is another thing."""

from typing import Any

import pytest

from repository.schema.checks.structure import check_structure

RIGHT: dict[str, Any] = {
    "scan_shape": [256, 256],
    "sample": {"name": "MoS2 on SiN", "elements": ["Mo", "S"]},
    "acceleration_voltage": {"value": 80, "unit": "kV", "source": "header", "basis": "nominal"},
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"scan_shape": [256, True]},
        {"scan_shape": [256, "256"]},
        {"sample": {"name": "MoS2 on SiN", "elements": "MoS"}},
        {"acceleration_voltage": {"value": "80", "unit": "kV", "source": "header", "basis": "nominal"}},
    ],
    ids=str,
)
def test_what_is_wrong_is_named_after_the_right_was_seen(wrong: dict[str, Any]) -> None:
    assert check_structure(RIGHT) == []
    named = [finding.pointer for finding in check_structure({**RIGHT, **wrong})]
    assert named, "remembered for something else"
    assert all(pointer.startswith(f"/{next(iter(wrong))}") for pointer in named)
    assert [finding.pointer for finding in check_structure({**RIGHT, **wrong})] == named, (
        "the second time too"
    )
    assert check_structure(RIGHT) == []


def test_a_right_value_under_another_key_is_judged_by_that_key() -> None:
    assert check_structure({"notes": "80 kV"}) == []
    assert [finding.pointer for finding in check_structure({"sample": "80 kV", "notes": "80 kV"})] == [
        "/sample"
    ]
    assert [finding.code for finding in check_structure({"voltage_of_mine": "80 kV"})] == ["unknown_key"]
