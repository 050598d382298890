"""What strangers say in headers, against a real web server of two processes without a broker."""

import time
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.integration.limits.conftest import PROXY, REQUESTS, STRANGER, calling_from

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("web_server")]

SEARCH = "/api/v1/search/"
LINE_BREAK = "/readyz%0A/"
"""No route matches a line break, and the router knows a neighbour to lead to."""
ADDRESSES = (
    "/",
    SEARCH,
    LINE_BREAK,
    "/static/none.js",
    "/api/v1/datasets/7q2m-x4dn/zip",
    "/admin/",
    "/metrics",
)


def ask(client: httpx.Client, said: list[dict[str, str]]) -> tuple[list[httpx.Response], float]:
    """Return the answers, and how many requests came back meanwhile."""
    begin = time.monotonic()
    answers = [client.get(SEARCH, headers=headers) for headers in said]
    return answers, (time.monotonic() - begin) * REQUESTS / 60


def count(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_no_header_of_a_stranger_lifts_the_limit_of_two_processes(web_server: str) -> None:
    names = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-For")
    said = [{names[n % 4]: f"198.51.100.{n}"} for n in range(3 * REQUESTS)]
    with calling_from(STRANGER, web_server) as stranger:
        answers, back = ask(stranger, said)
    assert set(count(answers)) == {200, 429}
    assert REQUESTS <= count(answers)[200] <= REQUESTS + back + 1
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["code"] == "throttled"


def test_behind_a_trusted_proxy_each_visitor_has_a_count(web_server: str) -> None:
    first, second = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
    lying = [{"X-Forwarded-For": f"198.51.100.{n}, 192.0.2.1"} for n in range(REQUESTS)]
    with calling_from(PROXY, web_server) as proxy:
        answers, back = ask(proxy, [first] * REQUESTS)
        assert count(answers) == {200: REQUESTS}
        more, more_back = ask(proxy, lying)
        assert count(more)[200] <= back + more_back + 1, (
            "what he sends himself stands before what the proxy saw"
        )
        assert proxy.get(SEARCH, headers=second).status_code == 200


@pytest.mark.parametrize("host", ["foreign.test", "127.0.0.1.foreign.test:443", "a@127.0.0.1"])
def test_a_foreign_host_is_refused_alike_everywhere(web_server: str, host: str) -> None:
    with calling_from(STRANGER, web_server, headers={"Host": host}) as stranger:
        for address in ADDRESSES:
            answer = stranger.get(address, headers={"X-Forwarded-Host": "127.0.0.1"})
            assert (answer.status_code, answer.json()["code"]) == (400, "unknown_host"), address
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert "foreign" not in answer.text
        assert stranger.post("/api/v1/uploads").status_code == 400
        assert stranger.options(SEARCH).status_code == 400
        assert stranger.head("/").content == b""
        for probe in ("/healthz", "/readyz"):
            assert stranger.get(probe).status_code in {200, 503}, "a load balancer asks by number"


def test_names_and_schemes_are_those_of_the_outer_proxy(web_server: str) -> None:
    said: dict[str, Any] = {"X-Forwarded-For": "192.0.2.3", "X-Forwarded-Host": "stemma.test"}
    said["X-Forwarded-Proto"] = "https"
    with calling_from(PROXY, web_server, headers={"Host": "inner.test"}) as proxy:
        assert proxy.get(LINE_BREAK).status_code == 400
        answer = proxy.get(LINE_BREAK, headers=said)
        assert answer.headers["Location"] == "https://stemma.test/readyz%0A"
    with calling_from(STRANGER, web_server, headers={"Host": "localhost"}) as stranger:
        answer = stranger.get(LINE_BREAK, headers=said)
        assert answer.headers["Location"] == "http://localhost/readyz%0A"
