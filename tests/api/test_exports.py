"""An export is one file: dropped into the folder it has its address, links, negotiation and documentation."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from api.v1.exports import document_path
from repository.exports.registry import (
    get_registry,
    list_dataset_exports,
    list_exports,
    list_measurement_exports,
)
from repository.models import ArrayObject, DatasetVersion, Measurement, Product
from repository.services.storage import get_object_store
from tests.api import test_permission_matrix as matrix
from tests.api import test_walk as walk
from tests.api.conftest import WebClient
from tests.api.test_foreign_reads import is_allowed
from tests.api.worlds import ASKED_STATES, World, build_world, gather_people
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit, store_bytes
from tests.toy_export import OF_ARRAYS, OF_DATASET, OF_PRODUCT, TOYS, exports_from

ENDINGS = {"toy.txt", "toy.json", "toy.bin", "toy.npy"}
BARE = (
    re.sub(r"    yield json.*\n", "", OF_ARRAYS).replace("toy.bin", "bare.bin").replace('yield f"', 'f"')
)  # its first byte is a stored one


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a file of each kind beside one that is broken, and one that repeats an ending."""
    broken = {"toy_broken": "EXPORT = 1 / 0\n", "toy_zzz": OF_DATASET.replace("x-toy", "x-zzz")}
    with exports_from(tmp_path / "more", monkeypatch, **TOYS, **broken):
        yield


@pytest.fixture
def world(toys: None, web: WebClient) -> World:
    """Return a published dataset."""
    return build_world("open", gather_people())


def locate(world: World, ending: str) -> str:
    return f"/api/v1/measurements/{world.words['measurement_id']}/exports/{ending}"


def test_each_file_is_found_and_bad_ones_are_named(toys: None) -> None:
    assert {export.ending for export in list_exports()} > ENDINGS
    broken, twice = get_registry().set_aside
    assert broken.startswith(
        "The export in repository/exports/toy_broken.py cannot be read: ZeroDivisionError"
    )
    assert twice.startswith("The export in repository/exports/toy_zzz.py has the ending “toy.txt”, which")
    assert "repository/exports/toy_text.py has already" in twice


def test_a_description_is_had_at_its_address_and_by_negotiation(world: World, web: WebClient) -> None:
    page = f"/datasets/{world.words['dataset_id']}"
    text = f"toy of MoS2 monolayer at 80 kV <{world.words['doi']}.v1>"
    fixed = web.get(f"{page}.toy.txt")
    assert (fixed.status_code, fixed.text) == (200, text)
    assert fixed.headers["content-type"] == "text/x-toy; charset=utf-8"
    assert fixed.headers["access-control-allow-origin"] == "*" or "origin" not in fixed.request.headers
    for accept in ("text/x-toy", "application/x-toy", "text/x-toy, text/html;q=0.5"):
        chosen = web.get(page, headers={"Accept": accept})
        assert (chosen.text, chosen.headers["content-location"]) == (text, f"{page}.toy.txt")
        led = web.get(f"/doi/{world.words['doi']}", headers={"Accept": accept})
        assert led.headers["location"] == f"{page}.toy.txt"
    assert web.get(page, headers={"Accept": "text/html"}).headers["content-type"].startswith("text/html")


