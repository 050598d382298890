"""What people type: each vector through PATCH and search; one wrong answer holds none of the others back."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from processing.workflows import refresh_deposit
from repository.models import Deposit, DepositEdit, Finding
from repository.schema.documents.normalization import normalize_document
from repository.schema.places import get_entry
from tests.api.conftest import as_token, make_token
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]

VECTORS = json.loads((Path(__file__).parents[1] / "quantity_vectors.json").read_text(encoding="utf-8"))
LENIENT = {"Prefer": "handling=lenient"}
PYTHON = re.compile(r"could not convert|invalid literal|ValueError|NoneType|Traceback|float\(|int\(")


class Drafts:
    """A draft of one's own, and how it is changed."""

    def __init__(self, client: Any) -> None:
        owner = make_user("marie")
        self.client = client
        self.headers = as_token(make_token(owner))
        self.deposit = make_deposit(owner)
        Deposit.objects.filter(pk=self.deposit.pk).update(document={})
        self.address = f"/api/v1/deposits/{self.deposit.pk}/"

    def patch(self, metadata: Any, headers: dict[str, str] | None = None, **more: Any) -> Any:
        sent = {**self.headers, **(headers or {})}
        body = json.dumps({"metadata": metadata, **more})
        return self.client.patch(self.address, body, content_type="application/json", headers=sent)

    @property
    def saved(self) -> dict[str, Any]:
        document: dict[str, Any] = Deposit.objects.get(pk=self.deposit.pk).document
        return document


@pytest.fixture
def drafts(client: Any) -> Drafts:
    return Drafts(client)


def nest(path: str, entry: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        entry = {key: entry}
    return dict(entry)


def test_every_vector_is_taken_by_a_patch(drafts: Drafts) -> None:
    layers = {}
    for number, vector in enumerate(VECTORS["accepted"]):
        typed = (
            vector["text"]
            if vector["names_unit"]
            else {"value": vector["text"], "unit": vector["means"]["unit"]}
        )
        layers[f"{number}.dm4"] = nest(vector["field"], typed)
    answer = drafts.patch({"measurements": layers})
    assert answer.status_code == 200, answer.content
    assert drafts.saved == {"measurements": layers}  # as it was typed
    for layer, vector in zip(layers.values(), VECTORS["accepted"], strict=True):
        kept = get_entry(normalize_document(layer), vector["field"])
        assert {key: kept[key] for key in vector["means"]} == vector["means"], vector


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["text"])
def test_every_refused_vector_is_told_and_not_saved(drafts: Drafts, vector: dict[str, Any]) -> None:
    answer = drafts.patch({"defaults": nest(vector["field"], vector["text"])})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_metadata")
    assert vector["says"] in problem["detail"]
    assert problem["pointer"].startswith(f"/defaults/{vector['field']}")
    assert problem["hint"]
    assert not PYTHON.search(answer.content.decode())
    assert drafts.saved == {}


def test_one_wrong_answer_holds_back_only_itself_where_that_is_preferred(drafts: Drafts) -> None:
    drafts.patch({"defaults": {"probe_current": "3 nA"}})
    mixed = {
        "dataset": {"title": "New"},
        "defaults": {
            "probe_current": {"value": 5, "unit": "parsec"},
            "semi_convergence_angle": "21.4±0.3 mrad",
            "scan_step": "a lot",
        },
        "measurements": {"a/b.dm4": {"dwell_time": "10 µs", "camera": {"nam": "EMPAD"}}},
    }
    strict = drafts.patch(mixed)
    assert strict.status_code == 422
    pointers = {finding["pointer"] for finding in strict.json()["findings"]}
    assert pointers == {
        "/defaults/probe_current/unit",
        "/defaults/scan_step",
        "/measurements/a~1b.dm4/camera/nam",
    }
    assert drafts.saved == {"defaults": {"probe_current": "3 nA"}}
    answer = drafts.patch(mixed, LENIENT)
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "handling=lenient")
    outcome = answer.json()["outcome"]
    assert outcome["saved"] == [
        "/dataset/title",
        "/defaults/semi_convergence_angle",
        "/measurements/a~1b.dm4/dwell_time",
    ]
    assert {finding["pointer"] for finding in outcome["refused"]} == pointers
    assert all(finding["message"] and finding["hint"] for finding in outcome["refused"])
    assert (
        answer.json()["metadata"]
        == drafts.saved
        == {
            "dataset": {"title": "New"},
            "defaults": {"probe_current": "3 nA", "semi_convergence_angle": "21.4±0.3 mrad"},
            "measurements": {"a/b.dm4": {"dwell_time": "10 µs"}},
        }
    )
    assert DepositEdit.objects.filter(deposit=drafts.deposit).count() == 2
    assert drafts.client.get(drafts.address, headers=drafts.headers).json().get("outcome") is None


