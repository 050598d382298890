"""What is withdrawn leaves a tombstone: described for ever, given out no more."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from repository.models import AuditEvent, DatasetVersion, Facts, Identifier, Job, SearchEntry, User
from repository.services.identifiers import get_registrar
from repository.services.jobs import claim_job
from repository.services.publishing import start_new_version
from repository.services.withdrawal import withdraw_version
from repository.workflows.publishing import publish_dataset_version, withdraw_dataset_version
from tests.deposits import add_measurement, make_published, make_ready, publish, settle
from tests.factories import make_user
from tests.integration.withdrawal.conftest import Web, list_byte_addresses
from tests.job_running import run_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stemma_home")]

REASON = "The calibration was that of another microscope."


@pytest.fixture
def owner() -> User:
    return make_user("marie", full_name="Marie Curie")


@pytest.fixture
def version(owner: User) -> DatasetVersion:
    return make_published(owner)


def publish_next(version: DatasetVersion) -> DatasetVersion:
    """Return a second version with one more measurement."""
    deposit = start_new_version(deposit_id=version.dataset_id, actor=version.published_by)
    add_measurement(deposit, "second.raw")
    return publish(settle(deposit))


def withdraw(version: DatasetVersion, *, replacement: str = "") -> DatasetVersion:
    return withdraw_version(
        dataset_id=version.dataset_id,
        number=version.number,
        actor=version.published_by,
        reason=REASON,
        replacement_doi=replacement,
    )


def address_of(version: DatasetVersion) -> str:
    return f"/api/v1/datasets/{version.dataset_id}/versions/{version.number}/withdraw/"


def test_a_tombstone_answers_410_with_its_description(version: DatasetVersion, web: Web) -> None:
    withdraw(version, replacement="https://doi.org/10.1000/ELSE")
    body = web.get(f"/api/v1/datasets/{version.dataset_id}/")
    assert body.status_code == 410
    assert body.json()["title"] == version.title
    assert body.json()["withdrawal_reason"] == REASON
    assert body.json()["replacement_doi"] == "10.1000/else"
    page = web.get(f"/datasets/{version.dataset_id}")
    assert page.status_code == 410
    for text in (version.title, REASON, "https://doi.org/10.1000/else"):
        assert text in page.text
    assert web.get(f"/doi/{version.doi}").status_code == 410
    description = web.get(f"/datasets/{version.dataset_id}.datacite.json")
    assert description.status_code == 410
    assert "Withdrawn" in {entry["dateType"] for entry in description.json()["dates"]}
    measurement = version.measurements.get().measurement_id
    for part in ("", "metadata/", "findings/", "reductions/"):
        assert web.get(f"/api/v1/measurements/{measurement}/{part}").status_code == 410
    metadata = web.get(f"/api/v1/measurements/{measurement}/metadata/").json()["metadata"]
    assert metadata["sample"]["name"]["value"] == "MoS2 on SiN"


def test_no_byte_of_it_is_given_out_even_to_its_owner(
    version: DatasetVersion, web: Web, as_user: Any, owner: User
) -> None:
    assert {web.get(address).status_code for address in list_byte_addresses(version)} == {200}
    withdraw(version)
    nobody: dict[str, str] = {}
    for headers in (nobody, as_user(owner)):
        for address in list_byte_addresses(version):
            answer = web.get(address, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (410, "withdrawn"), address
            assert REASON in answer.json()["detail"]


def test_it_leaves_search_and_sitemap(version: DatasetVersion, web: Web) -> None:
    withdraw(version)
    assert web.get("/api/v1/search").json()["count"] == 0
    assert version.dataset_id not in web.get("/sitemap.xml").text
    assert not SearchEntry.objects.exists()
    assert not Facts.objects.exists()


def test_the_newest_version_that_is_left_takes_its_place(version: DatasetVersion, web: Web) -> None:
    second = publish_next(version)
    withdraw(second, replacement=version.doi)
    answer = web.get(f"/api/v1/datasets/{version.dataset_id}/")
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert SearchEntry.objects.get().version_id == version.pk
    assert Facts.objects.count() == 1
    shared = version.measurements.get().measurement_id
    alone = second.measurements.exclude(measurement_id=shared).get().measurement_id
    assert web.get(f"/api/v1/measurements/{shared}/signals/data/zarr/zarr.json").status_code == 200
    assert web.get(f"/api/v1/measurements/{alone}/signals/data/zarr/zarr.json").status_code == 410
    assert web.get(f"/datasets/{version.dataset_id}", params={"version": 2}).status_code == 410
    assert web.get(f"/datasets/{version.dataset_id}").status_code == 200


def test_an_older_version_goes_without_a_trace_in_search(version: DatasetVersion, web: Web) -> None:
    second = publish_next(version)
    withdraw(version, replacement=second.doi)
    assert SearchEntry.objects.get().version_id == second.pk
    assert web.get(f"/api/v1/datasets/{version.dataset_id}/").json()["version"] == 2
    old = web.get(f"/datasets/{version.dataset_id}", params={"version": 1})
    assert old.status_code == 410
    assert f"/doi/{second.doi}" in old.text


def test_who_may_withdraw(version: DatasetVersion, web: Web, as_user: Any, owner: User) -> None:
    body = {"reason": REASON}
    assert web.post(address_of(version), json=body).status_code == 401
    stranger = web.post(address_of(version), json=body, headers=as_user(make_user("pierre")))
    assert (stranger.status_code, stranger.json()["code"]) == (403, "permission_denied")
    unscoped = web.post(address_of(version), json=body, headers=as_user(owner, ("read", "deposit")))
    assert (unscoped.status_code, unscoped.json()["code"]) == (403, "scope_missing")
    assert DatasetVersion.objects.get().state == "published"
    answer = web.post(address_of(version), json=body, headers=as_user(owner))
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    event = AuditEvent.objects.get(action="version.withdraw")
    assert (event.actor, event.target, event.detail["reason"]) == (owner, version.dataset_id, REASON)


@pytest.mark.parametrize("role", ["curator", "admin"])
def test_curators_withdraw_what_is_not_theirs(
    version: DatasetVersion, web: Web, as_user: Any, role: str
) -> None:
    headers = as_user(make_user("irene", role=role))
    assert web.post(address_of(version), json={"reason": REASON}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, 400, "/reason"),
        ({"reason": "  "}, 400, "/reason"),
        ({"reason": REASON, "replacement": "next door"}, 422, "/replacement"),
        ({"reason": REASON, "replacement": "{itself}"}, 422, "/replacement"),
        ({"reason": REASON, "because": "x"}, 400, "/because"),
    ],
)
def test_what_is_refused(
    version: DatasetVersion,
    web: Web,
    as_user: Any,
    owner: User,
    body: dict[str, str],
    code: int,
    pointer: str,
) -> None:
    sent = json.loads(json.dumps(body).replace("{itself}", version.doi))
    answer = web.post(address_of(version), json=sent, headers=as_user(owner))
    assert (answer.status_code, answer.json()["pointer"]) == (code, pointer)
    assert DatasetVersion.objects.get().state == "published"


def test_a_tombstone_is_final(version: DatasetVersion, web: Web, as_user: Any, owner: User) -> None:
    withdraw(version)
    again = web.post(address_of(version), json={"reason": "Another."}, headers=as_user(owner))
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    assert web.post(f"{address_of(version)}", json={"reason": "x"}, headers=as_user(owner)).status_code == 409
    for change in (
        {"withdrawal_reason": "Never mind."},
        {"replacement_doi": "10.1000/x"},
        {"withdrawn_at": None, "state": "published", "withdrawal_reason": ""},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            DatasetVersion.objects.filter(pk=version.pk).update(**change)


def test_nothing_but_a_tombstone_names_a_replacement(version: DatasetVersion) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        DatasetVersion.objects.filter(pk=version.pk).update(replacement_doi="10.1000/x")
    with pytest.raises(IntegrityError), transaction.atomic():
        DatasetVersion.objects.filter(pk=version.pk).update(title="x")


def run_waiting_jobs() -> None:
    for job in Job.objects.filter(state="queued", kind__in=["register_doi", "hide_doi"]):
        run_job(str(job.pk))
    assert not Job.objects.exclude(state="done").exists()


def states() -> dict[int | None, tuple[str, str]]:
    """Return for each DOI of the dataset what we believe and what the registrar holds."""
    registrar = get_registrar()
    return {
        row.version_number: (row.state, getattr(registrar.find(row.doi), "state", "unknown"))
        for row in Identifier.objects.all()
    }


@pytest.fixture
def _without_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repository.workflows.jobs.announce_job", lambda *_: True)


@pytest.mark.usefixtures("_without_broker")
class TestDois:
    def announce(self, owner: User) -> DatasetVersion:
        deposit = make_ready(owner)
        warnings = set(deposit.findings.filter(severity="warning").values_list("code", flat=True))
        return publish_dataset_version(
            deposit_id=deposit.pk, actor=owner, accept_warnings=[{"code": code} for code in warnings]
        )

    def withdraw(self, version: DatasetVersion) -> None:
        withdraw_dataset_version(
            dataset_id=version.dataset_id, number=version.number, actor=version.published_by, reason=REASON
        )

    def test_the_last_version_takes_the_concept_doi_with_it(self, owner: User) -> None:
        version = self.announce(owner)
        run_waiting_jobs()
        assert states() == {None: ("findable", "findable"), 1: ("findable", "findable")}
        self.withdraw(version)
        run_waiting_jobs()
        assert states() == {None: ("registered", "registered"), 1: ("registered", "registered")}
        held = get_registrar().find(version.doi)
        assert held is not None
        assert str(held.url).endswith("?version=1")

    def test_the_concept_doi_stays_while_a_version_is_left(self, owner: User) -> None:
        version = self.announce(owner)
        second = publish_next(version)
        self.withdraw(second)
        run_waiting_jobs()
        assert states() == {
            None: ("findable", "findable"),
            1: ("findable", "findable"),
            2: ("registered", "registered"),
        }

    def test_a_doi_that_was_never_registered_leads_to_the_tombstone_too(self, owner: User) -> None:
        version = self.announce(owner)
        self.withdraw(version)  # before any job ran
        run_waiting_jobs()
        assert states() == {None: ("registered", "registered"), 1: ("registered", "registered")}

    def test_a_withdrawal_while_the_registrar_is_told_is_not_lost(
        self, owner: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        version = self.announce(owner)
        job = Job.objects.get(kind="register_doi", target=version.doi)
        registrar = get_registrar()

        def publish_slowly(*arguments: Any, **options: Any) -> Any:
            withdraw(version)
            return registrar.make_findable(*arguments, **options)

        slow = type("Slow", (), {"make_findable": staticmethod(publish_slowly)})()
        with monkeypatch.context() as patch:
            patch.setattr("repository.tasks.identifiers.get_registrar", lambda: slow)
            run_job(str(job.pk))
        job.refresh_from_db()
        assert (job.state, Identifier.objects.get(pk=version.doi).state) == ("queued", "reserved")
        Job.objects.filter(pk=job.pk).update(not_before=job.created_at)
        assert claim_job(job_id=job.pk) is not None

    def test_a_new_version_makes_the_concept_findable_again(self, owner: User) -> None:
        version = self.announce(owner)
        self.withdraw(version)
        run_waiting_jobs()
        deposit = start_new_version(deposit_id=version.dataset_id, actor=owner)
        add_measurement(deposit, "second.raw")
        deposit = settle(deposit)
        warnings = set(deposit.findings.filter(severity="warning").values_list("code", flat=True))
        publish_dataset_version(
            deposit_id=deposit.pk, actor=owner, accept_warnings=[{"code": code} for code in warnings]
        )
        run_waiting_jobs()
        assert states()[None] == ("findable", "findable")
        assert states()[1] == ("registered", "registered")
