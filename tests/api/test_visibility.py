"""A grant and an embargo of descriptions, put in for a test: every address follows, and no other code knows of them.

What is expected is made of the permission matrix: whoever carries a grant sees one deposit as a curator does, changes
nothing, and is a stranger everywhere else; a version that is kept back is to a stranger what a draft is.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from repository.models import Deposit
from repository.services.deposits import update_deposit
from repository.services.publishing import start_new_version
from tests.api import test_permission_matrix as matrix
from tests.api.conftest import WebClient
from tests.api.lines import Line
from tests.api.worlds import ASKED_STATES, World, build_world, gather_people
from tests.deposits import make_published, publish, settle
from tests.toy_grant import TOY, carry, grants_from, keep_back_what_is_embargoed, make_link

LISTS = ("/", "/search", "/sitemap.xml", "/api/v1/search/", "/api/v1/datasets/")
UNKNOWN = ("", "toy:", "toy:none", "none:key", "key", "toy:key\x00", "........toy:key")


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a kind of grants beside one that is broken, and one that repeats its name."""
    with grants_from(tmp_path / "more", monkeypatch, toy=TOY, toy_broken="KIND = 1 / 0\n", toy_twice=TOY):
        yield


@pytest.fixture
def kept_back(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_back_what_is_embargoed(monkeypatch)


def ask(web: WebClient, line: Line, world: World, role: str, cookies: dict[str, str]) -> Any:
    """Put a question of the matrix as somebody, who also carries these cookies."""
    request = matrix.build_request(line, world)
    web.cookies.clear()
    for name, value in cookies.items():
        web.cookies.set(name, value)
    if line in matrix.PAGE_LINES and role in world.people.sessions:
        web.cookies.set(settings.SESSION_COOKIE_NAME, world.people.sessions[role])
    else:
        request["headers"] = {**request.get("headers", {}), **world.people.headers[role]}
    answer = web.request(line.method, matrix.fill(line, world), **request)
    web.cookies.clear()
    return answer


def list_lines(state: str) -> list[Line]:
    return [line for line in (*matrix.API_LINES, *matrix.PAGE_LINES) if state in line.states]


def is_about_one(line: Line) -> bool:
    """Return whether the question names the world's deposit: by an id, or as an upload does in a header."""
    words = ("deposit_id", "dataset_id", "measurement_id", "job_id", "upload_id", "doi")
    return line.route == "/api/v1/uploads" or any(f"{{{word}}}" in line.route for word in words)


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("state", ASKED_STATES)
def test_a_grant_opens_one_deposit_everywhere_and_nothing_else(web: WebClient, state: str) -> None:
    people = gather_people()
    granted, other = build_world(state, people), build_world(state, people)
    make_link(granted.words["deposit_id"], "key")
    wrong = []
    for line in list_lines(state):
        for world in (granted, other):
            stranger = ask(web, line, world, "stranger", {})
            bearer = ask(web, line, world, "stranger", carry("none", "key"))
            opens = world is granted and is_about_one(line)
            if line.method in matrix.CHANGES:
                expected = {*line.expected["stranger"], *([403] if opens else [])}
            elif opens:
                expected = set(line.expected["curator"])
            else:  # what nobody opened is not there, or not theirs, as for somebody with an account
                refusals = {status for status in line.expected["other"] if status in {403, 404}}
                expected = set(line.expected["stranger"]) | refusals
            if line.method == "HEAD" and opens:
                expected = {403}  # a transfer is for who sends it
            if bearer.status_code not in expected:
                wrong.append(f"{line.method} {line.route}: {bearer.status_code}, not {expected}")
            wrong += [f"{line.route}: {leak}" for leak in matrix.find_leaks(line, stranger, bearer)]
    assert wrong == []


@pytest.mark.usefixtures("toy")
def test_a_key_that_opens_nothing_says_nothing(web: WebClient) -> None:
    people = gather_people()
    world = build_world("ready", people)
    make_link(world.words["deposit_id"], "key")
    address = f"/api/v1/measurements/{world.words['measurement_id']}/"
    assert web.get(address, headers={"Cookie": "stemma_grants=toy:key"}).status_code == 200
    for keys in UNKNOWN:
        assert web.get(address, headers={"Cookie": f"stemma_grants={keys}"}).status_code in {404, 400}, keys
        for page in ("/deposits/", f"/deposits/{world.words['deposit_id']}"):
            assert web.get(page, headers={"Cookie": f"stemma_grants={keys}"}).status_code in {302, 400}, keys


@pytest.mark.usefixtures("toy")
def test_a_grant_beside_an_account_takes_nothing_away(web: WebClient) -> None:
    people = gather_people()
    own, granted = build_world("ready", people), build_world("ready", people)
    Deposit.objects.filter(pk=granted.words["deposit_id"]).update(owner=people.users["other"])
    Deposit.objects.get(pk=granted.words["deposit_id"]).memberships.all().delete()
    make_link(granted.words["deposit_id"], "key")
    for words, cookies, status in (
        (own.words, {}, 200),
        (own.words, carry("key"), 200),
        (granted.words, {}, 404),
        (granted.words, carry("key"), 200),
    ):
        for address in (
            f"/api/v1/deposits/{words['deposit_id']}/",
            f"/api/v1/measurements/{words['measurement_id']}/signals/data/zarr/zarr.json",
        ):
            said = "; ".join(f"{name}={value}" for name, value in cookies.items())
            for role in ("owner", "reader"):
                headers = {**people.headers[role], **({"Cookie": said} if said else {})}
                answer = web.get(address, headers=headers)
                assert answer.status_code == status, (address, role, cookies)
                assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.long
@pytest.mark.usefixtures("toy", "kept_back")
def test_a_description_that_is_kept_back_is_there_for_whom_it_is_open_to(web: WebClient) -> None:
    """To a stranger it is a draft; to all others, and to who carries a grant, what it was."""
    people = gather_people()
    world = build_world("embargoed", people)
    make_link(world.words["deposit_id"], "key")
    of_draft = {(line.method, line.route): line.expected for line in list_lines("ready")}
    wrong = []
    for line in list_lines("embargoed"):
        told = ask(web, line, world, "stranger", {})
        for role, as_it_was in line.expected.items():
            expected = as_it_was
            is_page = line in matrix.PAGE_LINES
            is_strange = role in {"stranger", "other"} or (is_page and role == "reader")
            if line.method in matrix.CHANGES and not is_strange:
                continue  # it is what it was, and would change what is asked next
            if is_strange and is_about_one(line):
                expected = of_draft[line.method, line.route][role]
            answer = ask(web, line, world, role, {})
            if answer.status_code not in expected:
                wrong.append(f"{line.method} {line.route} {role}: {answer.status_code}, not {set(expected)}")
            wrong += [f"{line.route} {role}: {leak}" for leak in matrix.find_leaks(line, told, answer)]
        if line.method == "GET":
            bearer = ask(web, line, world, "stranger", carry("key"))
            if bearer.status_code not in line.expected["curator" if is_about_one(line) else "stranger"]:
                wrong.append(f"{line.route} with a grant: {bearer.status_code}")
            wrong += [f"{line.route} with a grant: {leak}" for leak in matrix.find_leaks(line, told, bearer)]
    assert wrong == []


@pytest.mark.usefixtures("toy", "kept_back")
def test_search_lists_and_counts_are_the_visitors(web: WebClient) -> None:
    people = gather_people()
    world = build_world("embargoed", people)
    shown = make_published(title="Shown to everybody")
    make_link(world.words["deposit_id"], "key")
    hidden = world.words["dataset_id"]
    for address in LISTS:
        told = web.get(address)
        assert hidden not in told.text, address
        assert shown.dataset_id in told.text, address
    bearer = {"Cookie": "stemma_grants=toy:key"}
    strangers: tuple[dict[str, str], ...] = ({}, people.headers["other"])
    for headers in (*strangers, people.headers["owner"], bearer):
        n = 1 if headers in strangers else 2
        found = web.get("/api/v1/search/", headers=headers).json()
        assert (found["count"], len(found["results"])) == (n, n)
        counts = {name: [value["count"] for value in values] for name, values in found["facets"].items()}
        assert counts["elements"] == [n, n], counts
        assert (counts["license"], counts["format"]) == ([n], [n])
        assert web.get("/api/v1/search/", params={"q": hidden}, headers=headers).json()["count"] == n - 1
        assert web.get("/api/v1/datasets/", headers=headers).json()["count"] == n
    page = web.get("/search", headers=bearer)
    assert hidden in page.text
    assert page.headers["cache-control"] == "private, no-store"


@pytest.mark.usefixtures("kept_back")
def test_neighbours_that_are_kept_back_are_not_named(web: WebClient) -> None:
    """A dataset whose second version is hidden has one version, and its DOI leads there."""
    people = gather_people()
    world = build_world("open", people)
    deposit = Deposit.objects.get(pk=world.words["deposit_id"])
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    patch = {"dataset": {"title": "Kept back", "access": "embargoed", "embargo_until": "2999-01-01"}}
    update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch=patch)
    deposit.refresh_from_db()
    publish(settle(deposit))
    page = f"/datasets/{deposit.pk}"
    addresses = [page, f"{page}.jsonld", f"{page}.datacite.json", f"/linkset/{deposit.pk}", f"/api/v1{page}/"]
    for address in addresses:
        told = web.get(address)
        assert told.status_code == 200, address
        assert f"{deposit.pk}.v2" not in told.text, address
        assert "Kept back" not in told.text, address
        assert told.headers["cache-control"] == "public, no-cache", address
    assert [each["number"] for each in web.get(f"/api/v1{page}/").json()["versions"]] == [1]
    assert web.get(f"/api/v1{page}/versions/2/").status_code == 404
    assert web.get(f"/doi/10.5072/{deposit.pk}.v2").status_code == 404
    owner = web.get(f"/api/v1{page}/", headers=people.headers["owner"])
    assert [each["number"] for each in owner.json()["versions"]] == [2, 1]
    assert owner.headers["cache-control"] == "private, no-store"
    first = web.get(f"/api/v1{page}/versions/1/", headers=people.headers["owner"])
    assert first.headers["cache-control"] == "private, no-store", "it names the other one"
