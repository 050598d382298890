"""Reading by a link for reviewers: its key goes to its own server, and leads to what it opens."""

import httpx
import pytest

import stemma

KEY = "a" * 43
LINK = f"https://stemma.test/shared/{KEY}"
DRAFT = {
    "id": "7q2m-x4dn",
    "state": "draft",
    "title": "Shown",
    "files": [],
    "measurements": [],
    "findings": [],
}


def serve(asked: list[httpx.Request]) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path == f"/shared/{KEY}":
            return httpx.Response(302, headers={"location": "/deposits/7q2m-x4dn"})
        if request.url.path.rstrip("/") == "/api/v1/deposits/7q2m-x4dn":
            return httpx.Response(200, json=DRAFT)
        return httpx.Response(404, json={"code": "not_found", "detail": "Nothing here.", "status": 404})

    return httpx.MockTransport(answer)


def test_a_link_names_its_server_and_opens_its_draft(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEMMA_TOKEN", raising=False)
    asked: list[httpx.Request] = []
    client = stemma.connect(link=LINK, transport=serve(asked))
    assert client.url == "https://stemma.test"
    deposit = client.open(LINK)
    assert deposit.id == "7q2m-x4dn"
    assert {request.headers["cookie"] for request in asked} == {f"stemma_grants=link:{KEY}"}
    headers = client.connection.headers_for("https://elsewhere.test/file")
    assert "Cookie" not in headers
    other = LINK.replace(KEY, "b" * 43)
    with pytest.raises(stemma.UsageError, match="does not carry"):
        client.open(other)


@pytest.mark.parametrize(
    "text", ["", "https://stemma.test/deposits/7q2m-x4dn", "https://stemma.test/shared/ab c"]
)
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(stemma.UsageError):
        stemma.connect("https://stemma.test", link=text or "https://stemma.test/shared/")