def test_every_export_is_linked_for_people_and_for_programs(
    world: World, web: WebClient, settings: Any
) -> None:
    dataset, measurement = world.words["dataset_id"], world.words["measurement_id"]
    base = settings.PUBLIC_URL
    page = web.get(f"/datasets/{dataset}")
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', page.text)
    assert (
        links.count((f"/datasets/{dataset}.toy.txt", "Toy text")) == 2
    )  # among all, and beside the citation
    assert links.count((f"/datasets/{dataset}.jsonld", "schema.org")) == 1
    assert {(locate(world, ending), label) for ending, label in LABELS.items()} <= set(links)
    header = f'<{base}/datasets/{dataset}.toy.txt>; rel="describedby"; type="text/x-toy"'
    assert header in page.headers["link"]
    assert "toy.bin" not in page.headers["link"]
    of_page, *others = web.get(f"/linkset/{dataset}").json()["linkset"]
    assert {"href": f"{base}/datasets/{dataset}.toy.txt", "type": "text/x-toy"} in of_page["describedby"]
    [of_measurement] = [each for each in others if each["anchor"].endswith(f"/{measurement}/")]
    described = {"href": base + locate(world, "toy.json"), "type": "application/x-toy+json"}
    assert described in of_measurement["describedby"]
    assert [each for each in of_measurement["alternate"] if "/toy." in each["href"]] == [
        {"href": base + locate(world, "toy.bin"), "type": "application/x-toy-arrays"},
        {"href": base + locate(world, "toy.npy"), "type": "application/x-npy"},
    ]


LABELS = {"toy.json": "Toy description", "toy.bin": "Toy arrays", "toy.npy": "Toy product"}


def test_every_export_is_documented(toys: None, web: WebClient) -> None:
    page = web.get("/docs/exports").text
    listed = {one["ending"]: one for one in web.get("/api/v1/exports/").json()["results"]}
    described = web.get("/api/v1/openapi.json").json()["paths"]
    assert set(listed) == {export.ending for export in list_exports()}
    for export in list_exports():
        for word in (export.label, export.ending, export.media_type, export.specification):
            assert word in page, word
        assert listed[export.ending]["address"] == export.locate("{id}")
        operation = described[document_path(export)]["get"]
        assert operation["externalDocs"] == {"url": export.specification}
    assert "up to 1.0 MB" in page.replace("\xa0", " ")
    assert (listed["toy.bin"]["needs"], listed["toy.bin"]["most_bytes"]) == ("arrays", 1 << 20)
    assert (listed["toy.txt"]["needs"], listed["toy.txt"]["most_bytes"]) == ("metadata", None)
    answers = described["/datasets/{dataset_id}.toy.txt"]["get"]["responses"]
    assert answers["200"]["content"].keys() == answers["410"]["content"].keys() == {"text/x-toy"}
    answers = described["/api/v1/measurements/{measurement_id}/exports/toy.bin"]["get"]["responses"]
    assert answers["200"]["content"].keys() == {"application/x-toy-arrays"}
    assert "410" not in answers


def test_robots_fetch_descriptions_and_no_arrays(world: World, web: WebClient) -> None:
    robots = web.get("/robots.txt").text
    for ending, is_welcome in {"toy.json": True, "toy.bin": False, "toy.npy": False}.items():
        assert is_allowed(robots, locate(world, ending)) is is_welcome
    assert is_allowed(robots, f"/datasets/{world.words['dataset_id']}.toy.txt")


def test_arrays_are_streamed_from_what_is_stored(world: World, web: WebClient) -> None:
    signal = f"/api/v1/measurements/{world.words['measurement_id']}/signals/data/zarr"
    answer = web.get(locate(world, "toy.bin"), headers={"Origin": "https://elsewhere.test"})
    parts = [(key, web.get(f"{signal}/{key}").content) for key in ("c/0/0/0/0", "zarr.json")]
    head = b'[["data", [4, 4, 128, 128], "float32"]]\n'
    assert answer.content == head + b"".join(
        f"{key} {len(content)}\n".encode() + content for key, content in parts
    )
    assert all(content for _, content in parts)
    assert answer.headers["content-type"] == "application/x-toy-arrays"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert world.words["measurement_id"] in answer.headers["content-disposition"]
    for address in (locate(world, "toy.bin"), f"{locate(world, 'toy.bin')}/"):
        told = web.head(address)
        assert (told.status_code, told.content) == (200, b"")
        assert "content-length" not in told.headers
    refused = web.post(locate(world, "toy.bin"))
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_a_description_of_a_measurement_is_that_of_its_version(world: World, web: WebClient) -> None:
    answer = web.get(locate(world, "toy.json"))
    assert answer.headers["content-type"] == "application/x-toy+json"
    assert answer.json() == {
        "id": world.words["measurement_id"],
        "doi": f"{world.words['doi']}.v1",
        "voltage": {"value": 80, "unit": "kV", "source": "header", "basis": "nominal"},
    }


