"""What stands behind arrays and results, with the digests of what went in: in the API, on the page, in the export."""

import json
from typing import Any

import pytest

from repository.models import DatasetVersion, Measurement, Product, Signal
from repository.schema.documents.provenance import SOFTWARE, Software
from tests.api.conftest import WebClient
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MADE_BY = Software("convert 2", "stemma", "0.1.0", COMMIT, "3.11.9", {"numpy": "2.3.5", "zarr": "3.1.3"})
NOTE = "Radii are multiples of the convergence semi-angle: 20 mrad, 1.5 mrad per pixel."


def publish_one(*, software: Software | None = MADE_BY) -> tuple[DatasetVersion, Measurement]:
    """Publish a measurement whose array and mean pattern were made by this program, from its file."""
    deposit = make_deposit()
    measurement = add_measurement(deposit)
    said: dict[str, Any] = {} if software is None else {SOFTWARE: software.as_dict()}
    Signal.objects.filter(measurement=measurement).update(statistics={"minimum": 0, **said})
    Product.objects.filter(measurement=measurement).update(
        parameters={"radii_note": NOTE, **said},
        input_digests=[measurement.primary_file.sha256],
        code_version="convert 1" if software is None else software.code_version,
    )
    return publish(settle(deposit)), measurement


@pytest.mark.django_db(transaction=True)
def test_the_interface_says_inputs_recipe_program_and_libraries(web: WebClient) -> None:
    _, measurement = publish_one()
    sha256 = measurement.primary_file.sha256
    file = {"kind": "file", "path": "scan.raw", "sha256": sha256}
    described = web.get(f"/api/v1/measurements/{measurement.pk}/").json()
    assert described["inputs"] == [file]
    (signal,) = described["signals"]
    assert signal["software"] == MADE_BY.as_dict()
    assert signal["statistics"] == {"minimum": 0}
    for product in web.get(f"/api/v1/measurements/{measurement.pk}/reductions/").json()["results"]:
        assert (product["recipe"], product["recipe_version"]) == ("mean_diffraction_pattern", 1)
        assert product["code_version"] == "stemma 0.1.0+0123456789ab"
        assert product["software"] == MADE_BY.as_dict()
        assert product["inputs"] == [file]
        assert product["parameters"] == {"radii_note": NOTE}


@pytest.mark.django_db(transaction=True)
def test_the_page_says_the_same(web: WebClient) -> None:
    version, measurement = publish_one()
    page = web.get(f"/datasets/{version.dataset_id}").text
    shown = page.split('<details class="provenance">')[1].split("</details>")[0]
    for words in (
        measurement.primary_file.sha256,
        COMMIT,
        "stemma 0.1.0",
        "convert 2",
        "Python 3.11.9, numpy 2.3.5, zarr 3.1.3",
        "Mean diffraction pattern, version 1",
        "Array “data”",
        NOTE,
    ):
        assert words in shown, words


@pytest.mark.django_db(transaction=True)
def test_the_export_names_every_digest_and_what_made_what(web: WebClient) -> None:
    version, measurement = publish_one()
    address = f"/api/v1/measurements/{measurement.pk}/exports/prov.jsonld"
    assert address in web.get(f"/datasets/{version.dataset_id}").text
    answer = web.get(address)
    assert answer.status_code == 200
    nodes = {node["@id"]: node for node in json.loads(answer.content)["@graph"]}
    (file,) = (node for node in nodes.values() if node.get("name") == "scan.raw")
    assert file["sha256"] == measurement.primary_file.sha256
    makings = [node for node in nodes.values() if node["@type"] == "prov:Activity"]
    assert {node["name"] for node in makings} == {"convert", "mean_diffraction_pattern 1"}
    for making in makings:
        assert making["used"] == [file["@id"]]
        assert nodes[making["generated"]]["wasDerivedFrom"] == [file["@id"]]
        agent = nodes[making["wasAssociatedWith"]]
        assert (agent["softwareVersion"], agent["schema:identifier"]) == ("0.1.0", COMMIT)
        required = {one["name"]: one["softwareVersion"] for one in agent["schema:softwareRequirements"]}
        assert required == {"python": "3.11.9", "numpy": "2.3.5", "zarr": "3.1.3"}
    stored = set(Product.objects.filter(measurement=measurement).values_list("sha256", flat=True))
    assert stored < {node.get("sha256") for node in nodes.values()}


@pytest.mark.django_db(transaction=True)
def test_what_is_older_says_what_is_known_of_it(web: WebClient) -> None:
    version, measurement = publish_one(software=None)
    described = web.get(f"/api/v1/measurements/{measurement.pk}/").json()
    assert described["signals"][0]["software"] is None
    assert {one["software"]["program"] for one in described["products"]} == {"convert 1"}
    page = web.get(f"/datasets/{version.dataset_id}").text
    assert "before the versions of libraries were written down" in page
    export = web.get(f"/api/v1/measurements/{measurement.pk}/exports/prov.jsonld").json()
    assert "convert 1" in {node.get("name") for node in export["@graph"]}
