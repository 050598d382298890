"""A second version of the schema: drafts move to it, what is published stays under its own and can be read in both."""

import json
from typing import Any

import httpx
import pytest
from django.core.management import call_command

from repository.models import AuditEvent, DatasetVersion, Deposit
from repository.models import Measurement as MeasurementRow
from repository.schema.checks.conformance import list_deviations
from repository.schema.versions.in_force import (
    FIRST_VERSION,
    RELEASES,
    VERSION_IN_FORCE,
    is_released,
    list_versions,
)
from repository.selectors.conformance import list_deviating_documents
from repository.services.publishing import start_new_version
from repository.services.schema_moves import move_drafts
from repository.services.succession import discard_new_version, replace_corrected
from stemma.connection import Connection
from stemma.records import Dataset, Measurement, open_record
from tests.api.bridge import Bridge
from tests.api.conftest import WebClient, as_token, make_token
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit
from tests.schema_steps import (
    FORMER,
    FORMER_OF_DATASET,
    PRESENT,
    PRESENT_OF_DATASET,
    rehearsing,
    written_under_the_first,
)

SCHEMAS = "/api/v1/schemas/stem/"
SAID = "Lorentz, first mode"
OF_DATASET = "en"
TOLD = [
    {"pointer": f"/dataset/{FORMER_OF_DATASET}", "change": f"moved to /{PRESENT_OF_DATASET}"},
    {"pointer": f"/defaults/{FORMER}", "change": f"moved to /{PRESENT}"},
]


def make_draft_of_old() -> Deposit:
    """Return a checked draft as a program of the first version left it: a file's word, and a person's."""
    with written_under_the_first():
        deposit = make_deposit(language=OF_DATASET)
        add_measurement(deposit, **{FORMER: "what the file says"})
        deposit.document = {
            **deposit.document,
            "defaults": {FORMER: SAID},
            "measurements": {"*": {FORMER: SAID}},
        }
        deposit.save()
        settle(deposit)
    deposit.refresh_from_db()
    assert deposit.schema_version == FIRST_VERSION
    return deposit


def make_published_of_old() -> DatasetVersion:
    """Return a version that was published under the first version."""
    deposit = make_draft_of_old()
    with written_under_the_first():
        version = publish(deposit)
    assert version.schema_version == FIRST_VERSION
    return version


def test_a_draft_is_moved_once_and_its_people_are_told(web: WebClient) -> None:
    deposit = make_draft_of_old()
    headers = as_token(make_token(deposit.owner))
    address = f"/api/v1/deposits/{deposit.pk}/"
    former = web.get(address, headers=headers)
    with rehearsing():
        assert (move_drafts(), move_drafts()) == (1, 0)
        shown = web.get(address, headers=headers).json()
        late = web.patch(
            address,
            json={"metadata": {"defaults": {"notes": "more"}}},
            headers={**headers, "If-Match": former.headers["ETag"]},
        )
    assert former.json()["schema_changes"] == []
    assert shown["schema_version"] == VERSION_IN_FORCE
    assert shown["metadata"]["defaults"] == {PRESENT: SAID}
    assert shown["metadata"]["dataset"][PRESENT_OF_DATASET] == OF_DATASET
    of_files = {"pointer": f"/measurements/*/{FORMER}", "change": f"moved to /{PRESENT}"}
    assert [{**told, "version": VERSION_IN_FORCE} for told in [*TOLD, of_files]] == shown["schema_changes"]
    [measurement] = shown["measurements"]
    assert measurement["schema_version"] == VERSION_IN_FORCE
    assert measurement["metadata"][PRESENT] == SAID
    assert FORMER not in measurement["metadata"]
    assert not [one for one in measurement["findings"] if one["severity"] == "error"]
    assert MeasurementRow.objects.get().extracted[PRESENT] == "what the file says", (
        "the file's word moves too"
    )
    assert late.status_code == 412
    assert late.json()["changes_are_all"] is False, (
        "whoever edits an older revision compares with what is there"
    )
    event = AuditEvent.objects.get(action="deposit.move_schema")
    assert event.detail == {"from": FIRST_VERSION, "to": VERSION_IN_FORCE, "changes": shown["schema_changes"]}


