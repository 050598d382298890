"""Corrections at the same moment, of an older version, on a revision that never was, and what is told of each."""

from typing import Any

import pytest

from processing.workflows import correct_version
from repository.errors import NotPublishableError, RevisionConflictError, RevisionNeedsVersionError
from repository.models import AuditEvent, DatasetVersion, Deposit, MetadataRevision, SearchEntry
from repository.models.revision import read_description
from repository.services.deposits import update_deposit
from repository.services.publishing import start_new_version
from tests.at_once import at_once
from tests.deposits import make_published, publish, settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def correct(version: DatasetVersion, patch: dict[str, Any], **change: Any) -> MetadataRevision:
    return correct_version(
        dataset_id=version.dataset_id,
        number=version.number,
        actor=version.published_by,
        patch=patch,
        reason=change.pop("reason", "A slip of the pen."),
        **change,
    )


@pytest.mark.django_db(transaction=True)
def test_of_corrections_at_once_none_gets_lost() -> None:
    version = make_published()
    patches: list[dict[str, Any]] = [
        {"dataset": {"title": "Right"}},
        {"dataset": {"keywords": ["gold"]}},
        {"dataset": {"methods": "Cleaned before."}},
        {"measurements": {"scan.raw": {"notes": "Cold stage."}}},
    ]
    results = at_once(*[lambda patch=patch: correct(version, patch) for patch in patches])
    assert {type(result) for result in results} == {MetadataRevision}, results
    assert sorted(result.number for result in results) == [1, 2, 3, 4]
    newest = read_description(version)
    assert (newest.title, newest.document["keywords"]) == ("Right", ["gold"])
    assert newest.document["methods"] == "Cleaned before."
    assert newest.measurements[0]["metadata"]["notes"] == "Cold stage."


def test_search_stays_with_the_newest_version_when_an_older_one_is_corrected() -> None:
    first = make_published()
    deposit = start_new_version(deposit_id=first.dataset_id, actor=first.published_by)
    update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch={"dataset": {"title": "Second"}})
    second = publish(settle(Deposit.objects.get(pk=deposit.pk)))
    correct(first, {"dataset": {"title": "First, corrected"}})
    entry = SearchEntry.objects.get(dataset_id=first.dataset_id)
    assert (entry.version_id, entry.title) == (second.pk, "Second")
    deposit.refresh_from_db()
    assert deposit.title == "Second", "the next version begins with the newest one"


def test_a_correction_on_a_revision_that_never_was_is_a_conflict_and_tells_what_came_later() -> None:
    version = make_published()
    with pytest.raises(RevisionConflictError, match="at revision 0"):
        correct(version, {"dataset": {"title": "New"}}, expected_revisions=[3])
    correct(version, {"dataset": {"title": "One"}})
    correct(version, {"dataset": {"methods": "Two"}}, reason="It was missing.")
    with pytest.raises(RevisionConflictError) as conflict:
        correct(version, {"dataset": {"title": "Three"}}, expected_revisions=[1])
    assert [(one["pointer"], one["revision"]) for one in conflict.value.changes] == [
        ("/metadata/dataset/methods", 2)
    ]
    told = AuditEvent.objects.filter(action="version.revise", target=version.dataset_id).order_by("pk")
    assert [event.detail for event in told] == [
        {"number": 1, "revision": 1, "reason": "A slip of the pen."},
        {"number": 1, "revision": 2, "reason": "It was missing."},
    ]


def test_that_axes_stay_is_said_once_with_what_holds_now() -> None:
    version = make_published()
    for step in (0.3, 0.4):
        patch = {"measurements": {"scan.raw": {"scan_step": {"value": step, "unit": "nm"}}}}
        correct(version, patch)
    notes = [
        finding["message"]
        for finding in read_description(version).measurements[0]["findings"]
        if finding["code"] == "axes_stay"
    ]
    assert notes
    assert all("0.4" in note and "0.3" not in note for note in notes), notes


def test_an_embargo_is_no_matter_of_words() -> None:
    version = make_published()
    for patch in ({"embargo_until": "2099-01-01"}, {"access": "restricted"}):
        with pytest.raises(RevisionNeedsVersionError, match="who may have the bytes"):
            correct(version, {"dataset": patch})


@pytest.mark.parametrize("taken", ["creators", "license"])
def test_nobody_becomes_creator_because_a_correction_takes_the_creators_away(taken: str) -> None:
    version = make_published()
    with pytest.raises(NotPublishableError, match=f'lacks "{taken}"'):
        correct(version, {"dataset": {taken: None}})
    assert read_description(version).document[taken]
