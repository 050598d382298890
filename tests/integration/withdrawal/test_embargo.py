"""Data under embargo: described to everybody, given to nobody but their owners, open from the day on."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from repository.models import DatasetVersion
from tests.deposits import make_published
from tests.factories import make_user
from tests.integration.withdrawal.conftest import Web, list_byte_addresses

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stemma_home")]

END = timezone.now().date() + dt.timedelta(days=200)
ENDINGS = ("jsonld", "datacite.xml", "datacite.json", "bib")


@pytest.fixture
def version() -> DatasetVersion:
    owner = make_user("marie", full_name="Marie Curie")
    return make_published(owner, access="embargoed", embargo_until=END.isoformat())


def test_the_description_is_public_with_access_and_date(version: DatasetVersion, web: Web) -> None:
    page = web.get(f"/datasets/{version.dataset_id}")
    assert page.status_code == 200
    assert version.title in page.text
    assert END.isoformat() in page.text or f"{END:%-d %B %Y}" in page.text
    described = web.get(f"/api/v1/datasets/{version.dataset_id}/")
    assert described.status_code == 200
    assert (described.json()["access"], described.json()["embargo_until"]) == ("embargoed", END.isoformat())
    measurement = described.json()["measurements"][0]["id"]
    for address in ("", "metadata/", "findings/", "reductions/"):
        assert web.get(f"/api/v1/measurements/{measurement}/{address}").status_code == 200
    for ending in ENDINGS:
        assert web.get(f"/datasets/{version.dataset_id}.{ending}").status_code == 200
    assert END.isoformat() in web.get(f"/datasets/{version.dataset_id}.datacite.xml").text


def test_search_finds_it_and_says_how_it_is_accessed(version: DatasetVersion, web: Web) -> None:
    hit = web.get("/api/v1/search", params={"q": "MoS2"}).json()["results"][0]
    expected = (version.dataset_id, "embargoed", END.isoformat())
    assert (hit["id"], hit["access"], hit["embargo_until"]) == expected
    assert version.title in web.get("/search", params={"q": "MoS2"}).text


@pytest.mark.parametrize("page", ["/", "/search", "/datasets/{}"])
def test_no_page_shows_a_picture_of_the_data(version: DatasetVersion, web: Web, page: str) -> None:
    assert "preview.png" not in web.get(page.format(version.dataset_id)).text


def test_a_stranger_gets_no_byte_and_learns_the_date(version: DatasetVersion, web: Web, as_user: Any) -> None:
    nobody: dict[str, str] = {}
    for headers in (nobody, as_user(make_user("pierre"))):
        for address in list_byte_addresses(version):
            answer = web.get(address, headers=headers)
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (403, "embargoed"), address
            assert END.isoformat() in problem["detail"]
            assert "public" not in answer.headers.get("cache-control", "")
            assert web.head(address, headers=headers).status_code == 403


def test_owners_and_curators_get_everything_for_themselves(
    version: DatasetVersion, web: Web, as_user: Any
) -> None:
    owner = version.dataset.deposit.owner
    for headers in (as_user(owner), as_user(make_user("irene", role="curator"))):
        for address in list_byte_addresses(version):
            answer = web.get(address, headers=headers)
            assert answer.status_code == 200, address
            assert answer.headers["cache-control"].startswith("private"), address


def test_the_data_open_on_the_day_without_a_write(
    version: DatasetVersion, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = DatasetVersion.objects.values().get(pk=version.pk)
    eve = dt.datetime.combine(END, dt.time(), dt.UTC) - dt.timedelta(seconds=1)
    monkeypatch.setattr("repository.selectors.access.timezone.now", lambda: eve)
    assert {web.get(address).status_code for address in list_byte_addresses(version)} == {403}
    monkeypatch.setattr("repository.selectors.access.timezone.now", lambda: eve + dt.timedelta(seconds=1))
    for address in list_byte_addresses(version):
        assert web.get(address).status_code == 200, address
    for page in ("/search", f"/datasets/{version.dataset_id}"):
        assert "preview.png" in web.get(page).text
    assert web.get("/api/v1/search").json()["results"][0]["access"] == "open"
    assert web.get(f"/api/v1/datasets/{version.dataset_id}/").json()["access"] == "open"
    assert DatasetVersion.objects.values().get(pk=version.pk) == before


def test_restricted_data_name_no_date(web: Web) -> None:
    version = make_published(access="restricted")
    answer = web.get(list_byte_addresses(version)[0])
    assert (answer.status_code, answer.json()["code"]) == (403, "embargoed")
    assert "restricted" in answer.json()["detail"]
