"""A walk over every address with words that only their owners may see: nobody else finds one, in no body and no header.

The addresses come from the routes themselves (`test_permission_matrix`, `test_permission_doors`): a new one is walked
as soon as it is placed there, and it cannot be there without being placed.
"""

import datetime as dt
import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest
from django.conf import settings
from django.utils import timezone
from starlette.routing import BaseRoute, Mount, Route

from api.byte_service.routes import build_byte_routes, list_byte_routes
from api.health import build_health_routes
from processing.workflows import sort_deposit
from repository.models import ApiToken, Deposit, DepositMember, Finding, Group, Membership, Upload, User
from repository.schema.findings import Finding as Found
from repository.services.deposits import create_deposit, delete_deposit, update_deposit
from repository.services.findings import replace_findings
from repository.services.instruments import PresetWish, create_instrument, save_presets
from repository.services.publishing import start_new_version
from repository.services.samples import create_sample
from repository.services.sorting import Wish
from repository.services.uploads import start_upload
from repository.services.withdrawal import withdraw_version
from tests.api.conftest import WebClient, as_token, make_token
from tests.api.test_permission_doors import list_below
from tests.api.test_permission_matrix import API_LINES, PAGE_LINES, build_request, list_api_lines
from tests.api.worlds import World, gather_people, open_session
from tests.calibrations import make_calibration
from tests.deposits import add_measurement, publish, settle
from tests.factories import DATASET, make_user, store_file

PRIVATE = "private, no-store"
STATES = (
    "draft",
    pytest.param("next", marks=pytest.mark.long),
    pytest.param("embargoed", marks=pytest.mark.long),
    "private",
    pytest.param("restricted", marks=pytest.mark.long),
    pytest.param("withdrawn", marks=pytest.mark.long),
    pytest.param("deleted", marks=pytest.mark.long),
)
MAY_BE_AWAY = ("/readyz",)  # parts
MAY_BE_TAKEN = {"POST", "PATCH", "DELETE", "HEAD"}


@dataclass
class Secrets:
    """A deposit in one state, the words that address it, and what nobody but its owners may read there."""

    owner: User
    words: dict[str, str]
    texts: set[str]
    unlisted: set[str]
    """What lists, search and sitemap do not name, although its own address tells it."""


def make_canary() -> str:
    return f"canary{uuid.uuid4().hex[:16]}"


def describe(title: str) -> dict[str, Any]:
    """Return a description of which every text is a word of its own."""
    return {
        **DATASET,
        "title": f"{title} of something",
        "abstract": f"{make_canary()} " + str(DATASET["abstract"]),
        "creators": [{"name": f"{make_canary()}, Marie"}],
        "keywords": [make_canary()],
    }


def list_texts(described: dict[str, Any]) -> set[str]:
    return set(re.findall(r"canary[0-9a-f]{16}", str(described)))


def build_secrets(state: str) -> Secrets:
    """Bring a deposit into a state, with canaries wherever a person writes."""
    owner, title, path = make_user(make_canary()), make_canary(), f"{make_canary()}.raw"
    described = describe(title)
    if state == "embargoed":
        until = (timezone.now() + dt.timedelta(days=90)).date().isoformat()
        described |= {"access": "embargoed", "embargo_until": until}
    elif state == "restricted":
        described |= {"access": "restricted"}
    if state == "next":
        described = {**DATASET, "title": "What is public already"}
    if state == "private":
        return build_private(owner, path)
    deposit = create_deposit(owner=owner, document={"dataset": described})
    measurement = add_measurement(deposit, "scan.raw" if state == "next" else path)
    content = f"frames of {'scan.raw' if state == 'next' else path}"
    digest = measurement.primary_file.sha256
    secrets = {content}
    if state in {"draft", "deleted"}:
        secrets |= list_texts(described) | {path, digest, owner.username, title}
    else:
        publish(settle(deposit))
        deposit.refresh_from_db()
    if state == "next":
        # What is written for the next version is as private as a first draft.
        start_new_version(deposit_id=deposit.pk, actor=owner)
        described = describe(title)
        update_deposit(deposit_id=deposit.pk, actor=owner, patch={"dataset": described})
        deposit.refresh_from_db()
        secrets = list_texts(described) | {title, path, store_file(deposit, path, b"of the next").sha256}
    if state == "withdrawn":
        withdraw_version(dataset_id=deposit.pk, number=1, actor=owner, reason="Wrong sample.")
    words = collect_words(deposit, owner, measurement.pk, path, digest)
    if state == "deleted":
        delete_deposit(deposit_id=deposit.pk, actor=owner)
    unlisted = {title, deposit.pk} if state in {"draft", "deleted", "withdrawn"} else set()
    return Secrets(owner, words, secrets, unlisted)


