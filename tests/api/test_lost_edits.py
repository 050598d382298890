"""Nobody's answers are lost: changes merge field by field, and who was slower learns what is there now."""

import json
import threading
from typing import Any

import pytest
from django.db import connection

from repository.models import Deposit, DepositEdit, DepositMember, User
from repository.services import edits
from repository.services.deposits import update_deposit
from repository.services.publishing import start_new_version
from tests.api.conftest import WebClient, as_token, make_token
from tests.api.worlds import open_session
from tests.deposits import make_published, make_ready
from tests.factories import make_deposit, make_user
from tests.patience import patient

TYPES = ("application/json", "application/merge-patch+json", "application/merge-patch+json; charset=utf-8")


@pytest.fixture
def owner(web: WebClient) -> User:
    return make_user("marie")


@pytest.fixture
def headers(owner: User) -> dict[str, str]:
    return as_token(make_token(owner))


def patch(web: WebClient, address: str, body: Any, headers: dict[str, str], **more: str) -> Any:
    sent = {
        "Content-Type": TYPES[0],
        **headers,
        **{key.replace("_", "-"): value for key, value in more.items()},
    }
    return web.patch(address, content=json.dumps(body), headers=sent)


def begin(web: WebClient, headers: dict[str, str], **dataset: Any) -> str:
    made = web.post("/api/v1/deposits/", json={"metadata": {"dataset": dataset}}, headers=headers)
    return f"/api/v1/deposits/{made.json()['id']}/"


@pytest.mark.parametrize("media_type", TYPES)
def test_a_field_that_is_not_named_stays(web: WebClient, headers: dict[str, str], media_type: str) -> None:
    address = begin(web, headers)
    first = {"metadata": {"dataset": {"title": "A", "abstract": "x"}}}
    assert patch(web, address, first, headers, Content_Type=media_type).status_code == 200
    answer = patch(web, address, {"metadata": {"dataset": {"title": "B"}}}, headers, Content_Type=media_type)
    assert answer.status_code == 200
    assert answer.json()["metadata"] == {"dataset": {"title": "B", "abstract": "x"}}
    assert answer.json()["title"] == "B"
    assert answer.headers["etag"] == web.get(address, headers=headers).headers["etag"]


@pytest.mark.parametrize("body", ["[]", "null", ""])
def test_a_body_that_is_no_object_is_refused(web: WebClient, headers: dict[str, str], body: str) -> None:
    address = begin(web, headers, title="A")
    former = web.get(address, headers=headers)
    answer = web.patch(address, content=body, headers={**headers, "Content-Type": TYPES[0]})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "must be a JSON object" in answer.text
    assert web.get(address, headers=headers).headers["etag"] == former.headers["etag"]


