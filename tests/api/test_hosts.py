"""A page elsewhere never passes for one of ours, by whichever name it calls this server."""

import base64

import pytest
from django.conf import settings

from tests.api.conftest import WebClient
from tests.api.worlds import open_session
from tests.factories import make_deposit, make_user

pytestmark = pytest.mark.django_db

FOREIGN = {"Host": "foreign.test", "Origin": "https://foreign.test"}


@pytest.mark.parametrize(("named", "status"), [(FOREIGN, 400), ({"Origin": "http://127.0.0.1:8000"}, 201)])
def test_a_name_that_leads_here_is_not_a_name_of_ours(
    web: WebClient, named: dict[str, str], status: int
) -> None:
    """A name of a stranger's that leads to this machine: the browser takes his page and this server for one origin."""
    user = make_user()
    deposit = make_deposit(user)
    web.cookies.set(settings.SESSION_COOKIE_NAME, open_session(user))
    metadata = {"deposit": str(deposit.pk), "path": "a.bin"}
    words = [f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in metadata.items()]
    answer = web.post(
        "/api/v1/uploads",
        headers={"Tus-Resumable": "1.0.0", "Upload-Length": "4", "Upload-Metadata": ",".join(words), **named},
    )
    assert answer.status_code == status


def test_a_redirect_leads_to_a_name_of_ours(web: WebClient) -> None:
    """No route matches a line break, and the router leads to a neighbour that one does."""
    address = "/readyz%0A/"
    assert web.get(address).headers["location"] == "http://127.0.0.1:8000/readyz%0A"
    answer = web.get(address, headers={"Host": "foreign.test"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_host")
    assert "location" not in answer.headers


def test_probes_answer_under_any_name(web: WebClient) -> None:
    assert web.get("/healthz", headers={"Host": "10.1.2.3"}).status_code == 200
    assert web.get("/readyz", headers={"Host": "10.1.2.3"}).status_code in {200, 503}
