"""Random lives of deposits beside a collection, with kills before any line: nothing is lost and nothing is left."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from repository.errors import RepositoryError, TransientError
from repository.integrations import object_store
from repository.models import Deposit, StoredObject, Upload, User, VersionFile
from repository.models.stored_object import measure_use
from repository.services import collection, deposits, store_walks, stored_objects, succession, uploads
from repository.services.collection import collect_charged, collect_objects
from repository.services.deposits import delete_deposit
from repository.services.measurements import ConvertedSignal, record_conversion
from repository.services.products import StoredArrayObject
from repository.services.publishing import start_new_version
from repository.services.storage import get_object_store, open_whole_store, upload_file
from repository.services.store_walks import mark_unreferenced, note_unlisted
from repository.services.succession import discard_new_version
from repository.services.uploads import complete_upload, delete_file, start_upload
from repository.services.withdrawal import withdraw_version
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit, make_user, store_bytes
from tests.integration.collection.conftest import AT_ONCE, GRACE, list_owned, list_stored, pass_time
from tests.power_cuts import PowerCutError, power_cut

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]

OURS = (collection, store_walks, stored_objects, uploads, deposits, succession, object_store)
PATHS = st.sampled_from(["a.raw", "b.raw"])
CONTENTS = st.sampled_from([b"one", b"two two", b"three three three"])
NEVER = 10**6
CUTS = st.just(NEVER) | st.integers(1, 60)
POOL = {
    hashlib.sha256(content).hexdigest(): len(content)
    for content in (b"one", b"two two", b"three three three")
}


class _RolledBackError(Exception):
    """The end of an example: the database is as it was before."""


@contextmanager
def rolled_back() -> Iterator[None]:
    with suppress(_RolledBackError), transaction.atomic():
        yield
        raise _RolledBackError


class Lives(RuleBasedStateMachine):
    """Two people, three deposits, and beat, which comes whenever it likes."""

    def __init__(self) -> None:
        super().__init__()
        self._example = rolled_back()
        self._example.__enter__()
        for digest in list_stored():
            open_whole_store().remove(digest)
        self.owners: list[User] = []
        self.drafts: list[str] = []
        self.results: dict[str, StoredArrayObject] = {}

    def teardown(self) -> None:
        try:
            self.require_that_nothing_is_left()
        finally:
            self._example.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.owners = [make_user(quota_bytes=10**6), make_user(quota_bytes=10**6)]
        self.drafts = [make_deposit(self.owners[number % 2]).pk for number in range(3)]

    def attempt(self, action: Callable[[], Any], *, cut: int = NEVER) -> bool:
        """Act, until the power is cut; whether it was done. What the domain refuses is no fault of ours."""
        try:
            with power_cut(cut, *OURS):
                action()
        except (RepositoryError, TransientError, PowerCutError):
            return False
        except (Deposit.DoesNotExist, Upload.DoesNotExist):
            return False
        return True

    def find(self, number: int) -> Deposit | None:
        return Deposit.objects.filter(pk=self.drafts[number]).first()

    @rule(number=st.integers(0, 2), path=PATHS, content=CONTENTS, cut=CUTS)
    def upload(self, number: int, path: str, content: bytes, cut: int) -> None:
        if (deposit := self.find(number)) is None:
            return

        def act() -> None:
            plan = start_upload(deposit_id=deposit.pk, actor=deposit.owner, path=path, size=len(content))
            assert plan.upload_id is not None
            upload_file(plan.upload_id).write_bytes(content)
            complete_upload(upload_id=plan.upload_id, sha256=hashlib.sha256(content).hexdigest())

        self.attempt(act, cut=cut)

    @rule(cut=CUTS)
    def go_on_with_uploads(self, cut: int) -> None:
        """Ask for an answer again: the digest was noted before the power went."""
        for key in Upload.objects.exclude(sha256="").filter(completed_at=None).values_list("pk", flat=True):
            self.attempt(partial(complete_upload, upload_id=key, sha256=""), cut=cut)

    @rule(number=st.integers(0, 2), path=PATHS, cut=CUTS)
    def delete_file(self, number: int, path: str, cut: int) -> None:
        if (deposit := self.find(number)) is not None:
            self.attempt(lambda: delete_file(deposit_id=deposit.pk, actor=deposit.owner, path=path), cut=cut)

    @rule(number=st.integers(0, 2), cut=CUTS)
    def delete_deposit(self, number: int, cut: int) -> None:
        if (deposit := self.find(number)) is None:
            self.drafts[number] = make_deposit(self.owners[number % 2]).pk
        else:
            self.attempt(lambda: delete_deposit(deposit_id=deposit.pk, actor=deposit.owner), cut=cut)

    @rule(number=st.integers(0, 2))
    def publish(self, number: int) -> None:
        deposit = self.find(number)
        if (
            deposit is None
            or deposit.state == "published"
            or deposit.files.filter(state="uploading").exists()
        ):
            return
        if not deposit.current_measurements.exists():
            add_measurement(deposit, f"scan{number}.raw")
        self.attempt(lambda: publish(settle(deposit)))

    @rule(number=st.integers(0, 2), cut=CUTS)
    def begin_version(self, number: int, cut: int) -> None:
        if (deposit := self.find(number)) is not None:
            self.attempt(lambda: start_new_version(deposit_id=deposit.pk, actor=deposit.owner), cut=cut)

    @rule(number=st.integers(0, 2), cut=CUTS)
    def give_up_version(self, number: int, cut: int) -> None:
        if (deposit := self.find(number)) is not None:
            self.attempt(lambda: discard_new_version(deposit_id=deposit.pk, actor=deposit.owner), cut=cut)

    @rule(number=st.integers(0, 2))
    def withdraw(self, number: int) -> None:
        if (deposit := self.find(number)) is not None:
            self.attempt(
                lambda: withdraw_version(
                    dataset_id=deposit.pk, number=1, actor=deposit.owner, reason="A wrong file."
                )
            )

    @rule(content=st.sampled_from([b"shard one", b"shard two"]), number=st.integers(0, 2))
    def store_result(self, content: bytes, number: int) -> None:
        """Store what a conversion made; it will be written down some time, or never."""
        sha256, size = store_bytes(content)
        self.results[self.drafts[number]] = StoredArrayObject(
            kind="companion", key="c/9", size=size, sha256=sha256
        )

    @rule(number=st.integers(0, 2))
    def record_result(self, number: int) -> None:
        deposit = self.find(number)
        result = self.results.pop(self.drafts[number], None)
        if deposit is None or result is None or deposit.state == "published":
            return
        open_one = deposit.current_measurements.filter(frozen_at=None).first()
        if open_one is None:
            return
        converted = [ConvertedSignal(name="data", statistics={}, objects=(result,))]

        def act() -> None:
            with transaction.atomic():
                record_conversion(measurement=open_one, optics={}, converted=converted, findings=())

        self.attempt(act)

    @rule(hours=st.sampled_from([0.1, 13, 25]))
    def pass_time(self, hours: float) -> None:
        pass_time(GRACE * hours / 24)

    @rule(cut=CUTS)
    def mark(self, cut: int) -> None:
        self.attempt(lambda: mark_unreferenced(pause=AT_ONCE), cut=cut)

    @rule(cut=CUTS)
    def walk(self, cut: int) -> None:
        self.attempt(lambda: note_unlisted(pause=AT_ONCE), cut=cut)

    @rule(cut=CUTS)
    def collect(self, cut: int) -> None:
        self.attempt(collect_objects, cut=cut)

    @rule(number=st.integers(0, 2), cut=CUTS)
    def collect_charged(self, number: int, cut: int) -> None:
        self.attempt(lambda: collect_charged(deposit_id=self.drafts[number]), cut=cut)

    @invariant()
    def nothing_is_lost(self) -> None:
        under_way = set(Upload.objects.filter(completed_at=None).values_list("sha256", flat=True))
        stored = list_stored()
        certain = set(VersionFile.objects.values_list("sha256", flat=True)) | (list_owned() - under_way)
        assert certain <= stored
        for digest in VersionFile.objects.values_list("sha256", flat=True):
            get_object_store().verify(digest)
        assert certain <= set(StoredObject.objects.filter(is_present=True).values_list("pk", flat=True))

    @invariant()
    def nothing_is_stored_for_nothing(self) -> None:
        """Count the bytes of files, also of deleted ones, for somebody as long as they are stored."""
        kept = sum(POOL[digest] for digest in list_stored() & set(POOL))
        assert kept <= sum(measure_use(owner).used for owner in self.owners)

    def require_that_nothing_is_left(self) -> None:
        """Undisturbed, a walk, a day and a round end with exactly what somebody owns."""
        for _ in range(2):
            note_unlisted(pause=AT_ONCE)
            mark_unreferenced(pause=AT_ONCE)
            pass_time(GRACE)
            collect_objects()
        self.nothing_is_lost()
        arriving = set(Upload.objects.filter(completed_at=None).values_list("sha256", flat=True))
        assert list_stored() - arriving == list_owned() - arriving
        assert set(StoredObject.objects.values_list("pk", flat=True)) - arriving == list_owned() - arriving
        for owner in self.owners:
            assert measure_use(owner).waiting == 0


LIVES = settings(
    max_examples=15,
    stateful_step_count=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def test_nothing_is_lost_and_nothing_is_left() -> None:
    run_state_machine_as_test(Lives, settings=LIVES)


@pytest.mark.long
def test_nothing_is_lost_and_nothing_is_left_in_long_lives() -> None:
    run_state_machine_as_test(Lives, settings=settings(LIVES, max_examples=150, stateful_step_count=60))
