"""The life of a deposit: written, handed in, checked, published once, opened again, never deleted once published."""

from typing import TYPE_CHECKING, Any

import pytest

from repository.errors import (
    DepositAlreadyPublishedError,
    DepositBusyError,
    InvalidMetadataError,
    NotFoundError,
    NotPublishableError,
    RevisionConflictError,
    StateConflictError,
)
from repository.models import AuditEvent, DatasetVersion, Deposit, Job
from repository.models.revision import read_description
from repository.selectors.access import can_edit
from repository.selectors.datasets import describe_dataset
from repository.selectors.deposits import describe_deposit
from repository.selectors.search import SearchRequest, search
from repository.selectors.visibility import NOBODY, Visitor
from repository.services.deposits import (
    add_member,
    create_deposit,
    delete_deposit,
    mark_submitted,
    remove_member,
    update_deposit,
)
from repository.services.publishing import publish_deposit, start_new_version
from repository.services.uploads import start_upload
from repository.services.withdrawal import withdraw_version
from repository.workflows.publishing import publish_dataset_version
from tests.at_once import at_once
from tests.deposits import add_measurement, make_published, make_ready, publish, settle
from tests.factories import make_deposit, make_user, store_file

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def test_a_draft_has_its_dois_from_the_first_moment() -> None:
    deposit = make_deposit()
    assert dict(deposit.identifiers.values_list("doi", "state")) == {
        f"10.5072/{deposit.pk}": "reserved",
        f"10.5072/{deposit.pk}.v1": "reserved",
    }
    assert AuditEvent.objects.get(target=deposit.pk).action == "deposit.create"


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"dataset": "text"}, "/dataset"),
        ({"measurements": {"a.raw": 3}}, "/measurements/a.raw"),
        ({"surprise": 1}, "/surprise"),
    ],
)
def test_a_document_of_another_form_is_refused(document: dict[str, Any], pointer: str) -> None:
    for title in ("", "A title"):
        with pytest.raises(InvalidMetadataError) as refusal:
            create_deposit(owner=make_user(), title=title, document=document)
        assert refusal.value.pointer == pointer
    assert Deposit.objects.count() == 0


def test_a_change_names_the_revision_it_was_made_on() -> None:
    deposit = make_deposit()
    changed = update_deposit(
        deposit_id=deposit.pk,
        actor=deposit.owner,
        patch={"dataset": {"title": "Another"}},
        expected_revisions=(1,),
    )
    assert changed.revision == 2
    with pytest.raises(RevisionConflictError, match="revision 2"):
        update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch={}, expected_revisions=(1,))


def test_acknowledgements_remember_who_gave_them() -> None:
    deposit = make_deposit()
    update_deposit(
        deposit_id=deposit.pk,
        actor=deposit.owner,
        accepted_warnings=[{"code": "case_twin", "note": "meant"}, {"code": "case_twin", "note": "twice"}],
    )
    deposit.refresh_from_db()
    (entry,) = deposit.accepted_warnings
    assert (entry["code"], entry["note"], entry["by"]) == ("case_twin", "twice", deposit.owner.username)


@pytest.mark.parametrize("state", ["submitted", "processing"])
def test_a_busy_deposit_is_answered_and_not_handed_in_published_or_deleted(state: str) -> None:
    deposit = make_deposit()
    Deposit.objects.filter(pk=deposit.pk).update(state=state)
    update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch={"dataset": {"title": "Meanwhile"}})
    changes: list[Callable[[], Any]] = [
        lambda: mark_submitted(deposit_id=deposit.pk, actor=deposit.owner),
        lambda: publish_deposit(deposit_id=deposit.pk, actor=deposit.owner),
        lambda: delete_deposit(deposit_id=deposit.pk, actor=deposit.owner),
    ]
    for change in changes:
        with pytest.raises(DepositBusyError):
            change()


def test_unfinished_uploads_are_finished_first() -> None:
    deposit = make_deposit()
    start_upload(deposit_id=deposit.pk, actor=deposit.owner, path="half.raw", size=10)
    with pytest.raises(StateConflictError, match=r"half\.raw"):
        mark_submitted(deposit_id=deposit.pk, actor=deposit.owner)


