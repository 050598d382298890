"""Corrections after publishing, over HTTP and on the pages: preview, revision, history, any revision by number."""

import json
import re
from typing import Any

import pytest

from repository.models import DatasetVersion, Deposit, MetadataRevision
from repository.services.publishing import start_new_version
from repository.services.withdrawal import withdraw_version
from tests.api.conftest import WebClient, as_token, make_token
from tests.deposits import add_measurement, make_published, publish, settle
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]
ADDRESS = "/api/v1/datasets/{}/versions/1/revisions/"
VOLTAGE = {"measurements": {"scan.raw": {"acceleration_voltage": "200 kV"}}}


def test_a_correction_over_http(web: WebClient) -> None:
    version = make_published()
    headers = as_token(make_token(version.published_by))
    address = ADDRESS.format(version.dataset_id)
    measurement = version.measurements.get().measurement_id
    empty = web.get(address)
    assert (empty.json()["newest"], empty.headers["etag"]) == (0, '"r0"')

    body: dict[str, Any] = {"metadata": {"dataset": {"title": "The right title"}, **VOLTAGE}}
    preview = web.post(address, json={**body, "dry_run": True}, headers=headers)
    assert preview.status_code == 200, preview.text
    told = preview.json()
    assert (told["revision"], told["is_made"]) == (1, False)
    assert [(one["field"], one["old_text"], one["new_text"]) for one in told["changes"]] == [
        ("title", version.title, "The right title"),
        ("acceleration_voltage", "80 kV", "200 kV"),
    ]
    assert [one["code"] for one in told["obstacles"]] == ["header_conflict"]
    assert not MetadataRevision.objects.exists()

    refused = web.post(address, json={**body, "reason": "Typo."}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_publishable")
    body["accept_warnings"] = [{"code": "header_conflict", "note": "The header is of the last session."}]
    unreasoned = web.post(address, json=body, headers=headers)
    assert (unreasoned.status_code, unreasoned.json()["pointer"]) == (422, "/reason")
    made = web.post(address, json={**body, "reason": "Typo."}, headers={**headers, "If-Match": '"r0"'})
    assert (made.status_code, made.json()["revision"], made.headers["etag"]) == (201, 1, '"r1"'), made.text

    check_refusals(web, address, headers, measurement, body)
    (line,) = web.get(address).json()["results"]
    assert (line["number"], line["reason"]) == (1, "Typo.")
    assert line["made_by"] in {version.published_by.full_name, version.published_by.username}
    check_readers(web, version, measurement)
    withdraw_version(dataset_id=version.dataset_id, number=1, actor=version.published_by, reason="Wrong.")
    gone = web.post(address, json={**body, "reason": "Typo."}, headers=headers)
    assert (gone.status_code, gone.json()["code"]) == (410, "withdrawn")
    assert web.get(address).json()["newest"] == 1


def check_refusals(
    web: WebClient, address: str, headers: dict[str, str], measurement: str, body: dict[str, Any]
) -> None:
    # Two at once: the second hears what the first changed.
    late = web.post(
        address,
        json={"metadata": {"dataset": {"title": "Other"}}, "reason": "Mine."},
        headers={**headers, "If-Match": '"r0"'},
    )
    assert (late.status_code, late.json()["code"]) == (412, "revision_conflict")
    assert late.json()["current"]["etag"] == '"r1"'
    assert "/metadata/dataset/title" in {one["pointer"] for one in late.json()["changes"]}

    again = web.post(address, json={**body, "reason": "Typo."}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (422, "revision_changes_nothing")
    reading = web.post(
        address,
        json={"metadata": {"measurements": {measurement: {"scan_shape": [8, 8]}}}, "reason": "Shape."},
        headers=headers,
    )
    assert (reading.status_code, reading.json()["code"]) == (422, "revision_needs_version")
    assert "scan.raw" in reading.json()["detail"]
    assert "new-version" in reading.json()["hint"]


def check_readers(web: WebClient, version: DatasetVersion, measurement: str) -> None:
    for path, words in (
        (f"/api/v1/datasets/{version.dataset_id}/", ("title",)),
        (f"/api/v1/datasets/{version.dataset_id}/versions/1/", ("title",)),
    ):
        newest, first = web.get(path).json(), web.get(f"{path}?revision=0").json()
        assert [newest[word] for word in words] != [first[word] for word in words]
        assert (newest["revision"], first["revision"], first["newest_revision"]) == (1, 0, 1)
    metadata = f"/api/v1/measurements/{measurement}/metadata/"
    assert web.get(metadata).json()["metadata"]["acceleration_voltage"]["value"] == 200
    assert web.get(f"{metadata}?revision=0").json()["metadata"]["acceleration_voltage"]["value"] == 80
    export = f"/datasets/{version.dataset_id}.jsonld"
    assert "The right title" in web.get(export).text
    assert version.title in web.get(f"{export}?revision=0").text
    for missing in (
        f"/api/v1/datasets/{version.dataset_id}/?revision=2",
        f"/datasets/{version.dataset_id}?revision=2",
        f"{export}?revision=2",
        f"{metadata}?revision=2",
        f"{metadata}?revision=newest",
        f"/api/v1/measurements/{measurement}/?revision=9999999999",
    ):
        answer = web.get(missing)
        assert answer.status_code == 404, missing
        assert "revision" in answer.text, missing


def test_a_draft_has_no_revisions(web: WebClient) -> None:
    version = make_published()
    deposit = start_new_version(deposit_id=version.dataset_id, actor=version.published_by)
    measurement = add_measurement(deposit, "more.raw")
    answer = web.get(
        f"/api/v1/measurements/{measurement.pk}/metadata/?revision=0",
        headers=as_token(make_token(version.published_by)),
    )
    assert (answer.status_code, "not published" in answer.json()["detail"]) == (404, True)


@pytest.fixture
def two() -> DatasetVersion:
    """Return a version with two measurements."""
    deposit: Deposit = make_deposit(make_user())
    add_measurement(deposit)
    add_measurement(deposit, "other.raw")
    return publish(settle(deposit))


def test_closed_lists_are_chosen_from_and_keep_what_stands_there(client: Any, two: DatasetVersion) -> None:
    """Nobody has to know how a term is spelled; a page that is sent as it came changes nothing."""
    client.force_login(two.published_by)
    address = f"/datasets/{two.dataset_id}/correct?version=1"
    page = client.get(address).content.decode()
    for name, chosen in (("value.level", "raw"), ("value.origin", "measured")):
        (select,) = re.findall(rf'<select[^>]* name="{name}"[^>]*>(.*?)</select>', page, re.DOTALL)
        assert re.findall(r'value="([^"]*)" selected', select) == [chosen]
        assert 'value="not recorded"' in select
    (relations,) = re.findall(
        r'<select name="dataset.related_identifiers.0.relation".*?</select>', page, re.DOTALL
    )
    assert 'value="IsSupplementTo"' in relations
    typed = {"base": "0", "measurement": two.content["measurements"][0]["id"]}
    preview = client.post(address, {**typed, "value.level": "counted"}).content.decode()
    assert re.findall("<(?:ins|del)>(.*?)</", preview) == ["As the detector gave it", "Electrons counted"]


def test_the_page_previews_a_correction_makes_it_and_tells_readers(client: Any, two: DatasetVersion) -> None:
    page = f"/datasets/{two.dataset_id}/correct?version=1"
    assert client.get(page).status_code == 302
    client.force_login(two.published_by)
    first = client.get(page).content.decode()
    assert 'name="value.acceleration_voltage" value="80 kV"' in first
    assert "access" not in {part.split('"')[0] for part in first.split('name="dataset.')[1:]}
    chosen = two.content["measurements"][0]["id"]
    typed = {
        "base": "0",
        "measurement": chosen,
        "dataset.title": "The right title",
        "dataset.creators.0.affiliation": "Institute of Beams",
        "for_all": "yes",
        "value.acceleration_voltage": "200 kV",
        "more_field": "notes",
        "more_value": "Cold stage.",
    }
    wrong = client.post(page, {**typed, "value.acceleration_voltage": "200 nm"})
    assert wrong.status_code == 422
    assert 'value="200 nm"' in wrong.content.decode()
    preview = client.post(page, typed)
    shown = preview.content.decode()
    assert preview.status_code == 200
    assert shown.count("<ins>200 kV</ins>") == 2
    assert "<del>80 kV</del>" in shown
    assert 'name="accept" value="header_conflict"' in shown
    assert not MetadataRevision.objects.exists()
    refused = client.post(page, {**typed, "make": "yes", "reason": "Wrong gun."})
    assert (refused.status_code, "Institute of Beams" in refused.content.decode()) == (422, True)
    made = client.post(page, {**typed, "make": "yes", "reason": "Wrong gun.", "accept": "header_conflict"})
    assert (made.status_code, made["Location"]) == (302, f"/datasets/{two.dataset_id}/revisions?version=1")
    stale = client.post(page, {**typed, "dataset.title": "Mine"})
    assert (stale.status_code, 'value="Mine"' in stale.content.decode()) == (412, True)

    client.logout()
    landing = client.get(f"/datasets/{two.dataset_id}").content.decode()
    assert "The right title" in landing
    assert "revision 1" in landing
    assert json.dumps("The right title") in landing
    history = client.get(made["Location"]).content.decode()
    for words in ("Wrong gun.", "Institute of Beams", "<del>80 kV</del>", "other.raw", "As published"):
        assert words in history
    former = client.get(f"/datasets/{two.dataset_id}?revision=0").content.decode()
    assert two.title in former
    assert "was corrected since" in former
    assert f"/datasets/{two.dataset_id}.jsonld?revision=0" in former
