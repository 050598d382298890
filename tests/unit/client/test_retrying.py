import ssl

import httpx
import pytest

from stemma.connection import Connection
from stemma.errors import ConflictError, PermissionRefusedError, ServerUnreachableError, UsageError
from stemma.retrying import Patience, read_retry_after
from tests.unit.client.fake_server import refuse


class Clock:
    """Time that passes only in pauses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)

    def read(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr("stemma.retrying.FIRST_PAUSE_S", 0.5)
    return Clock()


def test_pauses_grow_and_fill_the_budget(clock: Clock) -> None:
    patience = Patience(600.0, sleep=clock.sleep, clock=clock.read)
    while patience.wait("away"):
        pass
    assert clock.now == pytest.approx(600.0)
    assert clock.pauses[0] < 1.0
    assert 12.0 <= max(clock.pauses) <= 18.0


def test_success_restores_the_budget(clock: Clock) -> None:
    patience = Patience(10.0, sleep=clock.sleep, clock=clock.read)
    for _ in range(50):
        assert patience.wait("away")
        patience.restore()
    assert max(clock.pauses) < 1.0


def test_advice_of_the_server_is_followed(clock: Clock) -> None:
    patience = Patience(600.0, sleep=clock.sleep, clock=clock.read)
    patience.wait("429", advised_s=30.0)
    assert clock.pauses == [30.0]


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("", None), ("Fri, 31 Dec 2027 23:59:59 GMT", None)]
)
def test_retry_after(text: str, seconds: float | None) -> None:
    assert read_retry_after(httpx.Response(429, headers={"Retry-After": text})) == seconds


def answering(*statuses: int) -> httpx.MockTransport:
    remaining = list(statuses)

    def answer(request: httpx.Request) -> httpx.Response:
        status = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        return httpx.Response(200, json={}) if status == 200 else refuse(status, "said_no", "No.")

    return httpx.MockTransport(answer)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_temporary_answers_are_repeated(status: int) -> None:
    with Connection("http://h", transport=answering(status, status, 200)) as connection:
        assert connection.get_json("/x") == {}


@pytest.mark.parametrize(
    ("status", "error"), [(500, ServerUnreachableError), (401, PermissionRefusedError), (412, ConflictError)]
)
def test_final_answers_are_not(status: int, error: type[Exception]) -> None:
    with Connection("http://h", transport=answering(status, 200)) as connection, pytest.raises(error):
        connection.get_json("/x")


def test_invalid_certificates_are_not_waited_for() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ConnectError("handshake") from ssl.SSLCertVerificationError("self-signed")

    with (
        Connection("https://h", transport=httpx.MockTransport(answer)) as connection,
        pytest.raises(ServerUnreachableError),
    ):
        connection.get_json("/x")
    assert len(asked) == 1


def test_addresses_are_checked() -> None:
    for url in ("ftp://h", "http://", "", "http://[::bad"):
        with pytest.raises(UsageError):
            Connection(url)
    assert Connection("example.org:8000/").url == "http://example.org:8000"
