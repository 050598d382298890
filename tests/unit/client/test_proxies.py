"""Which requests go through a proxy, which never do, and what is said of it."""

import importlib.util
import socket
from typing import Any

import httpx
import pytest

import stemma
from stemma.connection import Connection
from stemma.proxies import RoutedTransport, choose_proxy, hide_password, is_this_machine

PROXY = "http://user:secret@proxy.test:3128"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]"],
)
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_loopback_is_never_reached_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, variable: str, host: str
) -> None:
    monkeypatch.setenv(variable, "socks9://127.0.0.1:9" if "ALL" in variable.upper() else PROXY)
    monkeypatch.setenv("NO_PROXY", "")
    assert choose_proxy(f"http://{host}:8000/api/v1/search") is None


def test_this_machine_is_known_by_its_name_and_its_addresses() -> None:
    assert is_this_machine(socket.gethostname())
    assert is_this_machine("0.0.0.0")  # noqa: S104 - asked for, not bound
    assert not is_this_machine("stemma.example.org")
    assert not is_this_machine("192.0.2.7")  # documentation: nobody's


@pytest.mark.parametrize(
    ("no_proxy", "address", "is_straight"),
    [
        ("", "http://stemma.test", False),
        ("*", "http://stemma.test", True),
        ("stemma.test", "http://stemma.test:8000", True),
        (".test", "http://stemma.test", True),
        ("*.test, other", "http://a.stemma.test", True),
        ("STEMMA.TEST:8000", "http://stemma.test:8000", True),
        ("stemma.test:8000", "http://stemma.test", False),
        ("mma.test", "http://stemma.test", False),
        ("192.0.2.0/24", "http://192.0.2.7:80", True),
        ("192.0.2.0/24", "http://198.51.100.7", False),
        ("2001:db8::/32", "http://[2001:db8::7]:80", True),
        ("http://stemma.test", "http://stemma.test", True),
        (",,[", "http://stemma.test", False),
    ],
)
def test_no_proxy_names_hosts_domains_networks_and_ports(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, address: str, is_straight: bool
) -> None:
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert choose_proxy(address) == (None if is_straight else PROXY)


def test_each_scheme_has_its_own_and_a_bare_host_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "secure.test:8080")
    monkeypatch.setenv("ALL_PROXY", "http://any.test")
    assert choose_proxy("https://stemma.test") == "http://secure.test:8080"
    assert choose_proxy("http://stemma.test") == "http://any.test"


@pytest.mark.parametrize("proxy", ["ftp://proxy.test", "socks4://proxy.test:1080", "http://", "http://[::1"])
def test_what_is_no_proxy_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(stemma.UsageError, match="none that is known here") as caught:
        stemma.connect("https://stemma.test")
    assert "ALL_PROXY" in caught.value.hint
    assert stemma.connect("http://127.0.0.1:8000").url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("kind", ["socks5", "socks5h"])
def test_socks_without_its_library_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "socksio" else found(name, *rest)
    )
    monkeypatch.setenv("ALL_PROXY", f"{kind}://user:secret@127.0.0.1:9")
    with pytest.raises(stemma.MissingDependencyError, match=f"{kind}://127.0.0.1:9,") as caught:
        stemma.connect("https://stemma.test")
    assert "./client[socks]" in caught.value.hint
    assert "secret" not in str(caught.value)


def _transport_that(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[str | None]:
    """Have every way answer so; return the list of the ways that are taken."""
    ways: list[str | None] = []

    def way(_transport: RoutedTransport, proxy: str | None) -> httpx.BaseTransport:
        ways.append(proxy)
        return httpx.MockTransport(answer)

    monkeypatch.setattr(RoutedTransport, "_way", way)
    return ways


def test_the_proxy_of_a_failure_is_named_and_its_password_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", PROXY)

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused", request=request)

    ways = _transport_that(monkeypatch, refuse)
    with (
        stemma.connect("http://stemma.test", retry_seconds=0) as client,
        pytest.raises(stemma.ServerUnreachableError) as caught,
    ):
        client.account()
    assert ways == [PROXY]
    assert "Connection refused through the proxy http://proxy.test:3128." in caught.value.message
    assert "NO_PROXY" in caught.value.hint
    with (
        stemma.connect("http://127.0.0.1:8000", retry_seconds=0) as client,
        pytest.raises(stemma.ServerUnreachableError) as caught,
    ):
        client.account()
    assert ways[1:] == [None]
    assert "proxy" not in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [httpx.ConnectTimeout("timed out"), httpx.ProxyError("407 Proxy Authentication Required")],
)
def test_every_fault_names_the_proxy(monkeypatch: pytest.MonkeyPatch, fault: httpx.TransportError) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)

    def refuse(request: httpx.Request) -> httpx.Response:
        fault.request = request
        raise fault

    _transport_that(monkeypatch, refuse)
    patience = 60.0 if isinstance(fault, httpx.ProxyError) else 0.0  # a refusal is not waited for
    with (
        Connection("https://stemma.test", retry_seconds=patience) as connection,
        pytest.raises(stemma.ServerUnreachableError, match=r"through the proxy http://proxy\.test:3128"),
    ):
        connection.get_json("/api/v1/account/")


@pytest.mark.parametrize(("status", "body"), [(200, "<html>"), (407, "who?"), (403, "blocked"), (502, "no")])
def test_answers_of_the_proxy_itself_name_it(monkeypatch: pytest.MonkeyPatch, status: int, body: str) -> None:
    monkeypatch.setenv("http_proxy", PROXY)
    _transport_that(monkeypatch, lambda _request: httpx.Response(status, text=body))
    with (
        Connection("http://stemma.test", retry_seconds=0) as connection,
        pytest.raises(stemma.StemmaError, match=r"through the proxy http://proxy\.test:3128"),
    ):
        connection.get_json("/api/v1/account/")


def test_a_shown_proxy_has_no_password() -> None:
    assert hide_password("socks5h://me:p%40ss@[::1]:1080") == "socks5h://[::1]:1080"


@pytest.mark.parametrize("token", ["tok\nen", "tökén", "a\x00b"])
def test_a_token_that_no_header_can_hold_is_refused(token: str) -> None:
    with pytest.raises(stemma.UsageError, match="token"):
        Connection("http://stemma.test", token)