def test_publishing_freezes_what_was_checked() -> None:
    version = make_published()
    assert (version.number, version.state, version.sealed) == (1, "published", True)
    assert version.dataset.deposit.state == "published"
    view = describe_dataset(NOBODY, read_description(version))
    assert [file.path for file in view.files] == ["scan.raw"]
    assert view.measurements[0].signals[0].shape == (4, 4, 128, 128)
    assert search(NOBODY, SearchRequest()).count == 1
    assert AuditEvent.objects.filter(action="version.publish", target=version.dataset_id).count() == 1


def test_what_was_not_handed_in_or_not_answered_is_not_published() -> None:
    draft = make_deposit()
    add_measurement(draft)
    with pytest.raises(StateConflictError, match="not handed in"):
        publish_deposit(deposit_id=draft.pk, actor=draft.owner)
    unanswered = make_deposit()
    add_measurement(unanswered, technique=["annular"], sample={})
    settle(unanswered)
    with pytest.raises(NotPublishableError) as refusal:
        publish_deposit(deposit_id=unanswered.pk, actor=unanswered.owner)
    errors = [finding for finding in refusal.value.findings if finding.severity == "error"]
    assert any(finding.pointer.startswith("/sample") for finding in errors), errors
    assert DatasetVersion.objects.count() == 0


def test_warnings_are_acknowledged_or_stand_in_the_way() -> None:
    deposit = make_ready()
    deposit.findings.create(
        stage="recognition", layer="file", severity="warning", code="case_twin", message="Two names."
    )
    settle(deposit)
    with pytest.raises(NotPublishableError) as refusal:
        publish_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    assert [finding.code for finding in refusal.value.findings] == ["case_twin"]
    version = publish_deposit(
        deposit_id=deposit.pk,
        actor=deposit.owner,
        accept_warnings=[{"code": "case_twin", "note": "both meant"}],
    )
    assert version.accepted_warnings[0]["note"] == "both meant"


@pytest.mark.parametrize(
    "described",
    [
        {"title": "A very long title. " * 60},
        {"license": "LicenseRef-" + "long-" * 30},
        {"abstract": " ".join(f"word{number}" for number in range(200_000))},
        {"keywords": ["needle"] * 3, "creators": [{"name": f"Person, {number}"} for number in range(300)]},
    ],
    ids=["title", "license", "abstract", "creators"],
)
def test_long_descriptions_are_published_whole(described: dict[str, Any]) -> None:
    version = make_published(**described)
    assert {key: version.document[key] for key in described if key != "creators"} == {
        key: value.strip() if isinstance(value, str) else value
        for key, value in described.items()
        if key != "creators"
    } or version.title == described.get("title")
    assert search(NOBODY, SearchRequest()).count == 1


def test_a_published_deposit_is_never_deleted_even_without_measurements() -> None:
    deposit = make_deposit()
    store_file(deposit, "notes.txt", b"notes")
    publish(settle(deposit))
    with pytest.raises(DepositAlreadyPublishedError):
        delete_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    with pytest.raises(DepositAlreadyPublishedError, match="never deleted"):
        delete_deposit(deposit_id=deposit.pk, actor=deposit.owner)


def test_a_deleted_draft_leaves_only_its_trace_in_the_audit_trail() -> None:
    deposit = make_ready()
    Job.objects.create(kind="test", target=deposit.pk, deposit=deposit)
    delete_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    assert (Deposit.objects.count(), Job.objects.count()) == (0, 0)
    assert AuditEvent.objects.filter(target=deposit.pk, action="deposit.delete").count() == 1


def test_a_new_version_takes_what_is_published_along() -> None:
    first = make_published()
    deposit = first.dataset.deposit
    with pytest.raises(StateConflictError):
        start_new_version(deposit_id=make_deposit().pk, actor=deposit.owner)
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    add_measurement(deposit, "more.raw")
    second = publish(settle(deposit))
    assert [version.number for version in deposit.dataset.versions.order_by("number")] == [1, 2]
    assert second.doi == f"10.5072/{deposit.pk}.v2"
    assert search(NOBODY, SearchRequest()).hits[0].doi == second.doi


