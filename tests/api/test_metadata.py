"""What a person may get wrong in the metadata, and what is said to it; nothing of it is lost and nothing breaks."""

import json
from typing import Any

import pytest

from tests.api.conftest import as_token, make_token
from tests.deposits import add_measurement, settle
from tests.factories import DATASET, make_deposit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]

PATH = "scan.raw"


@pytest.fixture
def say(client: Any) -> Any:
    """Return a function that says something of a measurement and returns the findings about it."""
    deposit = make_deposit()
    add_measurement(deposit, PATH)
    settle(deposit)
    headers = as_token(make_token(deposit.owner))
    address = f"/api/v1/deposits/{deposit.pk}/"

    def patch(words: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
        body = {"metadata": {"dataset": DATASET, "measurements": {PATH: words}}}
        answer = client.patch(address, json.dumps(body), content_type="application/json", headers=headers)
        if answer.status_code != 200:
            return answer.status_code, answer.json().get("findings", [answer.json()])
        shown = client.get(address, headers=headers).json()
        kept = {key: word for key, word in words.items() if word is not None}  # null takes a word back
        assert shown["metadata"]["measurements"][PATH] == kept, "what was said is kept word by word"
        measured = [finding for each in shown["measurements"] for finding in each["findings"]]
        return 200, [*shown["findings"], *measured]

    return patch


VOLTAGE = "acceleration_voltage"
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    # what was said: (words, severity, place that is named)
    "300 V for 300 kV": ({VOLTAGE: {"value": 300, "unit": "V"}}, "error", VOLTAGE),
    "300 kilo-kV": ({VOLTAGE: {"value": 300_000, "unit": "kV"}}, "error", VOLTAGE),
    "an angle in degrees that is no cone": (
        {"semi_convergence_angle": {"value": 120, "unit": "deg"}}, "error", "semi_convergence_angle",
    ),
    "a full angle under its own name": (
        {"convergence_angle": {"value": 42, "unit": "mrad"}}, "error", "convergence_angle",
    ),
    "an unknown key": ({"colour_of_the_room": "blue"}, "error", "colour_of_the_room"),
    "an unknown unit": ({VOLTAGE: {"value": 80, "unit": "furlong"}}, "error", VOLTAGE),
    "a unit of something else": ({VOLTAGE: {"value": 80, "unit": "nm"}}, "error", VOLTAGE),
    "a text for a number": ({VOLTAGE: {"value": "eighty", "unit": "kV"}}, "error", VOLTAGE),
    "NaN as a text": ({VOLTAGE: {"value": "NaN", "unit": "kV"}}, "error", VOLTAGE),
    "a number without a unit": ({VOLTAGE: 80}, "error", VOLTAGE),
    "a range upside down": ({VOLTAGE: {"range": [300, 80], "unit": "kV"}}, "error", VOLTAGE),
    "a negative pixel": ({"scan_step": {"value": -0.2, "unit": "nm"}}, "error", "scan_step"),
    "an element that is none": ({"sample": {"name": "x", "elements": ["Xx"]}}, "error", "sample/elements"),
    "a word outside the vocabulary": ({"origin": "dreamt"}, "error", "origin"),
    "a technique that is none": ({"technique": ["alchemy"]}, "error", "technique"),
    "a gap of an unknown kind": ({"semi_convergence_angle": {"missing": "lost"}}, "error", "semi_convergence_angle"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_with_its_place_and_a_remedy(say: Any, name: str) -> None:
    words, severity, place = WRONG[name]
    status, findings = say(words)
    assert status in {200, 422}
    about = [finding for finding in findings if place in finding["pointer"].replace(".", "/")]
    assert any(finding.get("severity", "error") == severity for finding in about), findings
    for finding in about:
        assert finding.get("message") or finding.get("detail")
        assert finding["hint"], finding


@pytest.mark.parametrize(
    "words",
    [
        {VOLTAGE: {"value": 10**300, "unit": "kV"}},
        {VOLTAGE: {"value": 1e308, "unit": "kV"}},
        {VOLTAGE: {"value": 5e-324, "unit": "kV"}},
        {VOLTAGE: {"value": [[]], "unit": {}}},
        {VOLTAGE: []},
        {"scan_shape": [10**30, -1]},
        {"scan_shape": {"value": [0, 0], "unit": "1"}},
        {"scan_shape": "512 x 512"},
        {"acquired_at": "yesterday"},
        {"acquired_at": 10**20},
        {"technique": {}},
        {"technique": None},
        {"sample": "MoS2"},
        {"sample": None},
        {"instrument": {"name": {"name": {}}}},
        {"extensions": {"org.example.key": {"deep": [1, {"er": None}]}}},
        {"": 1},
        {"a" * 5000: "b" * 5000},
        {"annular_detectors": [1, "two", None]},
        {"detector_to_scan_matrix": {"value": [[1, 0], [0]], "unit": "1"}},
    ],
    ids=lambda words: json.dumps(words)[:40],
)
def test_no_words_break_the_checks(say: Any, words: dict[str, Any]) -> None:
    status, _ = say(words)
    assert status in {200, 400, 422}


def test_a_declared_gap_is_an_answer(say: Any) -> None:
    _, findings = say({"semi_convergence_angle": {"missing": "not_recorded", "note": "log book lost"}})
    assert [finding for finding in findings if finding["severity"] == "error"] == []
