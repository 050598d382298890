"""What programs elsewhere meet: one cross-origin header, negotiated formats, addresses that crawlers may follow."""

import json
import re
import urllib.robotparser
from typing import Any
from urllib.parse import urlsplit

import pytest

from repository.exports.registry import list_dataset_exports, list_exports
from tests.api.conftest import WebClient
from tests.api.test_permission_matrix import API_LINES, PAGE_LINES, fill
from tests.api.worlds import World, build_world, gather_people

SHARED = ("/api/", "/datasets/", "/doi/", "/linkset/", "/sitemap.xml", "/robots.txt")
FOREIGN = {"Origin": "https://elsewhere.test"}


@pytest.fixture
def world(web: WebClient) -> World:
    """Return a published dataset."""
    return build_world("open", gather_people())


def test_cross_origin_headers_stand_once_where_programs_read(web: WebClient, world: World) -> None:
    lines = [line for line in (*API_LINES, *PAGE_LINES) if line.method == "GET"]
    addresses = {fill(line, world) for line in lines}
    dataset = world.words["dataset_id"]
    addresses |= {"/datasets/zzzz-zzzz", "/api/v1/none", "/doi/10.5072/none", f"/datasets/{dataset}.none"}
    wrong = {}
    for address in addresses:
        answer = web.get(address, headers=FOREIGN)
        found = answer.headers.get_list("access-control-allow-origin")
        exposed = answer.headers.get_list("access-control-expose-headers")
        is_shared = address.startswith(SHARED)
        if found != ["*"] * is_shared or len(exposed) != is_shared:
            wrong[address] = (found, exposed)
        assert "access-control-allow-credentials" not in answer.headers
    assert wrong == {}


def test_a_dataset_is_had_in_the_format_that_weighs_most(web: WebClient, world: World) -> None:
    page = f"/datasets/{world.words['dataset_id']}"
    jsonld, bibtex = (each.media_type for each in list_dataset_exports() if each.ending in {"jsonld", "bib"})
    for accept, media_type in {
        "*/*": "text/html",
        f"text/html;q=0.3, {jsonld};q=0.9": jsonld,
        f"{jsonld};q=0.3, text/html;q=0.9": "text/html",
        f"{jsonld};q=0, {bibtex};q=0.1": bibtex,
        "application/vnd.schemaorg.ld+json": jsonld,
    }.items():
        for method in ("GET", "HEAD"):
            answer = web.request(method, page, headers={"Accept": accept})
            assert answer.status_code == 200, accept
            assert answer.headers["content-type"].split(";")[0] == media_type, accept
            assert "accept" in answer.headers["vary"].lower()
        led = web.get(f"/doi/{world.words['doi']}.v1", headers={"Accept": accept})
        assert "accept" in led.headers["vary"].lower()
        there = web.get(led.headers["location"], headers={"Accept": accept})
        assert there.headers["content-type"].split(";")[0] == media_type, accept
    found = web.get(f"{page}?version=1", headers={"Accept": jsonld})
    assert found.headers["content-location"] == f"{page}.jsonld?version=1"
    assert found.content == web.get(found.headers["content-location"]).content


def test_what_excludes_everything_is_told_what_there_is(web: WebClient, world: World) -> None:
    for address in (f"/datasets/{world.words['dataset_id']}", f"/doi/{world.words['doi']}"):
        answer = web.get(address, headers={"Accept": "application/pdf"})
        assert answer.status_code == 406
        assert "application/ld+json" in answer.text
        assert answer.headers["cache-control"] == "private, no-store"
        assert "accept" in answer.headers["vary"].lower()


def test_a_fixed_address_ignores_what_is_accepted(web: WebClient, world: World) -> None:
    for export in list_dataset_exports():
        address = export.locate(world.words["dataset_id"])
        answer = web.get(address, headers={"Accept": "text/html"})
        assert answer.headers["content-type"].split(";")[0] == export.media_type


def is_allowed(robots: str, address: str) -> bool:
    """Return whether the longest matching rule allows an address, as RFC 9309 says."""
    rules = re.findall(r"^(Allow|Disallow): (\S+)$", robots, re.MULTILINE)
    matching = [
        (len(path), kind == "Allow")
        for kind, path in rules
        if re.match(re.escape(path).replace(r"\*", ".*"), address)
    ]
    return max(matching, default=(0, True))[1]


def find_own_addresses(value: Any, base: str) -> set[str]:
    return {urlsplit(found).path for found in re.findall(rf'{re.escape(base)}[^"\s<>{{}};]*', value)}


def test_robots_may_follow_what_an_export_names(web: WebClient, world: World, settings: Any) -> None:
    robots = web.get("/robots.txt").text
    older = urllib.robotparser.RobotFileParser()
    older.parse(robots.splitlines())
    dataset = world.words["dataset_id"]
    texts = [web.get(export.locate(dataset)).text for export in list_dataset_exports()]
    texts += [web.get(f"/linkset/{dataset}").text, web.get("/sitemap.xml").text]
    texts += [web.get(f"/datasets/{dataset}").headers["link"]]
    named = set().union(*(find_own_addresses(text, settings.PUBLIC_URL) for text in texts))
    assert any("/files/" in address for address in named)
    assert any("/schemas/" in address for address in named)
    streamed = tuple(export.ending for export in list_exports() if export.needs == "arrays")
    for address in named:
        if streamed and address.endswith(streamed):
            assert not is_allowed(robots, address), address
            continue
        assert is_allowed(robots, address), address
        assert older.can_fetch("*", address), address
    for address in ("/deposits/7q2m-x4dn", "/api/v1/deposits/", "/accounts/login/", "/admin/"):
        assert not is_allowed(robots, address), address
        assert not older.can_fetch("*", address), address
    assert not is_allowed(robots, f"/api/v1/datasets/{dataset}/zip")


@pytest.mark.parametrize("origin", ["simulated", "augmented"])
def test_a_simulation_is_none_of_a_microscopes(web: WebClient, origin: str) -> None:
    from tests.deposits import add_measurement, publish, settle
    from tests.factories import make_deposit

    deposit = make_deposit(creators=[{"name": "Slow Electron Consortium", "affiliation_ror": "05dxps055"}])
    add_measurement(
        deposit,
        origin=origin,
        acquired_at="2026-01-05",
        instrument={"name": {"value": "Model Titan", "source": "depositor"}},
        simulation={"code": "abTEM", "parameters": "8 slices"},
    )
    settle(deposit)
    publish(deposit)
    base = f"/datasets/{deposit.pk}"
    page = web.get(base).text
    texts = {each.ending: web.get(each.locate(deposit.pk)).text for each in list_dataset_exports()}
    texts["html"] = page
    for ending, text in texts.items():
        assert ("imulated" if origin == "simulated" else "rocessed") in text, ending
        for word in ("Acquisition", "IsCollectedBy", "Collected", '"header"'):
            assert word not in text or ending == "html", (ending, word)
    [creator] = json.loads(texts["datacite.json"])["creators"]
    assert (creator["nameType"], creator["nameIdentifiers"][0]["nameIdentifierScheme"]) == (
        "Organizational",
        "ROR",
    )
    assert json.loads(texts["jsonld"])["creator"][0]["@type"] == "Organization"
    assert "author = {{Slow Electron Consortium}}" in texts["bib"]