def test_a_patch_that_changes_nothing_makes_no_revision(web: WebClient, headers: dict[str, str]) -> None:
    address = begin(web, headers, title="A")
    known = {"acknowledged_warnings": [{"code": "case_twin", "note": "meant"}]}
    etag = patch(web, address, known, headers).headers["etag"]
    nothing_new: list[Any] = [{}, {"metadata": {}}, {"metadata": {"dataset": {"title": "A"}}}, known]
    for body in nothing_new:
        answer = patch(web, address, body, headers)
        assert (answer.status_code, answer.headers["etag"]) == (200, etag), body
    assert patch(web, address, {"acknowledged_warnings": []}, headers).headers["etag"] != etag


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"dataset": {"abstract": None}}, {"dataset": {"title": "A", "keywords": ["a", "b"]}}),
        (
            {"dataset": {"keywords": ["c"]}},
            {"dataset": {"title": "A", "abstract": "x", "keywords": ["c"]}},
        ),
        (
            {"defaults": {"sample": {"name": "MoS2"}}},
            {
                "dataset": {"title": "A", "abstract": "x", "keywords": ["a", "b"]},
                "defaults": {"sample": {"name": "MoS2"}},
            },
        ),
        ({"dataset": None}, {}),
        (None, {}),
        ({}, {"dataset": {"title": "A", "abstract": "x", "keywords": ["a", "b"]}}),
    ],
)
def test_null_removes_and_lists_are_replaced(
    web: WebClient, headers: dict[str, str], body: Any, expected: Any
) -> None:
    address = begin(web, headers, title="A", abstract="x", keywords=["a", "b"])
    answer = patch(web, address, {"metadata": body}, headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["metadata"] == expected


def test_acknowledgements_alone_leave_the_document_and_the_other_way_round(
    web: WebClient, headers: dict[str, str]
) -> None:
    address = begin(web, headers, title="A")
    known = {"acknowledged_warnings": [{"code": "case_twin", "note": "meant"}]}
    assert patch(web, address, known, headers).json()["metadata"] == {"dataset": {"title": "A"}}
    told = patch(web, address, {"metadata": {"dataset": {"abstract": "x"}}}, headers).json()
    assert [entry["code"] for entry in told["accepted_warnings"]] == ["case_twin"]
    assert patch(web, address, {"acknowledged_warnings": None}, headers).json()["accepted_warnings"] == []


def test_what_merges_into_nonsense_is_refused_whole(web: WebClient, headers: dict[str, str]) -> None:
    address = begin(web, headers, title="A")
    refused = patch(web, address, {"metadata": {"dataste": {"title": "B"}}}, headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_metadata")
    assert web.get(address, headers=headers).json()["metadata"] == {"dataset": {"title": "A"}}
    other = patch(web, address, {}, headers, Content_Type="text/plain")
    assert other.status_code == 415


def test_who_was_slower_learns_what_is_there_and_what_changed(
    web: WebClient, headers: dict[str, str], owner: User
) -> None:
    address = begin(web, headers, title="A", abstract="x", keywords=["old"])
    deposit = Deposit.objects.get(pk=address.split("/")[4])
    pierre = make_user("pierre")
    DepositMember.objects.create(deposit=deposit, name=pierre.username, user=pierre)
    seen = web.get(address, headers=headers).headers["etag"]
    theirs = as_token(make_token(pierre))
    patch(web, address, {"metadata": {"dataset": {"title": "B", "abstract": None}}}, theirs)
    patch(web, address, {"metadata": {"dataset": {"title": "C", "license": "CC0-1.0"}}}, theirs)
    patch(web, address, {"metadata": {"dataset": {"keywords": ["new"]}}}, theirs)
    patch(web, address, {"metadata": {"dataset": {"keywords": ["old"]}}}, theirs)

    refused = patch(web, address, {"metadata": {"dataset": {"title": "Mine"}}}, headers, If_Match=seen)
    assert refused.status_code == 412
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert refused.headers["cache-control"] == "private, no-store"
    problem = refused.json()
    assert (problem["code"], problem["status"]) == ("revision_conflict", 412)
    now = web.get(address, headers=headers)
    assert problem["current"] == {
        "etag": now.headers["etag"],
        "revision": now.json()["revision"],
        "state": "draft",
        "metadata": now.json()["metadata"],
        "acknowledged_warnings": [],
    }
    assert problem["changes_are_all"] is True
    told = {change["pointer"]: change for change in problem["changes"]}
    assert {pointer: (one.get("old"), one.get("new")) for pointer, one in told.items()} == {
        "/metadata/dataset/abstract": ("x", None),
        "/metadata/dataset/license": (None, "CC0-1.0"),
        "/metadata/dataset/title": ("A", "C"),
    }
    assert "new" not in told["/metadata/dataset/abstract"]
    assert "old" not in told["/metadata/dataset/license"]
    assert {one["by"] for one in told.values()} == {"pierre"}
    assert now.json()["title"] == "C", "nothing was written"
    again = patch(
        web,
        address,
        {"metadata": {"dataset": {"title": "Mine"}}},
        headers,
        If_Match=problem["current"]["etag"],
    )
    assert again.json()["metadata"]["dataset"] == {"title": "Mine", "license": "CC0-1.0", "keywords": ["old"]}


def test_where_older_edits_are_not_kept_it_is_said(
    web: WebClient, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "MOST_EDITS", 3)
    address = begin(web, headers, title="0")
    first = web.get(address, headers=headers).headers["etag"]
    for number in range(1, 6):
        patch(web, address, {"metadata": {"dataset": {"title": str(number)}}}, headers)
    assert DepositEdit.objects.count() == 3
    problem = patch(web, address, {}, headers, If_Match=first).json()
    assert problem["changes_are_all"] is False
    assert problem["current"]["metadata"]["dataset"]["title"] == "5"
    recent = patch(web, address, {}, headers, If_Match='"r4"').json()
    assert recent["changes_are_all"] is True
    assert [(one["old"], one["new"]) for one in recent["changes"]] == [("3", "5")]
    long = {"metadata": {"dataset": {"abstract": "x" * (edits.LONGEST_EDIT + 1)}}}
    before = patch(web, address, long, headers).json()["revision"] - 1
    problem = patch(web, address, {}, headers, If_Match=f'"r{before}"').json()
    assert problem["changes_are_all"] is False
    assert patch(web, address, {}, headers, If_Match='"r999"').json()["changes_are_all"] is False


@pytest.mark.parametrize(
    ("method", "step"), [("POST", "publish/"), ("DELETE", ""), ("POST", "discard-version/")]
)
def test_what_ends_others_work_can_name_what_was_seen(
    web: WebClient, headers: dict[str, str], owner: User, method: str, step: str
) -> None:
    if step == "discard-version/":
        deposit = make_published(owner).dataset.deposit
        start_new_version(deposit_id=deposit.pk, actor=owner)
    else:
        deposit = make_ready(owner)
    address = f"/api/v1/deposits/{deposit.pk}/"
    seen = web.get(address, headers=headers).headers["etag"]
    update_deposit(deposit_id=deposit.pk, actor=owner, patch={"dataset": {"title": "Written meanwhile"}})
    refused = web.request(method, f"{address}{step}", headers=headers | {"If-Match": seen})
    assert refused.status_code == 412
    assert [change["new"] for change in refused.json()["changes"]] == ["Written meanwhile"]
    kept = web.get(address, headers=headers).json()
    assert (kept["title"], kept["state"] != "published") == ("Written meanwhile", True)
    with_current = headers | {"If-Match": refused.json()["current"]["etag"]}
    assert web.request(method, f"{address}{step}", headers=with_current).is_success


def test_changes_of_different_fields_at_the_same_time_are_all_kept(web: WebClient, owner: User) -> None:
    """Many threads at once, each another field, none with If-Match: without the lock some of them would be gone."""
    deposit = make_deposit(owner)
    fields = [f"scan{number}.raw" for number in range(12)]
    gate = threading.Barrier(len(fields))
    faults: list[BaseException] = []

    def write(name: str) -> None:
        try:
            gate.wait(patient(60))
            patch_of_one = {"measurements": {name: {"sample": {"name": name}}}}
            update_deposit(deposit_id=deposit.pk, actor=owner, patch=patch_of_one)
        except BaseException as fault:  # noqa: BLE001 - told to the test
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in fields]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patient(120))
    assert faults == []
    deposit.refresh_from_db()
    assert sorted(deposit.document["measurements"]) == sorted(fields)
    assert deposit.document["dataset"]["title"], "nor is what was there before"
    assert [edit.revision for edit in deposit.edits.all()] == list(range(2, 2 + len(fields)))