def test_the_page_of_a_moved_draft_lists_what_moved(web: WebClient, client: Any) -> None:
    deposit = make_draft_of_old()
    client.force_login(deposit.owner)
    with rehearsing():
        move_drafts()
        page = client.get(f"/deposits/{deposit.pk}").content.decode()
    assert "3 answers were moved for you" in page
    assert f"/defaults/{FORMER}" in page


def test_a_draft_in_which_nothing_moves_keeps_its_revision(web: WebClient) -> None:
    deposit = make_draft_of_old()
    assert move_drafts() == 1
    moved = Deposit.objects.get(pk=deposit.pk)
    assert (moved.revision, moved.schema_version) == (deposit.revision, VERSION_IN_FORCE)
    assert (moved.document, moved.schema_changes) == (deposit.document, [])


def test_what_is_published_stays_under_its_own_version(web: WebClient) -> None:
    version = make_published_of_old()
    [measurement] = version.content["measurements"]
    assert measurement["schema_version"] == FIRST_VERSION
    with rehearsing():
        move_drafts()
        dataset = web.get(f"/api/v1/datasets/{version.dataset_id}/").json()
        kept = web.get(f"/api/v1/measurements/{measurement['id']}/metadata/").json()
    assert (dataset["schema_version"], dataset["dataset"][FORMER_OF_DATASET]) == (FIRST_VERSION, OF_DATASET)
    assert kept["metadata"] == measurement["metadata"] == dataset["measurements"][0]["metadata"]
    assert kept["metadata"][FORMER] == SAID
    assert (kept["schema_version"], kept["written_under"], kept["changes"]) == (
        FIRST_VERSION,
        FIRST_VERSION,
        [],
    )
    assert list_deviations(kept["metadata"], version=FIRST_VERSION) == []
    assert list(list_deviating_documents()) == []
    for address in (kept["schema_url"], dataset["schema_url"]):
        assert web.get(httpx.URL(address).path).json()["$id"].split("/")[-2] == FIRST_VERSION


def test_a_document_that_its_version_does_not_allow_is_named(web: WebClient, capsys: Any) -> None:
    deposit = make_draft_of_old()
    with written_under_the_first(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "repository.services.publishing.normalize_document", lambda document, **_: {**document, "odd": 1}
        )
        version = publish(deposit)
    with pytest.raises(SystemExit) as end:
        call_command("conform")
    assert end.value.code == 1
    told = capsys.readouterr().out
    assert f"{version.dataset_id}.v1, stem {FIRST_VERSION}, /: " in told
    assert "1 place deviates" in told


def test_a_published_document_can_be_read_in_the_newer_words(web: WebClient) -> None:
    [measurement] = make_published_of_old().content["measurements"]
    address = f"/api/v1/measurements/{measurement['id']}/metadata/?schema="
    with rehearsing():
        newer = web.get(address + VERSION_IN_FORCE).json()
        unknown = web.get(address + "9.9.9")
    assert (newer["schema_version"], newer["written_under"]) == (VERSION_IN_FORCE, FIRST_VERSION)
    assert newer["metadata"] == {
        PRESENT if key == FORMER else key: value for key, value in measurement["metadata"].items()
    }
    assert newer["changes"] == [{"pointer": f"/{FORMER}", "change": f"moved to /{PRESENT}"}]
    assert unknown.status_code == 404
    assert FIRST_VERSION in unknown.json()["hint"]


def test_exports_and_page_of_an_old_version(web: WebClient) -> None:
    version = make_published_of_old()
    with rehearsing():
        exported = web.get(f"/datasets/{version.dataset_id}.jsonld").json()
        page = web.get(f"/datasets/{version.dataset_id}").text
    assert exported["dct:conformsTo"]["@id"].endswith(f"{SCHEMAS}{FIRST_VERSION}/record.json")
    assert f"{SCHEMAS}{FIRST_VERSION}/dataset.json" in page
    assert f"schema stem {FIRST_VERSION}" in page
    assert "Phase plate or shaped beam" in page, "the catalogue's title of where it stands today"
    assert SAID in page