def test_a_withdrawn_version_leaves_search_and_keeps_its_description() -> None:
    version = make_published()
    withdraw_version(
        dataset_id=version.dataset_id, number=1, actor=version.published_by, reason="Wrong sample."
    )
    version.refresh_from_db()
    assert (version.state, version.withdrawal_reason) == ("withdrawn", "Wrong sample.")
    assert search(NOBODY, SearchRequest()).count == 0
    assert describe_dataset(NOBODY, read_description(version)).title


def test_a_co_owner_is_an_account_and_who_is_none_is_not_said() -> None:
    deposit, friend = make_deposit(), make_user()
    add_member(deposit_id=deposit.pk, actor=deposit.owner, username=friend.username)
    add_member(deposit_id=deposit.pk, actor=deposit.owner, username=friend.username)
    assert list(deposit.members.all()) == [friend]
    add_member(deposit_id=deposit.pk, actor=deposit.owner, username="nobody")
    assert describe_deposit(Visitor(deposit.owner), deposit).members == tuple(
        sorted([friend.username, "nobody"])
    )
    late = make_user("nobody")
    assert list(deposit.members.all()) == [friend], "a name that somebody takes later has no rights"
    assert not can_edit(Visitor(late), deposit)
    add_member(deposit_id=deposit.pk, actor=deposit.owner, username="nobody")
    assert can_edit(Visitor(late), deposit)
    remove_member(deposit_id=deposit.pk, actor=deposit.owner, username="nobody")
    assert not can_edit(Visitor(late), deposit)
    remove_member(deposit_id=deposit.pk, actor=friend, username=friend.username)
    assert not deposit.members.exists()
    with pytest.raises(NotFoundError):
        remove_member(deposit_id=deposit.pk, actor=deposit.owner, username=friend.username)


@pytest.mark.django_db(transaction=True)
def test_published_twice_at_once_it_is_published_once() -> None:
    ready = make_ready()
    results = at_once(
        *[lambda: publish_dataset_version(deposit_id=ready.pk, actor=ready.owner) for _ in range(3)]
    )
    kinds = sorted(type(result).__name__ for result in results)
    assert kinds == ["DatasetVersion", "DepositAlreadyPublishedError", "DepositAlreadyPublishedError"]
    assert DatasetVersion.objects.count() == 1
    assert Job.objects.filter(kind="register_doi").count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_editors_at_once_one_is_told() -> None:
    deposit = make_deposit()
    results = at_once(
        *[
            lambda name=name: update_deposit(
                deposit_id=deposit.pk,
                actor=deposit.owner,
                patch={"dataset": {"title": name}},
                expected_revisions=(1,),
            )
            for name in ("one", "two")
        ]
    )
    assert sorted(type(result).__name__ for result in results) == ["Deposit", "RevisionConflictError"]
    deposit.refresh_from_db()
    assert deposit.revision == 2


@pytest.mark.django_db(transaction=True)
def test_two_promises_for_one_path_at_once_are_one_upload() -> None:
    deposit = make_deposit()
    results = at_once(
        *[
            lambda: start_upload(deposit_id=deposit.pk, actor=deposit.owner, path="a.raw", size=3)
            for _ in range(3)
        ]
    )
    assert len({result.upload_id for result in results}) == 1, results


@pytest.mark.django_db(transaction=True)
def test_promises_into_two_deposits_at_once_share_the_quota() -> None:
    owner = make_user(quota_bytes=10)
    deposits = [make_deposit(owner), make_deposit(owner)]
    results = at_once(
        *[
            lambda deposit=deposit: start_upload(deposit_id=deposit.pk, actor=owner, path="a.raw", size=6)
            for deposit in deposits
        ]
    )
    assert sorted(type(result).__name__ for result in results) == ["QuotaExceededError", "UploadPlan"]