@pytest.mark.parametrize("prefer", ["", "handling=strict", "respond-async", "lenient", "xhandling=lenient"])
def test_without_the_preference_a_patch_is_whole_or_nothing(drafts: Drafts, prefer: str) -> None:
    body = {"dataset": {"title": "New"}, "defaults": {"scan_step": "a lot"}}
    assert drafts.patch(body, {"Prefer": prefer}).status_code == 422
    assert drafts.saved == {}


@pytest.mark.parametrize(
    "prefer", ['Handling="lenient"', "return=minimal, handling=lenient", "handling = lenient; a=b"]
)
def test_the_preference_is_read_as_rfc_7240_writes_it(drafts: Drafts, prefer: str) -> None:
    body = {"dataset": {"title": "New"}, "defaults": {"scan_step": "a lot"}}
    assert drafts.patch(body, {"Prefer": prefer}).status_code == 200
    assert drafts.saved == {"dataset": {"title": "New"}}


def test_where_nothing_is_right_nothing_is_saved_and_no_revision_made(drafts: Drafts) -> None:
    before = drafts.client.get(drafts.address, headers=drafts.headers).headers["ETag"]
    answer = drafts.patch({"defaults": {"scan_step": "a lot"}}, LENIENT)
    assert (answer.status_code, answer.json()["findings"][0]["pointer"]) == (422, "/defaults/scan_step")
    assert drafts.client.get(drafts.address, headers=drafts.headers).headers["ETag"] == before


def test_the_condition_on_the_revision_holds_for_both(drafts: Drafts) -> None:
    stale = {**LENIENT, "If-Match": '"r999"'}
    answer = drafts.patch({"dataset": {"title": "New"}, "defaults": {"scan_step": "a lot"}}, stale)
    assert answer.status_code == 412
    assert drafts.saved == {}


def test_a_fault_that_stood_there_already_holds_nothing_back(drafts: Drafts) -> None:
    Deposit.objects.filter(pk=drafts.deposit.pk).update(document={"defaults": {"scan_step": "once allowed"}})
    answer = drafts.patch({"defaults": {"probe_current": "50 pA"}}, LENIENT)
    assert (answer.status_code, answer.json()["outcome"]["refused"]) == (200, [])
    assert drafts.saved["defaults"] == {"scan_step": "once allowed", "probe_current": "50 pA"}


def test_conditions_are_understood_wherever_they_are_asked(client: Any) -> None:
    deposit = make_deposit(title="Monolayer")
    volts = {"value": 200, "unit": "kV", "source": "header", "basis": "nominal"}
    dose = {"value": 1500, "unit": "Ao-2", "source": "depositor", "basis": "nominal"}
    add_measurement(deposit, acceleration_voltage=volts, electron_fluence=dose)
    dataset = publish(settle(deposit)).dataset_id
    queries: list[dict[str, Any]] = [
        {"where": "dose>1000 e/Å²"},
        {"where": ["dose>1000 e/Å²", "voltage=199..201 kV"]},
        {"where": "dose:1000..2000:e/Å²"},
        {"q": "dose>1000 e/Å² monolayer"},
        {"q": "monolayer voltage=200000 V"},
        {"voltage_min": "199 kV", "voltage_max": "0.201", "voltage_unit": "MV"},
        {"fluence_min": "1,4e3", "fluence_unit": "e⁻/Å²"},
    ]
    for query in queries:
        answer = client.get("/api/v1/search/", query)
        assert answer.status_code == 200, (query, answer.content)
        assert [hit["id"] for hit in answer.json()["results"]] == [dataset], query
    assert client.get("/api/v1/search/", {"q": "monolayer dose<1000"}).json()["count"] == 0


