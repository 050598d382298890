"""Every refusal is a problem document: content type, stable code, pointer, and what to do."""

import json
from typing import Any

import pytest
from django.core.exceptions import BadRequest, RequestDataTooBig

from api.fallbacks import answer_unreadable
from repository.models import Deposit
from repository.services.accounts import revoke_token
from tests.api.conftest import as_token, make_token
from tests.deposits import add_measurement, make_published, make_ready, settle
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]


def check_problem(answer: Any, status: int, code: str, pointer: str | None = None) -> dict[str, Any]:
    """Return the problem after looking at all that every problem has."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("application/problem+json")
    problem: dict[str, Any] = json.loads(answer.content)
    assert problem["status"] == status
    assert problem["type"] == f"urn:stemma:problem:{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["code"] == code
    assert problem["hint"], "says what to do"
    if pointer is not None:
        assert problem["pointer"] == pointer
    return problem


@pytest.fixture
def owner() -> Any:
    return make_user()


@pytest.fixture
def api(client: Any, owner: Any) -> Any:
    """Return a client that sends a token with all scopes."""
    client.defaults["HTTP_AUTHORIZATION"] = f"Token {make_token(owner)}"
    client.raise_request_exception = False
    return client


def send(api: Any, method: str, address: str, body: Any, **headers: str) -> Any:
    text = body if isinstance(body, bytes | str) else json.dumps(body)
    return api.generic(method, address, text, content_type="application/json", headers=headers)


def test_each_refusal_has_its_code(api: Any, owner: Any) -> None:
    draft, unanswered = make_deposit(owner), make_deposit(owner)
    add_measurement(unanswered, technique=["four_d_stem"])
    settle(unanswered)
    published = make_published(owner).dataset_id
    busy = make_deposit(owner)
    Deposit.objects.filter(pk=busy.pk).update(state="processing")
    base = "/api/v1/deposits"
    check_problem(api.get(f"{base}/zzzz-zzzz/"), 404, "not_found")
    check_problem(send(api, "POST", f"{base}/{draft.pk}/publish/", {}), 409, "state_conflict")
    refused = check_problem(send(api, "POST", f"{base}/{unanswered.pk}/publish/", {}), 422, "not_publishable")
    assert {"severity", "code", "pointer", "message", "hint"} <= set(refused["findings"][0])
    check_problem(send(api, "PATCH", f"{base}/{published}/", {}), 409, "already_published")
    held = send(api, "POST", f"{base}/{busy.pk}/submit/", {})
    check_problem(held, 409, "deposit_busy")
    assert int(held["Retry-After"]) > 0
    check_problem(
        send(api, "PATCH", f"{base}/{draft.pk}/", {}, **{"If-Match": '"r99"'}), 412, "revision_conflict"
    )
    check_problem(
        send(api, "PATCH", f"{base}/{draft.pk}/", {}, **{"If-Match": "soon"}), 400, "invalid", "/If-Match"
    )
    check_problem(send(api, "POST", f"{base}/", {"titel": "x"}), 400, "invalid", "/titel")
    check_problem(send(api, "POST", f"{base}/", {"metadata": {"foo": 1}}), 422, "invalid_metadata", "/foo")
    check_problem(
        send(api, "POST", f"{base}/", {"title": "t", "metadata": {"dataset": "x"}}),
        422,
        "invalid_metadata",
        "/dataset",
    )
    check_problem(send(api, "PUT", f"{base}/", {}), 405, "method_not_allowed")
    check_problem(api.post(f"{base}/", "a=b", content_type="text/plain"), 415, "unsupported_media_type")
    check_problem(api.get("/api/v1/search/?where=colour:1..2"), 400, "unknown_filter", "/where")
    check_problem(api.get("/api/v1/schemas/stem/9.9.9/record.json"), 404, "not_found")
    check_problem(api.get("/api/v1/schemas/stem/9.9.9/template"), 404, "not_found")
    check_problem(api.get("/api/v1/nonsense"), 404, "not_found")


def test_who_asks_is_refused_with_the_reason(client: Any, owner: Any) -> None:
    check_problem(client.get("/api/v1/deposits/"), 401, "not_authenticated")
    assert client.get("/api/v1/deposits/")["WWW-Authenticate"] == "Token"
    check_problem(
        client.get("/api/v1/search/", headers=as_token("stemma_wrong")), 401, "authentication_failed"
    )
    gone = make_token(owner)
    revoke_token(user=owner, token_key=owner.auth_token_set.get().token_key)
    check_problem(client.get("/api/v1/account/", headers=as_token(gone)), 401, "authentication_failed")
    reader = as_token(make_token(owner, "read"))
    denied = client.post("/api/v1/deposits/", "{}", content_type="application/json", headers=reader)
    assert "`deposit`" in check_problem(denied, 403, "scope_missing")["detail"]
    curator = as_token(make_token(make_user(role="curator")))
    deposit = make_deposit(owner)
    check_problem(client.delete(f"/api/v1/deposits/{deposit.pk}/", headers=curator), 403, "permission_denied")


def test_an_account_that_was_closed_has_no_tokens_any_more(client: Any, owner: Any) -> None:
    token = as_token(make_token(owner))
    owner.is_active = False
    owner.save()
    check_problem(client.get("/api/v1/account/", headers=token), 401, "authentication_failed")


def test_a_fault_of_the_server_is_a_problem_too(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("api.v1.search.search", fail)
    check_problem(api.get("/api/v1/search/"), 500, "server_fault")


NOT_JSON = {
    "NaN": '{"metadata": {"defaults": {"defocus": NaN}}}',
    "infinity": '{"metadata": {"defaults": {"defocus": -Infinity}}}',
    "overflow": '{"metadata": {"defaults": {"defocus": 1e999}}}',
    "huge integer": '{"metadata": {"defaults": {"defocus": ' + "9" * 400 + "}}}",
    "endless integer": '{"metadata": {"defaults": {"defocus": ' + "9" * 10_000 + "}}}",
    "repeated key": '{"title": "a", "title": "b"}',
    "NUL": '{"title": "a\\u0000b"}',
    "NUL in a key": '{"metadata": {"extensions": {"org.a\\u0000b": 1}}}',
    "half a character": '{"title": "\\ud800"}',
    "deep nesting": '{"metadata": {"extensions": ' + '{"a":' * 500 + "1" + "}" * 500 + "}}",
    "bottomless nesting": "[" * 100_000,
    "half an object": '{"title": "a"',
    "not an object": '["title"]',
    "nothing but a number": "1",
    "bytes": b"\xff\xfe",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_no_json_is_refused_with_400(api: Any, body: str | bytes) -> None:
    problem = check_problem(send(api, "POST", "/api/v1/deposits/", body), 400, json_code(body))
    assert Deposit.objects.count() == 0
    assert len(problem["detail"]) < 300


def json_code(body: str | bytes) -> str:
    return (
        "invalid" if body in {NOT_JSON["not an object"], NOT_JSON["nothing but a number"]} else "parse_error"
    )


def test_a_character_that_no_row_can_hold_is_no_fault(api: Any) -> None:
    for address in ("deposits/%00/", "datasets/%00/", "measurements/a%00b/", "deposits/x/files/%00"):
        method = api.delete if "files" in address else api.get
        answer = method(f"/api/v1/{address}")
        assert answer.status_code in {400, 404}, (address, answer.content[:300])


def test_two_editors_never_overwrite_each_other(api: Any, owner: Any) -> None:
    address = f"/api/v1/deposits/{make_deposit(owner).pk}/"
    etag = api.get(address)["ETag"]
    first = send(api, "PATCH", address, {"metadata": {"dataset": {"title": "First"}}}, **{"If-Match": etag})
    assert first.status_code == 200
    assert first["ETag"] != etag
    second = send(api, "PATCH", address, {"metadata": {"dataset": {"title": "Second"}}}, **{"If-Match": etag})
    check_problem(second, 412, "revision_conflict")
    assert api.get(address).json()["title"] == "First"
    again = send(
        api, "PATCH", address, {"metadata": {"dataset": {"title": "Second"}}}, **{"If-Match": first["ETag"]}
    )
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ("{now}", 200),
        ('"r999", {now}', 200),
        ('W/"r999" , , "of-another,server",{now}', 200),
        ("*", 200),
        ('"r998", "r999"', 412),
        ("W/{now}", 412),
        ('"of-another,server"', 412),
        ("{bare}", 400),
        ("{now} {now}", 400),
        ('"r1', 400),
        ("," + " ," * 5000, 400),
    ],
)
def test_if_match_is_a_list_of_strong_tags(api: Any, owner: Any, tags: str, status: int) -> None:
    address = f"/api/v1/deposits/{make_deposit(owner).pk}/"
    now = api.get(address)["ETag"]
    answer = send(
        api,
        "PATCH",
        address,
        {"metadata": {"dataset": {"title": "New"}}},
        **{"If-Match": tags.format(now=now, bare=now.strip('"'))},
    )
    if status == 200:
        assert answer.status_code == 200, answer.content
    else:
        check_problem(answer, status, {400: "invalid", 412: "revision_conflict"}[status])


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_beyond_all_measure_is_refused_with_413(
    api: Any, owner: Any, settings: Any, method: str
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    address = "/api/v1/deposits/" + (f"{make_deposit(owner).pk}/" if method == "PATCH" else "")
    problem = check_problem(send(api, method, address, {"title": "x" * 2000}), 413, "body_too_large")
    assert "1,000 bytes" in problem["detail"]


def test_what_is_refused_before_any_view_is_a_problem_too(rf: Any) -> None:
    for path, kind in (("/api/v1/deposits/", "application/problem+json"), ("/deposits/", "text/html")):
        for fault, status in ((RequestDataTooBig("512 of /srv"), 413), (BadRequest("of /srv"), 400)):
            answer = answer_unreadable(rf.post(path), fault)
            assert answer.status_code == status
            assert answer["Content-Type"].startswith(kind)
            assert b"/srv" not in answer.content


def test_a_form_that_is_no_form_is_a_problem_too(api: Any) -> None:
    answer = api.generic("POST", "/api/v1/deposits/", b"x", content_type="multipart/form-data")
    check_problem(answer, 415, "unsupported_media_type")


def test_a_number_without_end_is_refused_in_our_own_words(api: Any) -> None:
    body = '{"metadata": {"defaults": {"defocus": ' + "9" * 5000 + "}}}"
    problem = check_problem(send(api, "POST", "/api/v1/deposits/", body), 400, "parse_error")
    assert problem["detail"] == "A number is too large to be represented."


def test_publishing_names_the_revision_that_was_looked_at(api: Any, owner: Any) -> None:
    ready = make_ready(owner)
    address = f"/api/v1/deposits/{ready.pk}/"
    etag = api.get(address)["ETag"]
    send(api, "PATCH", address, {"acknowledged_warnings": [{"code": "case_twin", "note": "meant"}]})
    refused = send(api, "POST", f"{address}publish/", {}, **{"If-Match": etag})
    check_problem(refused, 412, "revision_conflict")


def test_addresses_answer_with_and_without_the_last_slash(api: Any, owner: Any) -> None:
    deposit = make_deposit(owner)
    for address in ("search", f"deposits/{deposit.pk}", "deposits", "account", "openapi.json", "docs"):
        for twin in (f"/api/v1/{address}", f"/api/v1/{address}/"):
            answer = api.get(twin)
            assert answer.status_code == 200, twin
            assert api.head(twin).status_code == 200, twin
    made = send(api, "POST", "/api/v1/deposits", {"title": "No redirect loses the body"})
    assert made.status_code == 201
