"""What an export writes of a record that says half of something: nothing, rather than half."""

from typing import Any

import pytest

from repository.exports import hyperspy, nxem
from repository.hdf5.tree import Field, Group
from tests.exported_arrays import make_measurement
from tests.unit.export.test_units import find, make_signal

STAGE: dict[str, Any] = {
    **{
        f"stage_position_{axis}": {"value": number, "unit": "mm"}
        for axis, number in (("x", 1), ("y", 2), ("z", 3))
    },
    **{name: {"value": 5, "unit": "deg"} for name in ("stage_tilt_x", "stage_tilt_y", "stage_rotation")},
}


def read_state(**changes: Any) -> Group:
    tree = nxem.build_tree(make_measurement(make_signal("nm"), **changes))
    state = find(tree, "entry", "measurement", "event1", "instrument")
    assert isinstance(state, Group)
    return state


def test_a_stage_is_written_whole_in_one_unit() -> None:
    stage = read_state(**STAGE).children["stage1"]
    position, tilt = find(stage, "position"), find(stage, "tilt1")
    assert isinstance(position, Field)
    assert isinstance(tilt, Field)
    assert (position.value, position.attributes["units"]) == ([1000, 2000, 3000], "um")
    assert (tilt.value, tilt.attributes["units"]) == (5, "degree")


@pytest.mark.parametrize("missing", STAGE)
def test_of_half_a_stage_nothing_is_made_up(missing: str) -> None:
    assert "stage1" not in read_state(**(STAGE | {missing: None})).children


def test_a_sample_is_known_by_a_doi_or_an_igsn() -> None:
    for identifier, kind in (
        ("https://doi.org/10.5072/x", "DOI"),
        ("10.5072/x", "DOI"),
        ("10273/ABCD", "IGSN"),
    ):
        sample = {"name": "MoS2", "identifier": identifier}
        tree = nxem.build_tree(make_measurement(make_signal("nm"), sample=sample))
        assert find(tree, "entry", "sample", "identifier_sample").attributes["type"] == kind, identifier


def test_axes_of_hyperspy_count_points_and_no_bins() -> None:
    """A binned axis is divided by its step when it is fitted: counts per pixel would become counts per nanometre."""
    tree = hyperspy.build_tree(make_measurement(make_signal("nm")))
    experiments = find(tree, "Experiments")
    assert isinstance(experiments, Group)
    (experiment,) = experiments.children.values()
    assert [find(experiment, f"axis-{number}").attributes["is_binned"] for number in range(2)] == [False] * 2