def test_what_a_job_made_is_where_the_export_leads(world: World, web: WebClient) -> None:
    led = web.get(locate(world, "toy.npy"))
    product = Product.objects.get(measurement_id=world.words["measurement_id"], kind="array")
    assert (led.status_code, led.headers["cache-control"]) == (302, "private, no-store")
    assert led.headers["location"].endswith(f"/reductions/{product.digest}/data")
    found = web.get(led.headers["location"], headers={"Range": "bytes=2-8"})
    assert (found.status_code, found.content) == (206, b"product")


def test_what_is_not_there_says_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: WebClient
) -> None:
    absent = OF_PRODUCT.replace("mean_diffraction_pattern", "no_such_output")
    with exports_from(tmp_path / "more", monkeypatch, toy_json=TOYS["toy_json"], toy_product=absent):
        world = build_world("open", gather_people())
        known = [export.ending for export in list_measurement_exports()]
        assert {"toy.json", "toy.npy"} < set(known)
        unknown = web.get(locate(world, "docx"))
        assert (unknown.status_code, unknown.json()["hint"]) == (
            404,
            f"Known are: {', '.join(known)}; /docs/exports says more.",
        )
        unmade = web.get(locate(world, "toy.npy"))
        assert (unmade.status_code, unmade.json()["code"]) == (404, "not_found")
        assert "no_such_output" in unmade.json()["detail"]
        assert "/docs/recipes" in unmade.json()["hint"]


def test_too_large_a_measurement_is_refused_before_the_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: WebClient
) -> None:
    small = OF_ARRAYS.replace("1 << 20", "3")
    with exports_from(tmp_path / "more", monkeypatch, toy_arrays=small):
        world = build_world("open", gather_people())
        for method in ("GET", "HEAD"):
            answer = web.request(method, locate(world, "toy.bin"))
            assert answer.status_code == 422
        problem = web.get(locate(world, "toy.bin")).json()
        assert problem["code"] == "export_too_large"
        assert world.words["measurement_id"] in problem["detail"]
        assert "Zarr" in problem["hint"]


@pytest.mark.parametrize("ending", ["toy.bin", "bare.bin"])
def test_a_damaged_part_is_never_the_end_of_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: WebClient, ending: str
) -> None:
    """Where bytes were sent already the stream breaks off; from then on it is refused, as where none were."""
    with exports_from(tmp_path / "more", monkeypatch, toy_arrays=OF_ARRAYS, bare_arrays=BARE):
        measurement, digest = publish_one_part(f"part for {ending} at {tmp_path}".encode())
        address = f"/api/v1/measurements/{measurement.pk}/exports/{ending}"
        assert web.get(address).content.endswith(f"{tmp_path}".encode())
        object_path = get_object_store().path_of(digest)
        object_path.chmod(0o644)
        object_path.write_bytes(object_path.read_bytes()[::-1])
        first, second = web.get(address), web.get(address)
        if ending == "toy.bin":
            assert first.content.endswith(b"\n"), "no byte of the part"
        else:
            assert (first.status_code, first.json()["code"]) == (500, "damaged")
        assert (second.status_code, second.json()["code"]) == (500, "damaged")


def publish_one_part(content: bytes) -> tuple[Measurement, str]:
    """Return a published measurement whose array is one object with these bytes."""
    deposit = make_deposit()
    measurement = add_measurement(deposit)
    ArrayObject.objects.filter(signal__measurement=measurement, kind="primary").delete()
    digest, size = store_bytes(content)
    ArrayObject.objects.create(
        signal=measurement.signals.get(), kind="primary", key="c/0", size=size, sha256=digest
    )
    publish(settle(deposit))
    return measurement, digest