def build_private(owner: User, path: str) -> Secrets:
    """Publish a measurement and keep another one private, to which the published one and findings refer."""
    links = [{"role": "dark_reference", "target": path}]
    supplied = {
        "dataset": DATASET,
        "measurements": {"scan.raw": {"links": links}, path: {"title": make_canary()}},
    }
    deposit = create_deposit(owner=owner, document=supplied)
    scan = add_measurement(deposit, "scan.raw")
    hidden = add_measurement(deposit, path, sample={"name": make_canary()})
    told = Found("info", "odd", f"scan.raw is recorded like {path}.", layer="file")
    replace_findings(deposit=deposit, stage=Finding.Stage.READING, measurement=scan, found=[told])
    settle(deposit)
    wish = Wish("private", measurements=(hidden.pk,))
    sort_deposit(deposit_id=deposit.pk, actor=owner, wishes=[wish])
    deposit.refresh_from_db()
    hidden.refresh_from_db()
    publish(deposit)
    digests = {hidden.primary_file.sha256, hidden.products.get(kind="preview").digest}
    secrets = {path, f"frames of {path}", *digests, *list_texts(hidden.document), *list_texts(supplied)}
    words = collect_words(deposit, owner, hidden.pk, path, hidden.primary_file.sha256)
    return Secrets(owner, words, secrets, {hidden.pk})


def collect_words(deposit: Deposit, owner: User, measurement: str, path: str, digest: str) -> dict[str, str]:
    upload = str(uuid.uuid4())
    if deposit.state == "draft":
        plan = start_upload(deposit_id=deposit.pk, actor=owner, path="under-way.raw", size=9)
        upload = str(plan.upload_id)
    return {
        "deposit_id": deposit.pk,
        "dataset_id": deposit.pk,
        "number": "1",
        "path": path,
        "measurement_id": measurement,
        "username": owner.username,
        "name": "data",
        "key": "zarr.json",
        "product": "data.mean_diffraction_pattern",
        "upload_id": upload,
        "job_id": str(uuid.uuid4()),
        "change_id": str(uuid.uuid4()),
        **collect_shares(owner, path),
        "version": "1.0.0",
        "doi": f"10.5072/{deposit.pk}",
        "export": "jsonld",
        "ending": "none",
        "guide": "planner",
        "field_group": "beam",
        "field": "defocus",
        "sha256": digest,
    }


def collect_shares(owner: User, word: str) -> dict[str, str]:
    """Return the words that address what the owner shares with a group, each named by a secret word."""
    group = Group.objects.create(name=f"Group of {word}", created_by=owner)
    Membership.objects.create(group=group, user=owner, role=Membership.Role.MANAGER)
    fields = {"name": f"Record of {word}", "group": group.pk}
    instrument = create_instrument(actor=owner, fields=fields)
    preset = PresetWish(word, dt.date(2025, 1, 1), None, {}, {"monochromated": False})
    save_presets(instrument_id=instrument.pk, actor=owner, wishes=[preset])
    return {
        "group_id": group.pk,
        "instrument_id": instrument.pk,
        "preset_id": instrument.presets.get().pk,
        "calibration_id": make_calibration(owner, record=instrument, name=f"Scale of {word}").series,
        "calibration_number": "1",
        "sample_id": create_sample(actor=owner, fields=fields).pk,
        "invitation_id": str(uuid.uuid4()),
        "link_id": str(uuid.uuid4()),
    }


