"""A write ends what was remembered: on its host before the writer goes on, on other hosts a moment later."""

import json
import time
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.byte_service import hearing, reading, visitors
from api.byte_service.declaration import ByteRoute
from api.byte_service.routes import list_byte_routes
from repository import marks
from repository.migrations import __path__ as migrations_path
from repository.models import ApiToken, DepositMember, User
from repository.selectors.visibility import Visitor
from repository.services.accounts import note_token_use
from repository.services.deposits import remove_member
from repository.services.publishing import start_new_version
from repository.services.uploads import delete_file, record_offset, start_upload
from repository.services.withdrawal import withdraw_version
from tests.api.conftest import WebClient, as_token, make_token
from tests.api.worlds import open_session
from tests.deposits import add_measurement, make_published, make_ready, publish, settle
from tests.factories import make_deposit, make_user, store_file
from tests.integration.permissions.conftest import (
    Process,
    build_words,
    list_asks,
    list_deciding_tables,
)
from tests.integration.permissions.long_memory import remember_for_long
from tests.integration.permissions.writes import WRITES
from tests.patience import patient, wait_until

# The marks are one file for all processes of a home: what one test ends, the others must not see ended.
pytestmark = pytest.mark.xdist_group("marks")


def is_remembered(web: WebClient, address: str, headers: dict[str, str]) -> bool:
    """Return whether the web process answers without asking the database who may."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("asked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "in_database", refuse)
        return web.get(address, headers=headers).is_success


def require_remembered(web: WebClient, address: str, headers: dict[str, str]) -> None:
    """Ask until it is remembered: another process that begins to hear ends what all of this home remember."""
    wait_until(lambda: web.get(address, headers=headers).is_success and is_remembered(web, address, headers))


@pytest.fixture
def remembering(web: WebClient, monkeypatch: pytest.MonkeyPatch) -> WebClient:
    """Return a client of a web process that remembers for so long that only a write ends it."""
    monkeypatch.setattr(reading, "_decisions", remember_for_long())
    wait_until(lambda: hearing.find_heard_marks() is not None)
    return web


def test_after_a_withdrawal_the_former_version_is_sent_at_once(remembering: WebClient) -> None:
    deposit = make_deposit()
    store_file(deposit, "data.dm4", b"first")
    add_measurement(deposit)
    publish(settle(deposit))
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    deposit.refresh_from_db()
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="data.dm4")
    store_file(deposit, "data.dm4", b"second")
    publish(settle(deposit))
    address = f"/api/v1/datasets/{deposit.pk}/files/data.dm4"
    assert remembering.get(address).content == b"second"
    require_remembered(remembering, address, {})
    withdraw_version(dataset_id=deposit.pk, number=2, actor=deposit.owner, reason="Wrong sample.")
    answer = remembering.get(address)
    assert answer.content == b"first"
    assert answer.headers["cache-control"] == "public, no-cache"
    withdraw_version(dataset_id=deposit.pk, number=1, actor=deposit.owner, reason="Wrong sample.")
    assert remembering.get(address).status_code == 410


def test_what_is_public_is_read_without_the_database(remembering: WebClient) -> None:
    version = make_published()
    measurement = version.measurements.get().measurement_id
    for key in ("zarr.json", "c/0/0/0/0"):
        address = f"/api/v1/measurements/{measurement}/signals/data/zarr/{key}"

        def is_left(address: str = address) -> bool:
            assert remembering.get(address).status_code == 200
            # Writes about others, and about what decides nothing, leave it remembered.
            make_ready()
            DepositMember.objects.create(deposit=make_deposit(), user=make_user())
            User.objects.filter(pk=version.published_by_id).update(full_name="Another Name")
            return all(is_remembered(remembering, address, {}) for _ in range(3))

        wait_until(is_left)


def test_sending_and_using_leave_it_remembered(remembering: WebClient) -> None:
    owner = make_user()
    deposit = make_deposit(owner)
    store_file(deposit, "a.raw", b"bytes")
    headers = as_token(make_token(owner))
    address = f"/api/v1/deposits/{deposit.pk}/files/a.raw"
    plan = start_upload(deposit_id=deposit.pk, actor=owner, path="b.raw", size=10)
    assert plan.upload_id is not None
    upload_id = plan.upload_id

    def is_left() -> bool:
        assert remembering.get(address, headers=headers).status_code == 200
        record_offset(upload_id=upload_id, offset=5)
        note_token_use(token=ApiToken.objects.get(user=owner))
        settle(deposit)
        return is_remembered(remembering, address, headers)

    wait_until(is_left)  # not at the first try where another process of this home began to hear just then


def test_a_chunk_of_somebody_who_was_taken_off_is_refused_at_once(remembering: WebClient) -> None:
    owner, co_owner = make_user(), make_user()
    deposit = make_deposit(owner)
    DepositMember.objects.create(deposit=deposit, name=co_owner.username, user=co_owner)
    plan = start_upload(deposit_id=deposit.pk, actor=co_owner, path="a.raw", size=6)
    headers = as_token(make_token(co_owner)) | {
        "Tus-Resumable": "1.0.0",
        "Content-Type": "application/offset+octet-stream",
    }
    address = f"/api/v1/uploads/{plan.upload_id}"
    first = remembering.patch(address, content=b"ab", headers={**headers, "Upload-Offset": "0"})
    assert first.status_code == 204
    remove_member(deposit_id=deposit.pk, actor=owner, username=co_owner.username)
    refused = remembering.patch(address, content=b"cd", headers={**headers, "Upload-Offset": "2"})
    assert refused.status_code == 404


def test_a_token_ends_at_its_time(remembering: WebClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """No write says so: the decision itself does not live longer."""
    import datetime as dt

    from django.utils import timezone

    owner = make_user()
    deposit = make_deposit(owner)
    store_file(deposit, "a.raw", b"bytes")
    headers = as_token(make_token(owner))
    ApiToken.objects.filter(user=owner).update(expiry=timezone.now() + dt.timedelta(seconds=patient(3)))
    address = f"/api/v1/deposits/{deposit.pk}/files/a.raw"
    assert remembering.get(address, headers=headers).status_code == 200
    wait_until(lambda: remembering.get(address, headers=headers).status_code == 401)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("stemma_home")
def test_marks_change_when_the_transaction_ends() -> None:
    """Nobody hears here: what changes them is the writer alone."""
    deposit = make_published().dataset.deposit
    group = marks.find_group(f"deposit:{deposit.pk}")
    known = marks.find_marks()
    assert known is not None
    before = known.pick([group])
    with transaction.atomic():
        deposit.owner = make_user()
        deposit.save()
        assert known.pick([group]) == before, "nobody else sees it yet"
    assert known.pick([group]) != before
    before = known.pick([group])
    with connection.cursor() as cursor:  # without a transaction of its own
        cursor.execute(
            "UPDATE repository_deposit SET owner_id = %s WHERE id = %s", [make_user().pk, deposit.pk]
        )
    assert known.pick([group]) != before


def test_in_the_administration_it_ends_at_once(
    remembering: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, admin = make_user(), make_user(role="admin")
    deposit = make_deposit(owner)
    store_file(deposit, "a.raw", b"bytes")
    headers = as_token(make_token(owner))
    address = f"/api/v1/deposits/{deposit.pk}/files/a.raw"
    assert remembering.get(address, headers=headers).status_code == 200
    from django.conf import settings as django_settings

    remembering.cookies.set(django_settings.SESSION_COOKIE_NAME, open_session(admin))
    form = f"/admin/repository/user/{owner.pk}/change/"
    page = remembering.get(form)
    token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    sent = remembering.post(
        form,
        data={
            "csrfmiddlewaretoken": token,
            "username": owner.username,
            "email": "",
            "role": "depositor",
            "full_name": "",
            "orcid": "",
            "affiliation": "",
            "quota_bytes": "",
        },  # without `is_active`
        headers={"Referer": f"http://127.0.0.1:8000{form}"},
    )
    assert sent.status_code == 302, sent.text
    remembering.cookies.clear()
    assert remembering.get(address, headers=headers).status_code == 401


@settings(
    max_examples=1,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(sorted(WRITES)), st.sampled_from(["worker", "web", "here"])),
        min_size=4,
        max_size=4,
        unique_by=lambda step: step[0],
    )
)
def test_whoever_writes_whatever_all_web_processes_say_the_same(
    steps: list[tuple[str, str]],
    another_web: Process,
    foreign_web: Process,
) -> None:
    check_steps(steps, another_web, foreign_web, every=5)


@pytest.mark.long
@pytest.mark.parametrize("half", [0, 1])
def test_each_kind_of_write_once(
    half: int,
    another_web: Process,
    foreign_web: Process,
) -> None:
    """Writes that leave nothing for others to change come last."""
    names = [*WRITES][half::2]
    for name in names:
        check_steps([(name, ("worker", "web", "here")[len(name) % 3])], another_web, foreign_web)


def check_steps(
    steps: list[tuple[str, str]],
    near: Process,
    far: Process,
    every: int = 1,
) -> None:
    words = build_words()
    all_asks = list_asks(words)
    for process in (near, far):
        process.wait_until_it_hears()
    for step, (write, writer) in enumerate(steps):
        asks = all_asks[step % every :: every]
        expected = near.ask_cold(asks)
        assert near.ask(asks) == expected
        far.wait_until_it_has_heard()
        assert far.ask(asks) == expected
        if writer == "here":
            WRITES[write](words)
        else:  # a worker on the host of `near`, or the foreign web process itself
            (near if writer == "worker" else far).tell(write=write, words=words)
        expected = near.ask_cold(asks)
        first, second = (far, near) if writer == "web" else (near, far)
        assert first.ask(asks) == expected, (write, writer)
        second.wait_until_it_has_heard()
        assert second.ask(asks) == expected, (write, writer)


def test_a_prompt_of_the_database_is_heard_by_every_process(
    another_web: Process, foreign_web: Process
) -> None:
    owner = make_user()
    deposit = make_deposit(owner)
    store_file(deposit, "a.raw", b"bytes")
    asks = [(f"/api/v1/deposits/{deposit.pk}/files/a.raw", as_token(make_token(owner)))]
    for process in (another_web, foreign_web):
        process.wait_until_it_hears()
        assert process.ask(asks)[0][0] == 200
    given_settings = connection.settings_dict
    with psycopg.connect(
        host=given_settings["HOST"],
        port=given_settings["PORT"],
        user=given_settings["USER"],
        password=given_settings["PASSWORD"],
        dbname=given_settings["NAME"],
    ) as prompt:
        prompt.execute("DELETE FROM repository_apitoken WHERE user_id = %s", [owner.pk])
    for process in (another_web, foreign_web):
        wait_until(lambda process=process: process.ask(asks)[0][0] == 401)  # type: ignore[misc]


def test_a_web_process_that_does_not_hear_remembers_nothing(
    remembering: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/api/v1/datasets/{make_published().dataset_id}/files/scan.raw"
    assert remembering.get(address).status_code == 200
    require_remembered(remembering, address, {})
    now = time.monotonic()
    # The database is frozen or the wire cut: nothing is heard, although the connection stands.
    monkeypatch.setattr(time, "monotonic", lambda: now + hearing.LONGEST_SILENCE_S + 5)
    monkeypatch.setattr(hearing._hearing, "_heard_at", now)
    assert not is_remembered(remembering, address, {})
    monkeypatch.undo()


def test_after_a_broken_connection_it_hears_again_and_trusts_nothing_old(
    remembering: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        hearing,
        "log",
        SimpleNamespace(
            warning=lambda event, **_: said.append(event), info=lambda event, **_: said.append(event)
        ),
    )
    address = f"/api/v1/datasets/{make_published().dataset_id}/files/scan.raw"
    assert remembering.get(address).status_code == 200
    known = marks.find_marks()
    assert known is not None
    for times in (1, 2):
        before = known.pick([marks.EVERYTHING])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'SELECT 1%%'"
            )
        wait_until(lambda before=before: known.pick([marks.EVERYTHING]) != before)  # type: ignore[misc]
        wait_until(lambda: hearing.find_heard_marks() is not None)
        assert said == ["hearing_away", "hearing_again"] * times, "the guide sends the operator to these"
        assert remembering.get(address).status_code == 200
        require_remembered(remembering, address, {})


# A version is filled before it is sealed, in one transaction with its row; sealed, the guards let nothing change.
FROZEN = {"repository_versionfile", "repository_versionmeasurement", "repository_dataset"}


def list_readings() -> list[tuple[ByteRoute, reading.Reading[Any, Any]]]:
    """Return every route that remembers what it decided, with its answer."""
    found = [(route, operation.answer) for route in list_byte_routes() for operation in route.operations]
    return [
        (route, answer)
        for route, answer in found
        if isinstance(answer, reading.Reading) and answer.is_remembered
    ]


def test_every_table_that_decides_tells_so(
    web: WebClient,
) -> None:
    """A decision that reads another table fails here until its writes are told."""
    from repository.selectors.uploads import describe_upload

    assert migrations_path
    deciding = list_deciding_tables()
    words = build_words()
    owner = User.objects.get(username=words["co-owner"])
    draft, measurement = words["draft"], words["addresses"][4].split("/")[4]
    plan = start_upload(deposit_id=draft, actor=owner, path="new.raw", size=3)
    with CaptureQueriesContext(connection) as captured:
        for dataset in ("embargoed", "published"):
            named = {
                "deposit_id": draft,
                "dataset_id": words[dataset],
                "measurement_id": measurement,
                "number": 1,
                "name": "data",
                "key": "zarr.json",
                "product": "data.mean_diffraction_pattern",
            }
            for route, answer in list_readings():
                example = {each.name: each.example for each in route.parameters}
                path = "data.dm4" if "{deposit_id}" in route.path else "scan.raw"
                access = answer.who_may.admit(Visitor(owner), example | named | {"path": path})
                answer.find(access, example | named | {"path": path})
        describe_upload(Visitor(owner), str(plan.upload_id))
        text = words["headers"]["owner"]["Authorization"].removeprefix("Token ")
        visitors.recognize(visitors.Credential(token=text), scope="read")
        visitors.recognize(visitors.Credential(session_key=words["session"]), scope="read")
    read = {
        word.strip('"').split('"')[0]
        for query in captured.captured_queries
        for word in query["sql"].replace("(", " ").split()
        if word.startswith(('"repository_', '"django_')) and "." not in word
    }
    assert len(read) > 8
    assert read - deciding - FROZEN == set(), json.dumps(sorted(read))
