"""Where a person puts files, beside what the formats' own rules make of them."""

import pytest

from repository.schema.placements import Group, Placement, apply_placements

GROUPS = [Group("mib", ("a", "a1", "a2")), Group("dm", ("b",))]


@pytest.mark.parametrize(
    ("placed", "expected"),
    [
        ({"a1": Placement("with", "b")}, {"a": ("a", "a2"), "b": ("b", "a1")}),
        ({"a": Placement("alone")}, {"b": ("b",)}),
        ({"a2": Placement("own")}, {"a": ("a", "a1"), "a2": ("a2",), "b": ("b",)}),
        ({"a1": Placement("own")}, {"a": ("a", "a1", "a2"), "b": ("b",)}),
        ({"b": Placement("with", "a")}, {"a": ("a", "a1", "a2", "b")}),
        ({"a1": Placement("with", "gone")}, {"a": ("a", "a1", "a2"), "b": ("b",)}),
        ({"b": Placement("with", "a"), "a": Placement("with", "b")}, {"a": ("a", "a1", "a2"), "b": ("b",)}),
        (
            {"x": Placement("with", "a2"), "a2": Placement("own")},
            {"a": ("a", "a1"), "a2": ("a2", "x"), "b": ("b",)},
        ),
        ({"b": Placement("own")}, {"a": ("a", "a1", "a2"), "b": ("b",)}),
    ],
)
def test_placements(placed: dict[str, Placement], expected: dict[str, tuple[str, ...]]) -> None:
    made = apply_placements(GROUPS, placed, {"a2": "mib", "b": "dm"})
    assert {group.paths[0]: group.paths for group in made} == expected
