"""Search over what is published: words, facets, ranges with units, pages; and lists page by page."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repository.models import Deposit
from tests.api.conftest import as_token, make_token
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]


def publish_one(title: str, **described: Any) -> str:
    deposit = make_deposit(title=title)
    add_measurement(deposit, **described)
    return str(publish(settle(deposit)).dataset_id)


def volts(value: float, unit: str = "kV") -> dict[str, Any]:
    return {"value": value, "unit": unit, "source": "header", "basis": "nominal"}


def mrad(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "mrad", "source": "depositor", "basis": "calibrated"}


@pytest.fixture
def found(client: Any) -> Any:
    """Return the ids that a query finds."""

    def ask(**query: Any) -> list[str]:
        answer = client.get("/api/v1/search/", query)
        assert answer.status_code == 200, answer.content
        page = answer.json()
        assert page["count"] == len(page["results"])
        return [hit["id"] for hit in page["results"]]

    return ask


@pytest.fixture
def three() -> dict[str, str]:
    return {
        "mos2": publish_one("Molybdenum disulfide monolayer", semi_convergence_angle=mrad(21.4)),
        "titanate": publish_one(
            "Strontium titanate interface",
            acceleration_voltage=volts(300),
            semi_convergence_angle=mrad(30),
            sample={"name": "SrTiO3", "elements": ["Sr", "Ti", "O"]},
        ),
        "silicon": publish_one(
            "Silicon wedge",
            acceleration_voltage=volts(200_000, "V"),
            sample={"name": "Si", "elements": ["Si"]},
        ),
    }


def test_words_find_titles_samples_and_ids(found: Any, three: dict[str, str]) -> None:
    assert found(q="titanates") == [three["titanate"]]
    assert found(q="SrTiO3") == [three["titanate"]]
    assert found(q=three["silicon"].upper()) == [three["silicon"]]
    assert found(q='"silicon wedge"') == [three["silicon"]]
    assert set(found(q="silicon or titanate")) == {three["silicon"], three["titanate"]}
    assert found(q="interface -titanate") == []
    assert len(found()) == 3


def test_ranges_speak_units(found: Any, three: dict[str, str]) -> None:
    assert set(found(where="acceleration_voltage:80..300:kV")) == set(three.values())
    assert found(where="acceleration_voltage:80000:V") == [three["mos2"]]
    assert found(where="voltage:250..") == [three["titanate"]]
    assert found(acceleration_voltage_min="100", acceleration_voltage_max="250") == [three["silicon"]]
    assert found(where="semi_convergence_angle:21..22:mrad") == [three["mos2"]]
    assert found(where="semi_convergence_angle:0.03:rad") == [three["titanate"]]
    assert set(found(where="scan_step:0.1..0.3:nm")) == set(three.values())
    assert found(where="scan_step:1..3:Ao", elements="Si") == [three["silicon"]]
    assert found(where="scan_step:5..9:nm") == []
    assert found(where=["voltage:60..100:kV", "convergence_angle:30..40:mrad"]) == []


def test_a_camera_dwells_as_long_as_it_exposes(found: Any) -> None:
    camera = {"name": "EMPAD", "frame_time": {**mrad(1.0), "value": 1, "unit": "ms"}}
    dataset = publish_one("One frame per position", dwell_time=None, camera=camera)
    assert found(where="dwell_time:900..1100:us") == [dataset]
    assert found(where="dwell_time:..900:us") == []


def test_facets_narrow_and_count(client: Any, found: Any, three: dict[str, str]) -> None:
    facets = client.get("/api/v1/search/").json()["facets"]
    elements = {entry["value"]: entry["count"] for entry in facets["elements"]}
    assert elements == {"Mo": 1, "S": 1, "Sr": 1, "Ti": 1, "O": 1, "Si": 1}
    assert facets["format"] == [{"value": "empad", "count": 3}]
    assert facets["modality"] == [{"value": "other", "count": 3}]
    assert facets["license"] == [{"value": "CC-BY-4.0", "count": 3}]
    assert found(elements=["Sr", "Ti"]) == [three["titanate"]]
    assert found(elements=["Sr", "Mo"]) == []
    assert len(found(format="empad", license="CC-BY-4.0", modality="other")) == 3
    assert found(format="mib") == []


def test_what_failed_is_found_as_what_worked(client: Any, found: Any) -> None:
    """The goal of a measurement, whether it was reached, and why: facet, words, and the record itself."""
    missed = {"goal": "Oxygen columns", "reached": "not_reached", "why": "Amorphized by knock-on damage"}
    failed = publish_one("Too much current", outcome=missed)
    worked = publish_one("Half the current", outcome={"reached": "reached"})
    silent = publish_one("Nothing said of a goal")
    facets = client.get("/api/v1/search/").json()["facets"]
    assert {one["value"]: one["count"] for one in facets["outcome"]} == {"not_reached": 1, "reached": 1}
    assert found(outcome="not_reached") == [failed]
    assert set(found(outcome=["reached", "not_reached"])) == {failed, worked}
    assert found(outcome="partly") == []
    assert found(q="amorphized") == [failed]
    assert set(found()) == {failed, worked, silent}
    page = client.get("/search", {"outcome": "not_reached"}).content.decode()
    assert "Not reached" in page
    assert "Too much current" in page
    assert "Half the current" not in page


REFUSED = (
    {"where": "voltage"},
    {"where": "voltage:"},
    {"where": "voltage:..:kV"},
    {"where": "voltage:a..b:kV"},
    {"where": "voltage:80..300:mrad"},
    {"where": "voltage:80..300:furlong"},
    {"where": "voltage:nan"},
    {"where": "voltage:inf.."},
    {"where": "colour:1..2"},
    {"q": "a\x00b"},
    {"elements": "\x00"},
    {"where": "voltage:1\x00"},
    {"page_size": "0"},
    {"page_size": "201"},
    {"page_size": "000000001999"},
    {"page_size": "-1"},
    {"page_size": "٣"},
)


@pytest.mark.parametrize("query", REFUSED, ids=str)
def test_what_cannot_be_understood_is_said(client: Any, query: dict[str, str]) -> None:
    answer = client.get("/api/v1/search/", query)
    assert answer.status_code == 400, answer.content
    assert answer.json()["detail"]
    assert answer.json()["pointer"]


INJECTIONS = (
    "'; DROP TABLE repository_deposit; --",
    "a & | ! ( ) :* <->",
    "\\",
    "%",
    "_",
    '"',
    "' OR 1=1 --",
    "😀" * 500,
)


def test_odd_words_find_nothing_and_break_nothing(found: Any, three: dict[str, str]) -> None:
    for words in INJECTIONS:
        assert found(q=words) in ([], list(reversed(three.values()))), words
        assert found(instrument=words) == []
        assert found(elements=words) == []
    assert Deposit.objects.count() == 3


def test_pages_follow_each_other(client: Any) -> None:
    ids = [publish_one(f"Number {number}") for number in range(5)]
    seen: list[str] = []
    address = "/api/v1/search/?page_size=2&q=number"
    while address:
        page = client.get(address).json()
        assert page["count"] == 5
        seen += [hit["id"] for hit in page["results"]]
        address = (page["next"] or "").removeprefix("http://testserver")
    assert seen == ids[::-1]


def test_own_deposits_come_page_by_page(client: Any) -> None:
    owner = make_user()
    ids = [make_deposit(owner).pk for _ in range(5)]
    make_deposit()
    headers = as_token(make_token(owner))
    seen: list[str] = []
    address = "/api/v1/deposits/?page_size=2"
    while address:
        page = client.get(address, headers=headers).json()
        seen += [line["id"] for line in page["results"]]
        address = (page["next"] or "").removeprefix("http://testserver")
    assert seen == ids[::-1]


GARBAGE = st.one_of(
    st.text(min_size=1, max_size=60),
    st.binary(min_size=1, max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode()),
    st.tuples(st.text(max_size=30), st.text(max_size=20)).map(
        lambda parts: urlsafe_b64encode("\x1f".join(parts).encode("utf-8", "replace")).decode()
    ),
    st.sampled_from(
        ["2020-01-01", "2020-01-01T00:00:00", "2020-13-45T00:00:00Z", "2020-01-01T00:00:00Z\x1fa\x00"]
    ).map(lambda text: urlsafe_b64encode(f"{text}\x1fx".encode()).decode()),
)


@settings(
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cursor=GARBAGE)
def test_a_cursor_that_we_did_not_give_is_refused(client: Any, cursor: str) -> None:
    answer = client.get("/api/v1/search/", {"cursor": cursor})
    assert (answer.status_code, answer.json()["pointer"]) == (400, "/cursor")


def test_no_answer_costs_more_queries_with_more_rows(
    client: Any, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    owner = make_user()
    headers = as_token(make_token(owner))
    deposit = make_deposit(owner)
    add_measurement(deposit, "0.raw")
    settle(deposit)
    dataset = publish_one("The first")
    addresses = {
        f"/api/v1/deposits/{deposit.pk}/": headers,
        f"/api/v1/deposits/{deposit.pk}/validation/": headers,
        "/api/v1/deposits/": headers,
        "/api/v1/search/": {},
        f"/api/v1/datasets/{dataset}/": {},
    }
    few = {}
    for address, sent in addresses.items():
        client.get(address, headers=sent)
        with django_assert_max_num_queries(25) as asked:
            assert client.get(address, headers=sent).status_code == 200
        few[address] = len(asked)
    for number in range(1, 6):
        add_measurement(deposit, f"{number}.raw")
        publish_one(f"Another {number}")
        make_deposit(owner)
    settle(deposit)
    big = make_deposit(title="Many measurements")
    for number in range(6):
        add_measurement(big, f"{number}.raw")
    many = publish(settle(big)).dataset_id
    for address, sent in addresses.items():
        with django_assert_num_queries(few[address]):
            client.get(address.replace(dataset, many), headers=sent)