def list_addresses(secrets: Secrets) -> list[str]:
    """Return every address that can be read, filled with the words of the deposit, and the ways to look for it."""
    words = secrets.words
    record = {"name": "record.json"}
    found = {
        line.route.format(**{**line.words, **words, **(record if line.route.endswith("}/{name}") else {})})
        + ("?" + urlencode(line.query) if line.query else "")
        for line in (*list_api_lines(), *PAGE_LINES)
        if line.method == "GET"
    }
    dataset = words["dataset_id"]
    found |= {f"/datasets/{dataset}?version={number}" for number in (1, 2)}
    found |= {f"/doi/{words['doi']}.v{number}" for number in (1, 2)}
    found |= {f"/api/v1/datasets/{dataset}/versions/2/", f"/api/v1/datasets/{dataset}/versions/2/zip"}
    found |= {f"/api/v1/datasets/{dataset}/versions/2/files/{words['path']}"}
    for word in (*sorted(secrets.texts)[:3], words["sha256"], dataset, words["doi"]):
        found |= {f"/search?q={quote(word)}", f"/api/v1/search/?q={quote(word)}"}
    found |= {"/healthz", "/readyz", "/metrics", "/static/logo.svg", "/no/such/page"}
    found |= {f"/admin/repository/{name}/" for name in ("deposit", "datasetversion", "auditevent", "user")}
    found |= set(list_below("accounts/"))
    return sorted(found)


