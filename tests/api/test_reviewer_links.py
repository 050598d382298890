"""Links for reviewers: somebody without an account reads one draft, changes nothing, and no longer than was said."""

import datetime as dt
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from repository.models import AuditEvent, Deposit, Finding, Measurement, ReviewerLink
from repository.models.reviewer_link import digest_key
from repository.services.deposits import update_deposit
from tests.api.conftest import WebClient, as_token, make_token
from tests.deposits import add_measurement, make_ready, publish, settle
from tests.factories import make_deposit


def open_link(web: WebClient, url: str) -> Any:
    """Follow a link as a browser does that knows nothing yet."""
    web.cookies.clear()
    return web.get("/" + url.split("/", 3)[3])


def list_addresses(deposit: Deposit) -> tuple[str, ...]:
    """Return a page, descriptions, a file, an array and a picture of a draft."""
    measurement = deposit.measurements.get()
    return (
        f"/deposits/{deposit.pk}",
        f"/api/v1/deposits/{deposit.pk}/",
        f"/api/v1/deposits/{deposit.pk}/files/{measurement.primary_file.path}",
        f"/api/v1/measurements/{measurement.pk}/",
        f"/api/v1/measurements/{measurement.pk}/signals/data/zarr/zarr.json",
        f"/api/v1/measurements/{measurement.pk}/reductions/data.mean_diffraction_pattern/preview.png",
    )


