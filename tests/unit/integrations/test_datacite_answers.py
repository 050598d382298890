"""What DataCite answers: records in every state, refusals for good, and what is no record at all."""

import json
from typing import Any

import httpx
import pytest

from repository.integrations.datacite import DoiRefusedError, RegisteredDoi, RegistrarUnavailableError
from repository.integrations.datacite_rest import DataCiteRegistrar

DOI = "10.5072/7q2m-x4dn"


@pytest.fixture
def registrar() -> DataCiteRegistrar:
    return DataCiteRegistrar(url="https://api.test", repository="r", password="p", prefix="10.5072")


def answer(monkeypatch: pytest.MonkeyPatch, content: bytes, status: int = 200) -> None:
    async def send(_client: Any, request: httpx.Request, **_: Any) -> httpx.Response:
        return httpx.Response(status, content=content, request=request)

    monkeypatch.setattr(httpx.AsyncClient, "send", send)


def record(**attributes: Any) -> bytes:
    return json.dumps({"data": {"attributes": attributes}}).encode()


@pytest.mark.parametrize(
    ("said", "state"), [("draft", "reserved"), ("findable", "findable"), ("registered", "registered")]
)
def test_a_record_is_read(
    registrar: DataCiteRegistrar, monkeypatch: pytest.MonkeyPatch, said: str, state: Any
) -> None:
    answer(monkeypatch, record(state=said, url="https://a.test"))
    assert registrar.find(DOI) == RegisteredDoi(DOI, state, "https://a.test")
    answer(monkeypatch, record(state=said))
    assert registrar.find(DOI) == RegisteredDoi(DOI, state, None)


NO_RECORDS = [b"", b"<html>a page of a proxy</html>", b"[]", b"{}", b"null", b'{"data": []}', b'{"data": null}',
    b'{"data": {"attributes": null}}', record(), record(state="lost"), record(state=None), b"\xff"]  # fmt: skip


@pytest.mark.parametrize("content", NO_RECORDS)
def test_what_is_no_record_is_waited_for(
    registrar: DataCiteRegistrar, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    answer(monkeypatch, content)
    for ask in (registrar.find, registrar.reserve):
        with pytest.raises(RegistrarUnavailableError, match=f"answer about {DOI} cannot be understood"):
            ask(DOI)


def test_what_is_no_record_is_told_in_few_words(
    registrar: DataCiteRegistrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, b"<html>" + b"x" * 10_000)
    with pytest.raises(RegistrarUnavailableError) as refusal:
        registrar.find(DOI)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, DoiRefusedError), (409, DoiRefusedError), (422, DoiRefusedError)]
    + [(status, RegistrarUnavailableError) for status in (401, 403, 429, 500, 502, 503)],
)
def test_a_refusal_says_its_status(
    registrar: DataCiteRegistrar, monkeypatch: pytest.MonkeyPatch, status: int, error: type[Exception]
) -> None:
    answer(monkeypatch, b"", status)
    with pytest.raises(error, match=f"{status} about {DOI}"):
        registrar.find(DOI)