@pytest.mark.parametrize("vector", VECTORS["refused_conditions"], ids=lambda vector: vector["text"])
def test_conditions_that_cannot_be_are_refused_with_a_word(client: Any, vector: dict[str, Any]) -> None:
    answer = client.get("/api/v1/search/", {"where": vector["text"]})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (400, "unknown_filter", "/where")
    assert vector["says"] in problem["detail"]
    assert vector["hint"] in problem["hint"]
    page = client.get(
        "/search", {"q": vector["text"]} if "colour" in vector["text"] else {"where": vector["text"]}
    )
    assert not PYTHON.search(page.content.decode())


@pytest.mark.parametrize(
    ("query", "pointer", "says"),
    [
        ({"voltage_min": "300", "voltage_max": "80"}, "/voltage_min", "runs backwards"),
        ({"voltage_max": "high"}, "/voltage_max", "does not begin with a number"),
        ({"q": "MoS2 dose>many"}, "/q", "does not begin with a number"),
        ({"where": ["dose>1000", "dose<10"]}, "/where", "exclude each other"),
    ],
)
def test_the_refusal_names_the_parameter(client: Any, query: dict[str, Any], pointer: str, says: str) -> None:
    for address in ("/api/v1/search/", "/search"):
        answer = client.get(address, query)
        assert answer.status_code == 400
        assert says in answer.content.decode()
    assert client.get("/api/v1/search/", query).json()["pointer"] == pointer


@pytest.mark.parametrize(
    "answer",
    [
        {"diffraction_pixel_size": {"value": "NaN", "unit": "mrad"}},
        {"acceleration_voltage": {"value": "inf", "unit": "kV"}},
        {"scan_step": {"value": [1, "1e999"], "unit": "nm"}},
        {"diffraction_pixel_size": {"value": 1.4, "unit": "mrad", "source": {"value": 1}}},
        {"pixel_size": {"value": 1.4, "unit": "nm", "source": ["header"]}},
        {"detector_to_scan_matrix": [[1, "nominal"], [0, 1]]},
        {"detector_to_scan_matrix": [[1, {"value": 1}], [0, 1]]},
        {"detector_to_scan_matrix": [[1, 0], [0, 1], "x"]},
        {"technique": [{"a": 1}, ["eels"]]},
        {"axes": [7, {"name": {"a": 1}, "unit": ["nm"], "scale": "x"}]},
        {"scan": {"value": {"a": 1}}},
    ],
    ids=json.dumps,
)
def test_answer_of_a_shape_that_nobody_expects_is_told_and_breaks_nothing(
    drafts: Drafts, answer: dict[str, Any]
) -> None:
    add_measurement(drafts.deposit)
    told = drafts.patch({"measurements": {"*": answer}})
    assert told.status_code in {200, 422}, told.content
    assert not PYTHON.search(told.content.decode())
    refresh_deposit(deposit_id=drafts.deposit.pk)
    shown = drafts.client.get(drafts.address, headers=drafts.headers)
    assert shown.status_code == 200
    findings = drafts.client.get(f"{drafts.address}findings/", headers=drafts.headers)
    assert findings.status_code in {200, 404}
    if told.status_code == 200:
        assert Finding.objects.filter(deposit=drafts.deposit, severity="error").exists()
