"""What the command sends so that others' answers stay, and what it tells of what it replaces."""

from typing import Any

import pytest

from stemma.depositing.drafts import compose_patch, list_replaced
from tests.unit.client.fake_server import merge

CURRENT: dict[str, Any] = {
    "dataset": {"title": "Ours", "abstract": "Written on the page."},
    "defaults": {"acceleration_voltage": {"missing": "not_recorded"}, "sample": {"name": "MoS2"}},
}


@pytest.mark.parametrize(
    ("wanted", "former", "patch"),
    [
        ({}, None, {}),
        ({"dataset": {"title": "Ours"}}, None, {}),
        ({"dataset": {"title": "Mine"}}, None, {"dataset": {"title": "Mine"}}),
        ({"dataset": {"title": None}}, None, {"dataset": {"title": None}}),
        ({"dataset": {"license": None}}, None, {}),
        (
            {"defaults": {"acceleration_voltage": {"value": 80, "unit": "kV"}}},
            None,
            {"defaults": {"acceleration_voltage": {"value": 80, "unit": "kV", "missing": None}}},
        ),
        # Taken out of the file since it was sent the last time: removed where nobody changed it since.
        (
            {"dataset": {"title": "Ours"}},
            {"dataset": {"title": "Ours"}, "defaults": {"sample": {"name": "MoS2"}}},
            {"defaults": {"sample": None}},
        ),
        (
            {"dataset": {"title": "Ours"}},
            {"dataset": {"title": "Ours"}, "defaults": {"sample": {"name": "WSe2"}}},
            {},
        ),
    ],
)
def test_only_what_was_meant_is_sent(
    wanted: dict[str, Any], former: dict[str, Any] | None, patch: dict[str, Any]
) -> None:
    assert compose_patch(CURRENT, wanted, former) == patch
    merged = merge(CURRENT, patch)
    assert merged["dataset"]["abstract"] == "Written on the page."


def test_what_is_replaced_is_told() -> None:
    patch = {"dataset": {"title": "Mine", "license": "CC0-1.0", "abstract": None}}
    assert list(list_replaced(CURRENT, patch)) == [
        '/dataset/title: "Ours" became "Mine"',
        '/dataset/abstract: "Written on the page." became nothing',
    ]