def test_the_client_reads_either_version(web: WebClient) -> None:
    version = make_published_of_old()
    with rehearsing(), Connection("https://stemma.example", None, transport=Bridge(web)) as connection:
        dataset = open_record(connection, version.dataset_id, ("datasets",))
        assert isinstance(dataset, Dataset)
        [measurement] = dataset.measurements
        assert isinstance(measurement, Measurement)
        assert (dataset.schema_version, measurement.schema_version) == (FIRST_VERSION, FIRST_VERSION)
        assert FORMER in measurement.metadata
        assert measurement.read_metadata() == measurement.metadata
        newer = measurement.read_metadata(VERSION_IN_FORCE)
    assert PRESENT in newer
    assert FORMER not in newer


def test_the_next_version_replaces_nothing_only_because_words_moved(web: WebClient) -> None:
    first = make_published_of_old()
    deposit = first.dataset.deposit
    with rehearsing():
        move_drafts()
        deposit.refresh_from_db()
        start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
        deposit.refresh_from_db()
        assert replace_corrected(deposit) == []
        second = publish(settle(deposit))
    assert (second.number, second.schema_version) == (2, VERSION_IN_FORCE)
    assert second.document[PRESENT_OF_DATASET] == OF_DATASET
    [entry] = second.content["measurements"]
    assert (entry["schema_version"], FORMER in entry["metadata"]) == (FIRST_VERSION, True)


def test_giving_up_the_next_version_goes_back_in_the_words_of_today(web: WebClient) -> None:
    deposit = make_published_of_old().dataset.deposit
    with rehearsing():
        move_drafts()
        start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
        discard_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    deposit.refresh_from_db()
    assert deposit.schema_version == VERSION_IN_FORCE
    assert deposit.document["defaults"] == {PRESENT: SAID}
    assert deposit.document["dataset"][PRESENT_OF_DATASET] == OF_DATASET


def test_what_is_sent_may_be_written_for_an_older_version(web: WebClient) -> None:
    owner = make_deposit().owner
    headers = as_token(make_token(owner))
    sent = {"schema": FIRST_VERSION, "defaults": {FORMER: SAID}}
    with rehearsing():
        made = web.post("/api/v1/deposits/", json={"metadata": sent}, headers=headers).json()
        address = f"/api/v1/deposits/{made['id']}/"
        changed = {"metadata": {**sent, "defaults": {FORMER: "other"}}}
        patched = web.patch(address, json=changed, headers=headers).json()
        plain = web.patch(
            address, json={"metadata": {"defaults": {FORMER: "as said"}}}, headers=headers
        ).json()
    assert made["metadata"] == {"defaults": {PRESENT: SAID}}
    assert patched["metadata"] == {"defaults": {PRESENT: "other"}}
    assert plain["metadata"]["defaults"] == {PRESENT: "other", FORMER: "as said"}
    unknown = web.patch(address, json={"metadata": {"schema": "9.9.9"}}, headers=headers)
    assert (unknown.status_code, unknown.json()["pointer"]) == (422, "/schema")


def test_released_files_are_served_as_ever_and_the_open_ones_beside_them(web: WebClient) -> None:
    for path in sorted((RELEASES / FIRST_VERSION).rglob("*.json*")):
        name = path.relative_to(RELEASES / FIRST_VERSION).as_posix()
        answer = web.get(f"{SCHEMAS}{FIRST_VERSION}/{name}")
        compact = json.dumps(json.loads(path.read_bytes()), separators=(",", ":"), ensure_ascii=False)
        assert answer.content == compact.encode(), name
        assert "max-age=86400" in answer.headers["Cache-Control"]
        present = web.get(f"{SCHEMAS}{VERSION_IN_FORCE}/{name}")
        assert (present.json().get("x-status") == "open") is not is_released(VERSION_IN_FORCE)
    listed = web.get(SCHEMAS).json()
    assert listed["in_force"] == VERSION_IN_FORCE
    assert [(one["version"], one["status"]) for one in listed["versions"]] == [
        (version, "released" if is_released(version) else "open") for version in list_versions()
    ]
    assert listed["versions"][0]["status"] == "released"
    assert {"document": "supplied", "path": "schema", "difference": "added", "keywords": []} in listed[
        "versions"
    ][1]["changes"]
    for version in (FIRST_VERSION, VERSION_IN_FORCE):
        assert f"schema: {VERSION_IN_FORCE}" in web.get(f"{SCHEMAS}{version}/template").text
