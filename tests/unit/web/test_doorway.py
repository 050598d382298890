"""Whom the server believes about its visitors."""

from ipaddress import ip_network
from typing import Any

import pytest
from starlette.datastructures import Headers

from api.doorway import Visit, is_own_host, read_visit

PROXIES = tuple(ip_network(each) for each in ("10.0.0.0/24", "127.0.0.1", "2001:db8:1::/48"))


def read(peer: str, **said: str) -> Visit:
    headers = {f"X-Forwarded-{name.title()}": value for name, value in said.items()}
    return read_visit(peer, Headers(headers), PROXIES)


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),  # a stranger says what he likes
        ("10.0.0.1", "", "10.0.0.1"),  # the proxy itself asks
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "198.51.100.1, 192.0.2.7", "192.0.2.7"),  # what the visitor had sent stands first
        ("10.0.0.1", "198.51.100.1, 192.0.2.7, 10.0.0.2", "192.0.2.7"),  # two proxies in a row
        ("10.0.0.1", "10.0.0.9, 192.0.2.7, 10.0.0.2", "192.0.2.7"),  # a stranger who calls himself a proxy
        ("10.0.0.1", "10.0.0.9", "10.0.0.9"),
        ("10.0.0.1", "192.0.2.7, unknown", "10.0.0.1"),  # the proxy does not know: nobody before it counts
        ("10.0.0.1", "192.0.2.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", ", ,", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7:4711", "192.0.2.7"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", '"[2001:db8::7]"', "2001:db8::7"),
        ("10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("2001:db8:1::5", "2001:db8:2::6", "2001:db8:2::6"),
        ("2001:db8:2::6", "192.0.2.7", "2001:db8:2::6"),
        ("", "192.0.2.7", ""),
    ],
)
def test_the_address_is_what_the_last_trusted_proxy_saw(peer: str, forwarded_for: str, address: str) -> None:
    visit = read(peer, **({"for": forwarded_for} if forwarded_for else {}))
    assert visit.address == address


def test_without_named_proxies_nobody_is_believed() -> None:
    headers = Headers({"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a"})
    assert read_visit("127.0.0.1", headers, ()) == Visit(address="127.0.0.1")


def test_several_headers_are_one_list() -> None:
    raw = [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", b"192.0.2.7, 10.0.0.2")]
    assert read_visit("10.0.0.1", Headers(raw=raw), PROXIES).address == "192.0.2.7"


@pytest.mark.parametrize(
    ("chain", "said", "believed"),
    [
        ("192.0.2.7", "https", "https"),
        ("192.0.2.7", "https, http", "http"),  # the visitor sent the first word, the proxy added what it saw
        ("192.0.2.7, 10.0.0.2", "https, http", "https"),  # of two proxies the outer one knows
        ("192.0.2.7, 10.0.0.2", "http, https, http", "https"),
        ("192.0.2.7, 10.0.0.2", "https", "https"),
        ("10.0.0.2", "https", "https"),
        # All are proxies: the outermost is the visitor, and says nothing about itself that is believed.
        ("10.0.0.2", "http, https", "https"),
        ("10.0.0.2", "https, http", "http"),
        ("10.0.0.3, 10.0.0.2", "http, https, http", "https"),
        ("10.0.0.3, 10.0.0.2", "https, http, https", "http"),
        ("", "http, https", "https"),  # the proxy itself asks
        ("192.0.2.7", "javascript", ""),
    ],
)
def test_scheme_and_host_are_what_the_outermost_trusted_proxy_saw(
    chain: str, said: str, believed: str
) -> None:
    assert read("10.0.0.1", **{"for": chain}, proto=said).scheme == believed
    hosts = said.replace("https", "a.test").replace("http", "b.test")
    expected = {"https": "a.test", "http": "b.test", "": "javascript"}[believed]
    assert read("10.0.0.1", **{"for": chain}, host=hosts).host == expected
    assert read("192.0.2.9", **{"for": chain}, proto=said, host=hosts) == Visit(address="192.0.2.9")


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("stemma.test", True),
        ("STEMMA.test:8443", True),
        ("stemma.test.", True),
        ("[::1]:8000", True),
        ("foreign.test", False),
        ("stemma.test.foreign.test", False),
        ("stemma.test@foreign.test", False),
        ("stemma.test/..", False),
        ("stemma.test, foreign.test", False),
        ("", False),
    ],
)
def test_the_server_answers_under_its_names_only(settings: Any, host: str, is_own: bool) -> None:
    settings.ALLOWED_HOSTS = ["stemma.test", "[::1]"]
    assert is_own_host(host) is is_own
