"""A page elsewhere in the browser of somebody who is signed in: it may not write, and it learns nothing."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.bytes.raw_tus import CHUNK, UPLOADS, VERSION, RawTus, encode_metadata, sha256_of
from tests.patience import patient

FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://elsewhere.example"},
    {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {},
]


@pytest.fixture(scope="module")
def cookie(live_stack: Any) -> str:
    """Sign in as a person does and return the session's cookie."""
    with httpx.Client(base_url=live_stack.url, timeout=patient(60)) as browser:
        page = browser.get("/accounts/login/", follow_redirects=True)
        token = browser.cookies["csrftoken"]
        words = {
            "login": live_stack.credentials.username,
            "password": live_stack.credentials.password,
            "csrfmiddlewaretoken": token,
        }
        answer = browser.post(page.url, data=words, headers={"Referer": str(page.url)})
        assert answer.status_code == 302, answer.text
        return str(browser.cookies["sessionid"])


@pytest.fixture
def signed_in(live_stack: Any, cookie: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_stack.url, timeout=patient(60), cookies={"sessionid": cookie}) as client:
        yield client


@pytest.mark.parametrize("foreign", FOREIGN)
def test_foreign_page_cannot_write_with_a_session(
    signed_in: httpx.Client, tus: RawTus, deposit: str, foreign: dict[str, str]
) -> None:
    address = tus.start(10, deposit=deposit, path="a.bin")
    promise = {"Upload-Length": "5", "Upload-Metadata": encode_metadata(deposit=deposit, path="b.bin")}
    tried = [
        signed_in.post(UPLOADS, headers={**VERSION, **promise, **foreign}),
        signed_in.patch(
            address, content=b"0123456789", headers={**VERSION, **CHUNK, "Upload-Offset": "0", **foreign}
        ),
        signed_in.delete(address, headers={**VERSION, **foreign}),
    ]
    for answer in tried:
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
        assert answer.json()["hint"]
    assert tus.offset(address) == 0
    assert [file["path"] for file in tus.http.get(f"/api/v1/deposits/{deposit}/").json()["files"]] == [
        "a.bin"
    ]


@pytest.mark.parametrize("has_origin", [True, False])
def test_own_page_writes_with_a_session(
    signed_in: httpx.Client, tus: RawTus, deposit: str, live_stack: Any, has_origin: bool
) -> None:
    own = {"Sec-Fetch-Site": "same-origin"} | ({"Origin": live_stack.url} if has_origin else {})
    page = RawTus(signed_in)
    signed_in.headers.update(own)
    address = page.start(10, deposit=deposit, path="a.bin")
    assert page.offset(address) == 0
    assert page.patch(address, 0, b"0123456789").status_code == 204
    assert tus.file(deposit, "a.bin")["sha256"] == sha256_of(b"0123456789")
    second = page.start(10, deposit=deposit, path="b.bin")
    assert page.delete(second).status_code == 204


def test_own_page_reads_drafts_with_a_session(signed_in: httpx.Client, tus: RawTus, deposit: str) -> None:
    tus.store(deposit, "a.bin", b"secret")
    answer = signed_in.get(
        f"/api/v1/deposits/{deposit}/files/a.bin", headers={"Origin": "https://elsewhere.example"}
    )
    assert answer.content == b"secret"
    # The browser keeps the answer from the page: a wildcard is not valid for a request with a cookie.
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_stale_session_is_nobody(live_stack: Any, deposit: str, tus: RawTus) -> None:
    tus.store(deposit, "a.bin", b"secret")
    with httpx.Client(base_url=live_stack.url, cookies={"sessionid": "0" * 32}) as client:
        assert client.get(f"/api/v1/deposits/{deposit}/files/a.bin").status_code in {401, 404}