@pytest.mark.parametrize("state", ASKED_STATES)
def test_who_may_follows_from_the_kind(
    toys: None, web: WebClient, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    exports = [export for export in list_exports() if export.ending in ENDINGS]
    kept = matrix.MAY_BE_KEPT | {document_path(export) for export in exports}
    monkeypatch.setattr(matrix, "MAY_BE_KEPT", kept)
    of_pages = [export for export in exports if export.about == "dataset"]
    of_api = [export for export in exports if export.about == "measurement"]
    wrong = matrix.ask_all(web, state, matrix.list_export_lines(of_api), by_session=False)
    wrong += matrix.ask_all(web, state, matrix.list_export_lines(of_pages), by_session=True)
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("state", ["draft", "embargoed"])
def test_nobody_else_finds_a_word_in_an_export(toys: None, web: WebClient, state: str) -> None:
    secrets = walk.build_secrets(state)
    visitors = walk.list_visitors(secrets)
    leaks = []
    for export in list_exports():
        address = export.locate(secrets.words[f"{export.about}_id"])
        for visitor, headers in visitors.items():
            web.cookies.clear()
            found = walk.find_leaks(secrets, address, web.get(address, headers=headers))
            leaks += [f"{address} tells {visitor} {leak}" for leak in found]
    web.cookies.clear()
    assert leaks == []


def test_an_embargo_hides_links_to_arrays_and_keeps_those_to_descriptions(toys: None, web: WebClient) -> None:
    people = gather_people()
    world = build_world("embargoed", people)
    page = f"/datasets/{world.words['dataset_id']}"
    told = web.get(page).text
    assert locate(world, "toy.json") in told
    assert locate(world, "toy.bin") not in told
    web.cookies.set("sessionid", people.sessions["owner"])
    assert locate(world, "toy.bin") in web.get(page).text
    web.cookies.clear()


def test_a_withdrawn_measurement_keeps_its_descriptions_alone(world: World, web: WebClient) -> None:
    DatasetVersion.objects.filter(dataset_id=world.words["dataset_id"]).update(
        state="withdrawn", withdrawn_at=timezone.now(), withdrawal_reason="The wrong sample."
    )
    tombstone = web.get(locate(world, "toy.json"))
    assert (tombstone.status_code, tombstone.json()["id"]) == (410, world.words["measurement_id"])
    gone = web.get(locate(world, "toy.bin"))
    assert (gone.status_code, gone.json()["code"]) == (410, "withdrawn")
    kept = web.get(f"/datasets/{world.words['dataset_id']}.toy.txt")
    assert (kept.status_code, kept.text[:6]) == (410, "toy of")


def test_the_exports_of_ours_are_written_as_before(web: WebClient) -> None:
    """Addresses, media types and order are promised to other programs."""
    world = build_world("open", gather_people())
    dataset = world.words["dataset_id"]
    promised = {
        "jsonld": ("application/ld+json", "application/vnd.schemaorg.ld+json"),
        "datacite.xml": ("application/vnd.datacite.datacite+xml",),
        "datacite.json": ("application/vnd.datacite.datacite+json",),
        "bib": ("application/x-bibtex", "text/x-bibtex"),
    }
    assert [export.ending for export in list_dataset_exports()] == list(promised)
    for ending, names in promised.items():
        answer = web.get(f"/datasets/{dataset}.{ending}")
        assert answer.headers["content-type"] == f"{names[0]}; charset=utf-8"
        for name in names:
            assert web.get(f"/datasets/{dataset}", headers={"Accept": name}).content == answer.content
        if "json" in ending:
            assert json.loads(answer.content)
    header = web.get(f"/datasets/{dataset}").headers["link"]
    assert re.findall(r'/datasets/[^.>]+\.([^>]+)>; rel="describedby"', header) == list(promised)