def list_visitors(secrets: Secrets) -> dict[str, dict[str, str]]:
    """Return what each visitor sends who is none of the owners, or was one, or sends what is worth nothing."""
    other = make_user()
    ended = as_token(make_token(secrets.owner))
    newest = ApiToken.objects.order_by("-created")[0]
    ApiToken.objects.filter(pk=newest.pk).update(expiry=timezone.now() - dt.timedelta(days=1))
    inactive = make_user()
    asleep, session = as_token(make_token(inactive)), open_session(inactive)
    if Deposit.objects.filter(pk=secrets.words["deposit_id"]).exists():
        DepositMember.objects.create(
            deposit_id=secrets.words["deposit_id"], name=inactive.username, user=inactive
        )
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    visitors = {
        "stranger": {},
        "other": as_token(make_token(other)),
        "other's session": {"Cookie": f"{settings.SESSION_COOKIE_NAME}={open_session(other)}"},
        "expired token": ended,
        "deactivated co-owner": asleep,
        "session of a deactivated co-owner": {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"},
        "no token": {"Authorization": "Token stemma_nothing"},
    }
    # Tokens of the owner that may do one thing each, and not read.
    return visitors | {
        f"token for {scope}": as_token(make_token(secrets.owner, scope))
        for scope in ApiToken.SCOPES
        if scope != "read"
    }


FEW = ("stranger", "other's session", "token for publish")
"""Who is asked for where no word of the deposit stands in the address: everybody else sees the same there."""


LISTS = ("/search", "/api/v1/search/", "/api/v1/datasets/", "/sitemap.xml", "/")


def find_leaks(secrets: Secrets, address: str, answer: Any) -> list[str]:
    """Return which secrets stand in an answer that were not in the question."""
    asked = unquote(address)
    body = answer.content
    told = body.decode("utf-8", "replace") + " ".join(
        f"{key}: {value}" for key, value in answer.headers.items()
    )
    hidden = set(secrets.texts)
    if asked.split("?")[0] in LISTS:
        hidden |= secrets.unlisted
    return sorted(secret for secret in hidden if secret in told and secret not in asked)


@pytest.mark.parametrize("state", STATES)
def test_nobody_else_finds_a_word(web: WebClient, state: str) -> None:
    secrets = build_secrets(state)
    assert secrets.texts
    visitors = list_visitors(secrets)
    wrong = []
    for address in list_addresses(secrets):
        is_about_it = any(word in address for word in secrets.words.values() if len(word) > 8)
        for visitor in visitors if is_about_it else FEW:
            web.cookies.clear()
            answer = web.get(address, headers=visitors[visitor])
            wrong += [f"{address} tells {visitor} {leak}" for leak in find_leaks(secrets, address, answer)]
            if answer.status_code >= 500 and not address.startswith(MAY_BE_AWAY):
                wrong.append(f"{address} {visitor}: {answer.status_code}")
            is_kept = answer.headers["cache-control"] != PRIVATE
            if is_kept and answer.status_code not in {200, 410}:
                wrong.append(f"{address} {visitor}: a {answer.status_code} may be kept")
            is_its_own = secrets.words["deposit_id"] in address.split("?")[0]
            if is_kept and state in {"draft", "deleted"} and is_its_own:
                wrong.append(f"{address} {visitor}: may be kept")
    web.cookies.clear()
    assert wrong == [], "\n".join(wrong)


def test_its_owners_do_find_them(web: WebClient) -> None:
    """The walk would pass if nothing were told to anybody."""
    secrets = build_secrets("draft")
    headers = as_token(make_token(secrets.owner))
    deposit = secrets.words["deposit_id"]
    told = web.get(f"/api/v1/deposits/{deposit}/", headers=headers).text
    told += web.get(f"/api/v1/deposits/{deposit}/files/{secrets.words['path']}", headers=headers).text
    assert {secret for secret in secrets.texts if secret not in told} == set()


def test_a_deleted_draft_is_gone_for_everybody(web: WebClient) -> None:
    secrets = build_secrets("deleted")
    people = gather_people()
    visitors = {"owner": as_token(make_token(secrets.owner)), "admin": people.headers["admin"]}
    wrong = []
    for address in list_addresses(secrets):
        if not any(secrets.words[key] in address for key in ("deposit_id", "measurement_id", "upload_id")):
            continue
        if "/search" in address:
            continue
        for visitor, headers in visitors.items():
            answer = web.get(address, headers=headers)
            # A page sends a token to sign in.
            is_page = address.startswith("/deposits/") or address.endswith("/correct")
            if answer.status_code not in ({302} if is_page else {404}):
                wrong.append(f"{address} {visitor}: {answer.status_code}")
    assert wrong == []
    assert not Upload.objects.filter(pk=secrets.words["upload_id"]).exists()


NEEDS = {"publish/": "publish", "withdraw/": "publish", "revisions/": "publish"}
"""The scope with which a write succeeds; all others need `deposit`."""


@pytest.mark.parametrize("state", ["draft", pytest.param("embargoed", marks=pytest.mark.long)])
def test_each_scope_alone_writes_nothing_that_it_does_not_name(web: WebClient, state: str) -> None:
    secrets = build_secrets(state)
    world = World(state, gather_people(), secrets.words, [])
    tokens = {scope: as_token(make_token(secrets.owner, scope)) for scope in ApiToken.SCOPES}
    lines = [line for line in API_LINES if line.method in MAY_BE_TAKEN]
    before = web.get(
        f"/api/v1/deposits/{secrets.words['deposit_id']}/", headers=as_token(make_token(secrets.owner))
    ).headers["etag"]
    wrong = []
    for line in lines:
        needed = next((scope for ending, scope in NEEDS.items() if line.route.endswith(ending)), "deposit")
        for scope, headers in tokens.items():
            if scope == needed:
                continue
            request = build_request(line, world)
            request["headers"] = {**request.get("headers", {}), **headers}
            answer = web.request(line.method, line.route.format(**{**line.words, **secrets.words}), **request)
            if answer.status_code not in {401, 403}:
                wrong.append(f"{line.method} {line.route} with {scope}: {answer.status_code}")
    assert wrong == []
    kept = web.get(
        f"/api/v1/deposits/{secrets.words['deposit_id']}/", headers=as_token(make_token(secrets.owner))
    )
    assert kept.headers["etag"] == before


def test_every_door_of_the_web_process_is_placed() -> None:
    """What stands beside Django: health, byte routes, front-end files, and Django for all the rest."""
    from project.asgi import web as process

    def name(route: BaseRoute) -> str:
        assert isinstance(route, Route | Mount)
        return route.path

    own = (*build_health_routes(), *build_byte_routes(list_byte_routes()))
    placed = {name(route) for route in own} | {"/static", ""}
    assert {name(route) for route in process.routes} == placed
