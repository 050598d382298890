from typing import Any

import pytest

from repository.schema.checks.supplied import (
    list_unmatched,
    select_supplied,
    validate_supplied,
)
from repository.schema.documents.path_patterns import matches_pattern

DOCUMENT: dict[str, Any] = {
    "dataset": {"title": "MoS2"},
    "defaults": {"acceleration_voltage": "80 kV"},
    "measurements": {
        "*.raw": {"probe_current": "1 pA"},
        "session/**": {"probe_current": "2 pA"},
        "scan_x64_y64.raw": {"probe_current": "3 pA"},
    },
}


def test_layers_apply_in_their_order() -> None:
    labels = [label for label, _ in select_supplied(DOCUMENT, "session/a/scan_x64_y64.raw")]
    assert labels == [
        "defaults",
        "measurements/*.raw",
        "measurements/session/**",
        "measurements/scan_x64_y64.raw",
    ]
    assert [label for label, _ in select_supplied(DOCUMENT, "other.mib")] == ["defaults"]
    assert select_supplied({}, "other.mib") == []


def test_a_companion_may_be_named() -> None:
    labels = [
        label for label, _ in select_supplied(DOCUMENT, "acquisition_3.xml", companions=["scan_x64_y64.raw"])
    ]
    assert "measurements/scan_x64_y64.raw" in labels


@pytest.mark.parametrize(
    ("path", "pattern", "matches"),
    [
        ("a/b/c.mib", "a/b/c.mib", True),
        ("a/b/c.mib", "./a/b/c.mib", True),
        ("a/b/c.mib", "c.mib", True),
        ("a/b/c.mib", "*.mib", True),
        ("a/b/c.mib", "a/*.mib", False),
        ("a/b/c.mib", "a/**/*.mib", True),
        ("a/c.mib", "a/**/*.mib", True),
        ("a/b/c.mib", "**", True),
        ("a/b/c.mib", "a/b", False),
        ("scan [1].mib", "scan [1].mib", True),
        ("scan 1.mib", "scan [1].mib", False),
        ("c.mib", "?.mib", True),
        ("c.MIB", "*.mib", False),
        ("größe.mib", "größe.*", True),
        ("cxmib", "c.mib", False),
    ],
)
def test_patterns(path: str, pattern: str, matches: bool) -> None:
    assert matches_pattern(path, pattern) is matches


def test_patterns_that_name_nothing_are_reported() -> None:
    (finding,) = list_unmatched({"measurements": {"*.mib": {}, "*.raw": {}}}, ["a.raw"])
    assert (finding.code, finding.pointer) == ("pattern_matches_nothing", "/measurements/*.mib")


def test_good_documents_have_no_findings() -> None:
    assert validate_supplied(DOCUMENT) == []
    assert validate_supplied({}) == []
    assert validate_supplied({"measurements": {"a": None}, "defaults": None}) == []


@pytest.mark.parametrize(
    ("document", "code", "pointer"),
    [
        ({"default": {}}, "unknown_key", "/default"),
        ({"acceleration_voltage": "80 kV"}, "unknown_key", "/acceleration_voltage"),
        ({"defaults": {"foo": 1}}, "unknown_key", "/defaults/foo"),
        ({"measurements": {"a/b.raw": {"foo": 1}}}, "unknown_key", "/measurements/a~1b.raw/foo"),
        (
            {"measurements": {"a": {"acceleration_voltage": "300 V"}}},
            "value_impossible",
            "/measurements/a/acceleration_voltage",
        ),
        ({"measurements": [1]}, "wrong_type", "/measurements"),
        ({"dataset": {"titel": "x"}}, "unknown_key", "/dataset/titel"),
        ({"dataset": {"creators": [{"orcid": "0000-0002-1825-0097"}]}}, "key_missing", "/dataset/creators/0"),
        ([], "wrong_type", ""),
    ],
)
def test_what_is_wrong_is_named(document: Any, code: str, pointer: str) -> None:
    (finding,) = validate_supplied(document)
    assert (finding.severity, finding.code, finding.pointer) == ("error", code, pointer)