def make_link(web: WebClient, deposit: Deposit, **more: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Return what the owner is told of a new link, and the header of who has it."""
    web.cookies.clear()
    owner = as_token(make_token(deposit.owner))
    body = {"for_whom": "Reviewers", **more}
    made = web.post(f"/api/v1/deposits/{deposit.pk}/links/", headers=owner, json=body)
    assert made.status_code == 201
    return made.json(), {"Cookie": made.json()["cookie"]}


def list_links(web: WebClient, deposit: Deposit) -> list[Any]:
    web.cookies.clear()
    owner = as_token(make_token(deposit.owner))
    links: list[Any] = web.get(f"/api/v1/deposits/{deposit.pk}/sharing/", headers=owner).json()["links"]
    return links


def test_following_a_link_leaves_its_key_in_a_cookie_and_nowhere_else(web: WebClient) -> None:
    deposit = make_deposit()
    made, _ = make_link(web, deposit, days=30)
    key = made["url"].rpartition("/")[2]
    assert made["cookie"] == f"stemma_grants=link:{key}"
    rows = json.dumps([*ReviewerLink.objects.values(), *AuditEvent.objects.values()], cls=DjangoJSONEncoder)
    assert key not in rows
    assert digest_key(key) in rows
    opened = open_link(web, made["url"])
    assert (opened.status_code, opened.headers["location"]) == (302, f"/deposits/{deposit.pk}")
    said = opened.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=Lax" in said
    assert 29 * 86400 < int(said.split("Max-Age=")[1].split(";")[0]) <= 30 * 86400
    assert opened.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in opened.headers["x-robots-tag"]
    second, _ = make_link(web, make_deposit())
    web.cookies.set("stemma_grants", f"link:{key}")
    both = web.get("/" + second["url"].split("/", 3)[3]).headers["set-cookie"]
    assert f"link:{second['url'].rpartition('/')[2]}.link:{key};" in both


def test_a_link_opens_one_draft_for_reading_until_it_is_taken_back(web: WebClient) -> None:
    deposit, other = make_ready(), make_ready()
    made, bearer = make_link(web, deposit)
    for address in list_addresses(deposit):
        answer = web.get(address, headers=bearer)
        assert answer.status_code == 200, address
        assert answer.headers["cache-control"] == "private, no-store"
        assert "noindex" in answer.headers["x-robots-tag"], address
        assert web.get(address).status_code in {302, 401, 404}, address
    page = web.get(f"/deposits/{deposit.pk}", headers=bearer).text
    assert "by a link" in page
    assert "/sharing" not in page
    for method, place, body in (
        ("PATCH", "", {"acknowledged_warnings": []}),
        ("POST", "links/", {"for_whom": "More"}),
        ("POST", "publish/", {}),
        ("DELETE", "", None),
    ):
        refused = web.request(method, f"/api/v1/deposits/{deposit.pk}/{place}", headers=bearer, json=body)
        assert refused.status_code in {401, 403}, place
    assert web.get(f"/deposits/{other.pk}", headers=bearer).status_code == 404
    assert web.get(f"/api/v1/deposits/{other.pk}/", headers=bearer).status_code == 404
    assert deposit.pk not in web.get("/search", headers=bearer).text
    open_link(web, made["url"])
    open_link(web, made["url"])  # again within the minute: once in the log
    assert [(one["for_whom"], one["state"], one["openings"]) for one in list_links(web, deposit)] == [
        ("Reviewers", "good", 1)
    ]
    owner = as_token(make_token(deposit.owner))
    end = f"/api/v1/deposits/{deposit.pk}/links/{made['id']}/"
    assert web.request("DELETE", end, headers=owner).status_code == 204
    for address in list_addresses(deposit):
        assert web.get(address, headers=bearer).status_code in {302, 401, 404}, address
    gone = open_link(web, made["url"])
    assert gone.status_code == 404
    assert "set-cookie" not in gone.headers
    unknown = open_link(web, "http://x/shared/" + "a" * 43)
    assert unknown.text == gone.text, "a guess and a link that was ended cannot be told apart"
    assert open_link(web, "http://x/shared/" + "a" * 5000).status_code == 404
    assert [one["state"] for one in list_links(web, deposit)] == ["revoked"]
    actions = AuditEvent.objects.filter(target=deposit.pk, action__startswith="link.").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["link.create", "link.open", "link.revoke"]


def test_a_link_ends_by_itself_and_reads_what_is_under_embargo_until_then(web: WebClient) -> None:
    deposit = make_ready()
    until = (timezone.now() + dt.timedelta(days=90)).date().isoformat()
    patch = {"dataset": {"access": "embargoed", "embargo_until": until}}
    update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch=patch)
    deposit.refresh_from_db()
    publish(deposit)
    made, bearer = make_link(web, deposit)
    assert open_link(web, made["url"]).headers["location"] == f"/datasets/{deposit.pk}"
    web.cookies.clear()
    array = f"/api/v1/measurements/{deposit.measurements.get().pk}/signals/data/zarr/zarr.json"
    assert web.get(array).status_code == 403
    assert web.get(array, headers=bearer).status_code == 200
    now = timezone.now()
    ReviewerLink.objects.update(created_at=now - dt.timedelta(days=2), expires_at=now - dt.timedelta(days=1))
    assert web.get(array, headers=bearer).status_code == 403
    assert open_link(web, made["url"]).status_code == 404
    assert [one["state"] for one in list_links(web, deposit)] == ["over"]


def test_a_link_says_for_whom_and_for_how_long(web: WebClient) -> None:
    deposit = make_deposit()
    owner = as_token(make_token(deposit.owner))
    address = f"/api/v1/deposits/{deposit.pk}/links/"
    for body, pointer in (
        ({"for_whom": " \n "}, "/for_whom"),
        ({"for_whom": "x" * 101}, "/for_whom"),
        ({"for_whom": "Reviewers", "days": 0}, "/days"),
        ({"for_whom": "Reviewers", "days": 400}, "/days"),
        ({}, "/for_whom"),
    ):
        refused = web.post(address, headers=owner, json=body)
        assert refused.status_code in {400, 422}, body
        assert refused.json()["pointer"] == pointer
    assert not ReviewerLink.objects.exists()


def test_what_the_checks_found_in_a_draft_is_not_for_who_reads_by_a_link(web: WebClient) -> None:
    deposit = make_ready()
    measurement = deposit.measurements.get()
    secret = "Only the owner hears of this."
    Finding.objects.create(
        deposit=deposit,
        measurement=measurement,
        stage="validation",
        layer="structure",
        severity="warning",
        code="told_to_owners",
        message=secret,
    )
    Measurement.objects.filter(pk=measurement.pk).update(
        cells={
            **measurement.cells,
            "probe_current": {"state": "conflict", "text": "50 pA", "problem": secret},
        }
    )
    _, bearer = make_link(web, deposit)
    web.cookies.clear()
    owner = as_token(make_token(deposit.owner))
    addresses = (
        f"/deposits/{deposit.pk}",
        f"/api/v1/deposits/{deposit.pk}/",
        f"/api/v1/deposits/{deposit.pk}/validation/",
        f"/api/v1/deposits/{deposit.pk}/table/?field=probe_current",
        f"/api/v1/measurements/{measurement.pk}/",
        f"/api/v1/measurements/{measurement.pk}/findings/",
    )
    for address in addresses:
        shown = web.get(address, headers=bearer)
        assert shown.status_code == 200, address
        assert secret not in shown.text, address
        assert "told_to_owners" not in shown.text, address
        web.cookies.clear()
        if address.startswith("/api/"):
            assert secret in web.get(address, headers=owner).text, address


def test_who_reads_by_a_link_is_not_told_what_waits(web: WebClient) -> None:
    """What is still asked is the owners' until it is published: in rows, sums, groups and counts alike."""
    deposit = make_deposit()
    for path, technique in (("scan.raw", "four_d_stem"), ("image.raw", "annular")):
        add_measurement(deposit, path, technique=[technique])
    against_headers = {"defaults": {"acceleration_voltage": "200 kV"}}
    update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch=against_headers)
    deposit = settle(Deposit.objects.get(pk=deposit.pk))
    address = f"/api/v1/deposits/{deposit.pk}/table/"
    waits = web.get(address, headers=as_token(make_token(deposit.owner))).json()
    assert waits["n_needed"]
    assert any(column["sums"]["conflicts"] for column in waits["columns"])
    _, bearer = make_link(web, deposit)
    read = web.get(address, headers=bearer).json()
    assert (read["n_needed"], read["n_waiting"], read["count"]) == (0, 0, 2)
    sums = [column["sums"] for part in ("columns", "same", "helpful") for column in read[part]]
    sums += [one for group in read["groups"] for one in group["sums"].values()]
    assert not [one for one in sums if one["needed"] or one["conflicts"] or one["not_understood"]]
    states = {cell["state"] for row in read["rows"] for cell in row["cells"].values()}
    assert states <= {"value", "empty", "not_recorded"}
