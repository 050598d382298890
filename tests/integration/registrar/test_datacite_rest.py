"""The registrar against a server that keeps DOIs as DataCite documents it."""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from typing import Any, Self

import pytest

from project.environment import DataCiteEnvironment
from repository.integrations.datacite import (
    DoiRefusedError,
    DoiRegistrar,
    RegisteredDoi,
    RegistrarUnavailableError,
)
from repository.integrations.datacite_rest import MEDIA_TYPE, DataCiteRegistrar
from repository.services.identifiers import get_registrar
from tests.patience import patient

DOI = "10.12345/k3f9-2xq7.v1"
PAGE = "https://stemma.example.org/datasets/k3f9-2xq7"
EVENTS = {"publish": "findable", "hide": "registered", "register": "registered"}


class FakeDataCite(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    dois: dict[str, dict[str, Any]]
    requests: list[tuple[str, str]]
    failure: int | None

    def do_GET(self) -> None:
        self._answer(self._known())

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Content-Type"] == MEDIA_TYPE
        doi, sent = body["data"]["id"], body["data"]["attributes"]
        assert (body["data"]["type"], self.path, sent["doi"]) == ("dois", f"/dois/{doi}", doi)
        known = self.dois.setdefault(doi, {"state": "draft", "url": None})
        known.update({key: sent[key] for key in ("url", "xml") if key in sent})
        known["state"] = EVENTS.get(sent.get("event", ""), known["state"])
        self._answer(known)

    def _known(self) -> dict[str, Any] | None:
        return self.dois.get(self.path.removeprefix("/dois/"))

    def _answer(self, attributes: dict[str, Any] | None) -> None:
        self.requests.append((self.command, self.path))
        user, _, password = (
            base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
        )
        status, body = 200, json.dumps({"data": {"attributes": attributes}})
        if type(self).failure is not None:
            status, body = type(self).failure or 0, json.dumps({"errors": [{"title": "No such luck."}]})
        elif (user, password) != ("ORG.STEM", "secret"):
            status, body = 401, json.dumps({"errors": [{"title": "Bad credentials."}]})
        elif attributes is None:
            status, body = 404, json.dumps({"errors": [{"title": "Not found."}]})
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def datacite() -> Iterator[type[FakeDataCite]]:
    handler = type("Handler", (FakeDataCite,), {"dois": {}, "requests": [], "failure": None})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        handler.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
        yield handler
        server.shutdown()
        thread.join()


def connect(url: str, *, password: str) -> DataCiteRegistrar:
    return DataCiteRegistrar(url=url, repository="ORG.STEM", password=password, prefix="10.12345")


@pytest.fixture
def registrar(datacite: Any) -> DataCiteRegistrar:
    return connect(datacite.url, password="secret")


def test_it_fulfils_the_protocol(registrar: DataCiteRegistrar) -> None:
    assert isinstance(registrar, DoiRegistrar)


def test_the_life_of_a_doi(registrar: DataCiteRegistrar, datacite: Any) -> None:
    assert registrar.find(DOI) is None
    for _ in range(2):  # every step may be repeated
        assert registrar.reserve(DOI) == RegisteredDoi(DOI, "reserved", None)
    for _ in range(2):
        found = registrar.make_findable(DOI, url=PAGE, metadata_xml=b"<resource>\xc3\x85</resource>")
        assert found == RegisteredDoi(DOI, "findable", PAGE)
    assert base64.b64decode(datacite.dois[DOI]["xml"]) == b"<resource>\xc3\x85</resource>"
    for _ in range(2):
        assert registrar.hide(DOI) == RegisteredDoi(DOI, "registered", PAGE)
    assert registrar.reserve(DOI).state == "registered"


def test_what_was_never_public_cannot_be_hidden(registrar: DataCiteRegistrar) -> None:
    with pytest.raises(DoiRefusedError, match="never published"):
        registrar.hide(DOI)
    registrar.reserve(DOI)
    with pytest.raises(DoiRefusedError, match="never published"):
        registrar.hide(DOI)


@pytest.mark.parametrize("doi", ["10.5072/k3f9-2xq7", "10.12345/", "10.12345/Å", "10.12345/a?b", ""])
def test_nothing_is_sent_about_a_foreign_or_malformed_doi(
    registrar: DataCiteRegistrar, datacite: Any, doi: str
) -> None:
    with pytest.raises(DoiRefusedError, match=r"10\.12345"):
        registrar.make_findable(doi, url=PAGE, metadata_xml=b"<resource/>")
    assert datacite.requests == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (422, DoiRefusedError),
        (400, DoiRefusedError),
        (429, RegistrarUnavailableError),
        (500, RegistrarUnavailableError),
        (503, RegistrarUnavailableError),
    ],
)
def test_a_refusal_is_told_from_an_outage(
    registrar: DataCiteRegistrar, datacite: Any, status: int, error: type[Exception]
) -> None:
    datacite.failure = status
    with pytest.raises(error, match=f"{status}.*No such luck"):
        registrar.make_findable(DOI, url=PAGE, metadata_xml=b"<resource/>")


def test_a_wrong_password_is_worth_another_try(datacite: Any) -> None:
    with pytest.raises(RegistrarUnavailableError, match="Bad credentials"):
        connect(datacite.url, password="old").reserve(DOI)


def test_a_server_that_is_away_is_worth_another_try() -> None:
    with pytest.raises(RegistrarUnavailableError, match="cannot be reached"):
        connect("http://127.0.0.1:9", password="secret").find(DOI)


class Dripping:
    """A server that takes every request and never finishes its answer: pieces until the client goes."""

    def __init__(self, first: bytes, piece: bytes, pause_s: float) -> None:
        self._pieces = chain((first,), repeat(piece))
        self._pause_s = pause_s
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, suppress(OSError):
            for piece in self._pieces:
                connection.sendall(piece)
                if self._ended.wait(self._pause_s):
                    return


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.api+json\r\n"


@pytest.mark.parametrize(
    ("first", "piece"),
    [(HEAD, b"X-Slow: yes\r\n"), (HEAD + b"Content-Length: 900000\r\n\r\n", b" ")],
    ids=["headers", "body"],
)
def test_an_answer_that_drips_ends_at_the_deadline(first: bytes, piece: bytes) -> None:
    # Each byte comes well within any timeout of one read: only a deadline of the whole ends this.
    with Dripping(first, piece, pause_s=0.05) as server:
        registrar = DataCiteRegistrar(
            url=server.url,
            repository="ORG.STEM",
            password="secret",
            prefix="10.12345",
            timeout_s=patient(0.5),
        )
        with pytest.raises(RegistrarUnavailableError, match=r"did not finish.*10\.12345.*within [\d.]+ s"):
            registrar.find(DOI)


def test_an_answer_without_end_is_not_kept() -> None:
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    with (
        Dripping(head, b"10000\r\n" + b" " * 65536 + b"\r\n", pause_s=0) as server,
        pytest.raises(RegistrarUnavailableError, match="longer than 4 MiB"),
    ):
        connect(server.url, password="secret").find(DOI)


def test_the_settings_choose_it(settings: Any) -> None:
    settings.DATACITE = DataCiteEnvironment(
        url="http://127.0.0.1:9", repository="ORG.STEM", password="secret", prefix="10.12345"
    )
    chosen = get_registrar()
    assert isinstance(chosen, DataCiteRegistrar)
    assert (chosen.prefix, chosen.resolver) == ("10.12345", "https://doi.org/")