def read_form(web: WebClient, address: str) -> dict[str, str]:
    page = web.get(address)
    assert page.status_code == 200
    return read_fields(page.text)


def read_fields(text: str) -> dict[str, str]:
    """Return what a browser would send of a form that is left as it is."""
    from html.parser import HTMLParser

    fields: dict[str, str] = {}

    class Fields(HTMLParser):
        select, area = "", ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = {key: value or "" for key, value in attrs}
            name = given.get("name", "")
            if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
                fields[name] = given.get("value", "on" if given.get("type") == "checkbox" else "")
            elif tag == "select":
                self.select = name
            elif tag == "option" and "selected" in given and self.select:
                fields[self.select] = given.get("value", "")
            elif tag == "textarea":
                self.area = name
                fields[name] = ""

        def handle_data(self, data: str) -> None:
            if self.area:
                fields[self.area] += data.removeprefix("\n")

        def handle_endtag(self, tag: str) -> None:
            if tag == "textarea":
                self.area = ""

    Fields().feed(text)
    return {
        key: value
        for key, value in fields.items()
        if not key.startswith("_") and key not in {"q", "action", "next"}
    }


def send_form(web: WebClient, address: str, fields: dict[str, str]) -> Any:
    return web.post(address, data=fields, headers={"Referer": f"http://127.0.0.1:8000{address}"})


def test_two_administrators_never_overwrite_each_other(web: WebClient, settings: Any) -> None:
    admin, person = make_user(role="admin"), make_user("irene", full_name="Irene Curie", affiliation="Paris")
    web.cookies.set(settings.SESSION_COOKIE_NAME, open_session(admin))
    address = f"/admin/repository/user/{person.pk}/change/"
    one, other = read_form(web, address), read_form(web, address)
    assert (
        send_form(web, address, other | {"full_name": "Irene Joliot", "role": "curator"}).status_code == 302
    )
    # Another field: what the first saved stays, although this form still shows the old.
    assert send_form(web, address, one | {"affiliation": "Arcueil"}).status_code == 302
    person.refresh_from_db()
    assert (person.full_name, person.role, person.affiliation) == ("Irene Joliot", "curator", "Arcueil")
    # The same field: both values are shown, and saving once more keeps one's own.
    refused = send_form(web, address, one | {"full_name": "Mine", "affiliation": "Paris"})
    assert refused.status_code == 200
    assert "Irene Joliot" in refused.text
    assert "Mine" in refused.text
    person.refresh_from_db()
    assert (person.full_name, person.affiliation) == ("Irene Joliot", "Arcueil")
    assert send_form(web, address, read_fields(refused.text) | {"full_name": "Mine"}).status_code == 302
    person.refresh_from_db()
    assert (person.full_name, person.role, person.affiliation) == ("Mine", "curator", "Arcueil")
