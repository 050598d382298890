"""How often one may ask the API, and what is answered beyond."""

from typing import Any

import pytest

from project.environment import EnvironmentVariableError, read_environment
from repository.limits import UPLOADS_OF_ACCOUNT, WRONG_TOKENS_OF_ADDRESS, Limit
from tests.api.conftest import WebClient, as_token, make_token
from tests.factories import make_deposit, make_user
from tests.still_counts import SLOWER, let_nothing_come_back

pytestmark = pytest.mark.django_db

REQUIRED = {"STEMMA_SECRET_KEY": "x", "DATABASE_URL": "postgresql://a@b/c", "BROKER_URL": "memory://"}


@pytest.fixture
def few(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow three requests, of which none comes back during the test."""
    let_nothing_come_back(monkeypatch)
    settings.REQUESTS_PER_MINUTE = settings.ANONYMOUS_REQUESTS_PER_MINUTE = 3


def test_beyond_the_limit_the_answer_says_how_long_to_wait(client: Any, few: None) -> None:
    answers = [client.get("/api/v1/search/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[3]["Retry-After"]) <= 20 * SLOWER
    assert answers[3]["Content-Type"].startswith("application/problem+json")
    assert (answers[3].json()["code"], answers[3].json()["hint"]) == (
        "throttled",
        "Wait as long as Retry-After says.",
    )


def test_each_token_is_counted_by_itself(client: Any, few: None) -> None:
    user = make_user()
    first, second = as_token(make_token(user)), as_token(make_token(user))
    assert [client.get("/api/v1/account/", headers=first).status_code for _ in range(4)][-1] == 429
    assert client.get("/api/v1/account/", headers=second).status_code == 200
    assert client.get("/api/v1/search/").status_code == 200, "visitors without account are counted apart"
    client.force_login(user)
    assert client.get("/api/v1/account/").status_code == 200, "and so is a browser"


def test_a_header_of_a_stranger_is_no_address(client: Any, few: None) -> None:
    said = [{"X-Forwarded-For": f"198.51.100.{n}", "X-Real-IP": f"198.51.100.{n}"} for n in range(4)]
    answers = [client.get("/api/v1/search/", headers=headers).status_code for headers in said]
    assert answers == [200, 200, 200, 429]


def test_a_token_may_ask_600_times_a_minute_whatever_the_operator_says() -> None:
    environment = read_environment(REQUIRED)
    assert environment.requests_per_minute >= 600
    assert environment.anonymous_requests_per_minute >= 600
    with pytest.raises(EnvironmentVariableError, match="at least 600"):
        read_environment({**REQUIRED, "STEMMA_REQUESTS_PER_MINUTE": "599"})


def test_wrong_tokens_are_counted_on_both_sides_of_django(
    web: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert WRONG_TOKENS_OF_ADDRESS.attempts >= 100
    monkeypatch.setattr("api.throttling.WRONG_TOKENS_OF_ADDRESS", Limit("few", 4, 3600))
    wrong, right = as_token("stemma_" + "0" * 64), as_token(make_token(make_user()))
    addresses = ("/api/v1/account/", "/api/v1/datasets/7q2m-x4dn/zip") * 3
    answers = [web.get(address, headers=wrong) for address in addresses]
    assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers[4:])
    assert web.get("/api/v1/account/", headers=right).status_code == 200


def test_new_uploads_of_an_account_are_counted(web: WebClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert UPLOADS_OF_ACCOUNT.attempts >= 6000
    monkeypatch.setattr("api.byte_service.tus.UPLOADS_OF_ACCOUNT", Limit("few", 2, 3600))
    user = make_user()
    deposit = make_deposit(user)
    headers = {**as_token(make_token(user)), "Tus-Resumable": "1.0.0", "Upload-Length": "4"}
    answers = []
    for name in ("YQ==", "Yg==", "Yw=="):  # a, b, c
        metadata = f"deposit {_encode(deposit.pk)},path {name}"
        answers.append(web.post("/api/v1/uploads", headers={**headers, "Upload-Metadata": metadata}))
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].json()["code"] == "throttled"


def _encode(text: str) -> str:
    import base64

    return base64.b64encode(text.encode()).decode()
