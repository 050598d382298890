"""Units as exports with arrays write them: pint, by which HyperSpy counts, measures with each what we do."""

from collections.abc import Callable

import pint
import pytest

from repository.exports import hyperspy, nxem
from repository.exports.subjects import ExportedSignal
from repository.hdf5.tree import Field, Group, Node
from repository.schema.quantities.units import UNITS
from tests.exported_arrays import axis, make_measurement

REGISTRY: "pint.UnitRegistry[float]" = pint.UnitRegistry()


def make_signal(unit: str) -> ExportedSignal:
    return ExportedSignal("data", (2, 3), "uint8", (axis("y", 2, unit, 0.5), axis("x", 3)), "zarr")


def find(node: Node, *names: str) -> Node:
    for name in names:
        assert isinstance(node, Group)
        node = node.children[name]
    return node


def write_nxem(unit: str) -> str:
    tree = nxem.build_tree(make_measurement(make_signal(unit)))
    written = find(tree, "entry", "measurement", "event1", "image1", "image_2d", "axis_j")
    assert isinstance(written, Field)
    return str(written.attributes["units"])


def write_hyperspy(unit: str) -> str:
    tree = hyperspy.build_tree(make_measurement(make_signal(unit)))
    experiments = find(tree, "Experiments")
    assert isinstance(experiments, Group)
    (experiment,) = experiments.children.values()
    return str(find(experiment, "axis-0").attributes["units"])


@pytest.mark.parametrize("write", [write_nxem, write_hyperspy])
def test_every_unit_measures_there_what_it_measures_here(write: Callable[[str], str]) -> None:
    for code, unit in UNITS.items():
        written = write(code)
        found = REGISTRY.Quantity(1.0, REGISTRY.parse_units(written or "dimensionless")).to_base_units()
        assert found.magnitude == pytest.approx(float(unit.factor + unit.offset), rel=1e-6), (code, written)
