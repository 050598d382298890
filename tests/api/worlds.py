"""One deposit in each state of its life, with everybody who may ask for it."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone

from repository.models import (
    ApiToken,
    Deposit,
    DepositMember,
    Group,
    Job,
    Measurement,
    Membership,
    Upload,
    User,
)
from repository.schema.identifiers import generate_id
from repository.services.answer_writes import Wish
from repository.services.answers import write_answers
from repository.services.instruments import PresetWish, create_instrument, save_presets
from repository.services.invitations import invite_to_deposit, invite_to_group
from repository.services.reviewer_links import create_reviewer_link
from repository.services.samples import create_sample
from repository.services.storage import upload_file
from repository.services.uploads import complete_upload, start_upload
from repository.services.withdrawal import withdraw_version
from tests.api.conftest import as_token, make_token
from tests.calibrations import make_calibration
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit, make_user, store_bytes

STATES = ("draft", "ready", "open", "embargoed", "withdrawn")
# Each state asks some hundreds of addresses of ten roles; what a draft and what is public answers, every gate asks.
OF_EVERY_GATE = {"draft", "open"}
ASKED_STATES = [
    state if state in OF_EVERY_GATE else pytest.param(state, marks=pytest.mark.long) for state in STATES
]
PATH = "scan.raw"
PENDING = b"half of it"


@dataclass(frozen=True, slots=True)
class People:
    """Accounts by role, with what each sends to say who it is."""

    users: Mapping[str, User]
    headers: Mapping[str, dict[str, str]]
    sessions: Mapping[str, str]


@dataclass(slots=True)
class World:
    """A deposit in one state and the words that address its parts."""

    state: str
    people: People
    words: dict[str, str] = field(default_factory=dict)
    warnings: list[dict[str, str]] = field(default_factory=list)


def gather_people() -> People:
    """Return one person for each role; `reader` and `expired` are tokens of the owner."""
    users = {
        "other": make_user(),
        "owner": make_user(),
        "co-owner": make_user(),
        "viewer": make_user(),
        "editor": make_user(),
        "curator": make_user(role="curator"),
        "admin": make_user(role="admin"),
    }
    headers = {role: as_token(make_token(user)) for role, user in users.items()}
    headers |= {
        "stranger": {},
        "reader": as_token(make_token(users["owner"], "read")),
        "expired": as_token(make_token(users["owner"])),
    }
    newest = ApiToken.objects.order_by("-created")[0]
    ApiToken.objects.filter(pk=newest.pk).update(expiry=timezone.now() - dt.timedelta(days=1))
    return People(users, headers, {role: open_session(user) for role, user in users.items()})


def open_session(user: User) -> str:
    """Return the key of a browser session."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def build_world(state: str, people: People) -> World:
    """Bring a new deposit into a state, through the services."""
    embargo = {
        "access": "embargoed",
        "embargo_until": (timezone.now() + dt.timedelta(days=90)).date().isoformat(),
    }
    deposit = make_deposit(people.users["owner"], **(embargo if state == "embargoed" else {}))
    for name, role in (("co-owner", "publish"), ("viewer", "view"), ("editor", "edit")):
        user = people.users[name]
        DepositMember.objects.create(deposit=deposit, name=user.username, user=user, role=role)
    upload = _upload(deposit, people.users["owner"], is_whole=state != "draft")
    measurement = add_measurement(deposit, "second.raw")
    job = Job.objects.create(kind="test", target=deposit.pk, deposit=deposit, state="done")
    answered = write_answers(
        deposit_id=deposit.pk,
        actor=people.users["owner"],
        wishes=[Wish(field="notes", level="all", act="value", value="A quiet night.")],
    )
    world = World(state, people)
    if state != "draft":
        settle(deposit)
        codes = deposit.findings.filter(severity="warning").values_list("code", flat=True)
        world.warnings = [{"code": code} for code in sorted(set(codes))]
    if state in {"open", "embargoed", "withdrawn"}:
        publish(deposit)
    if state == "withdrawn":
        withdraw_version(dataset_id=deposit.pk, number=1, actor=deposit.owner, reason="Wrong sample.")
    world.words = {
        **_name_parts(deposit, measurement),
        **_name_shares(people, deposit),
        **_keep_records(people),
        "upload_id": str(upload.pk),
        "job_id": str(job.pk),
        "change_id": str(answered.id),
    }
    return world


def _name_parts(deposit: Deposit, measurement: Measurement) -> dict[str, str]:
    """Return the words that address a deposit, what it becomes, and its measurement."""
    return {
        "deposit_id": deposit.pk,
        "dataset_id": deposit.pk,
        "number": "1",
        "path": "second.raw",
        "measurement_id": measurement.pk,
        "name": "data",
        "key": "zarr.json",
        "product": "data.mean_diffraction_pattern",
        "version": "1.0.0",
        "doi": f"10.5072/{deposit.pk}",
        "export": "jsonld",
        "ending": "none",
        "sha256": measurement.primary_file.sha256,
    }


def _name_shares(people: People, deposit: Deposit) -> dict[str, str]:
    """Return the words that address a group, a link, and invitations of somebody who has no account."""
    owner, group, asked = people.users["owner"], _make_group(people), "somebody@example.org"
    to_group = invite_to_group(group_id=group.pk, actor=owner, address=asked, role="member")
    to_deposit = invite_to_deposit(deposit_id=deposit.pk, actor=owner, address=asked, role="view")
    day = dt.timedelta(days=1)
    link, _ = create_reviewer_link(deposit_id=deposit.pk, actor=owner, label="Reviewers", lifetime=day)
    return {
        "username": people.users["co-owner"].username,
        "group_id": group.pk,
        "group_invitation_id": str(to_group.pk),
        "invitation_id": str(to_deposit.pk),
        "link_id": str(link.pk),
    }


def _make_group(people: People) -> Group:
    """Return a group that the owner manages and of which the co-owner is a member; one that is there is put right."""
    owner = people.users["owner"]
    group = Group.objects.filter(created_by=owner, closed_at=None).first()
    group = group or Group.objects.create(name=f"Laboratory {generate_id()}", created_by=owner)
    for role, user in (("manager", owner), ("member", people.users["co-owner"])):
        Membership.objects.update_or_create(group=group, user=user, defaults={"role": role})
    return group


def _keep_records(people: People) -> dict[str, str]:
    """Return the ids of records that the owner keeps with a group, in which the co-owner is a member."""
    owner = people.users["owner"]
    fields = {"name": generate_id(), "group": _make_group(people).pk}
    instrument = create_instrument(actor=owner, fields=fields)
    preset = PresetWish("a", dt.date(2025, 1, 1), None, {}, {"monochromated": False})
    save_presets(instrument_id=instrument.pk, actor=owner, wishes=[preset])
    return {
        "instrument_id": instrument.pk,
        "preset_id": instrument.presets.get().pk,
        "calibration_id": make_calibration(owner, record=instrument).series,
        "calibration_number": "1",
        "sample_id": create_sample(actor=owner, fields=fields).pk,
    }


def _upload(deposit: Deposit, owner: User, *, is_whole: bool) -> Upload:
    """Return a transfer of which half, or all, has arrived."""
    plan = start_upload(deposit_id=deposit.pk, actor=owner, path=PATH, size=2 * len(PENDING))
    upload_id = plan.upload_id or uuid.UUID(int=0)
    upload_file(upload_id).write_bytes(PENDING * (2 if is_whole else 1))
    if is_whole:
        sha256, _ = store_bytes(PENDING * 2)
        complete_upload(upload_id=upload_id, sha256=sha256)
    return Upload.objects.get(pk=upload_id)
