"""Many files decided about at once, over HTTP: what is answered stays small, and what is refused is said where."""

import json
from typing import Any

import pytest

from repository.models import Deposit
from tests.api.conftest import WebClient, as_token, make_token
from tests.deposits import add_measurement, make_ready, settle
from tests.factories import store_file

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def forty() -> Deposit:
    """Return a deposit of forty measurements and ten other files."""
    deposit = make_ready()
    for number in range(1, 40):
        add_measurement(deposit, f"run/{number:02}.raw")
    for number in range(10):
        store_file(deposit, f"notes/{number}.csv", f"{number}\n".encode())
    return settle(deposit)


def ask(web: WebClient, deposit: Deposit, what: str, body: Any = None) -> Any:
    headers = as_token(make_token(deposit.owner))
    address = f"/api/v1/deposits/{deposit.pk}/{what}/"
    if body is None:
        return web.get(address, headers=headers)
    return web.post(address, headers=headers, json=body)


def test_many_are_decided_about_at_once_and_undone(web: WebClient, forty: Deposit) -> None:
    before = ask(web, forty, "arrived").json()
    assert before["sentence"] == "50 files arrived: 40 measurements and 10 files stored, not read."
    changes = [
        {"fate": "private", "paths": ["run/*.raw"]},
        {"fate": "publish", "paths": ["run/01.raw"]},
        {"fate": "discard", "paths": ["notes/0.csv"]},
    ]
    answer = ask(web, forty, "fates", {"changes": changes})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["changed"], told["arrived"]["fates"]) == (
        39,
        {"publish": 11, "private": 38, "discard": 1, "aside": 0},
    )
    assert told["arrived"]["sentence"].endswith("Of these files 38 kept private and 1 discarded.")
    assert len(answer.content) < 20_000
    undone = ask(web, forty, "fates", {"changes": told["undo"]}).json()
    assert undone["arrived"] == before
    record = web.get(f"/api/v1/deposits/{forty.pk}/", headers=as_token(make_token(forty.owner))).json()
    assert {one["fate"] for one in record["measurements"]} == {"publish"}
    assert record["arrived"] == before["sentence"]


@pytest.mark.parametrize(
    ("what", "body", "status", "said"),
    [
        ("fates", {"changes": [{"fate": "burn", "paths": ["scan.raw"]}]}, 400, "burn"),
        ("fates", {"changes": []}, 400, "changes"),
        ("fates", {"changes": [{"fate": "private"}] * 5001}, 400, "changes"),
        (
            "fates",
            {"changes": [{"fate": "private", "paths": [f"**{n}*" for n in range(101)]}]},
            422,
            "patterns",
        ),
        ("techniques", {"techniques": {f"**{n}*": ["other"] for n in range(101)}}, 422, "patterns"),
        ("roles", {"roles": [{"measurement": "x", "role": "low_loss", "of": ["y"]}] * 5001}, 400, "roles"),
        ("grouping", {"moves": [{"paths": ["x"], "place": "own"}] * 5001}, 400, "moves"),
        ("fates", {"changes": [{"fate": "private", "paths": ["nothing/*"]}]}, 422, "/changes/0/paths/0"),
        ("grouping", {"moves": [{"paths": ["scan.raw"], "place": "with"}]}, 422, "/moves/0/with"),
        ("grouping", {"moves": [{"paths": ["notes/1.csv"], "place": "own"}]}, 422, "not read by itself"),
        ("roles", {"roles": [{"measurement": "x", "role": "hat", "of": ["y"]}]}, 400, "hat"),
    ],
)
def test_what_cannot_be_is_refused_with_the_place(
    web: WebClient, forty: Deposit, what: str, body: Any, status: int, said: str
) -> None:
    answer = ask(web, forty, what, body)
    assert answer.status_code == status, answer.text
    assert said in json.dumps(answer.json())
    assert not forty.sortings.exists()


def test_groups_and_roles_over_http(web: WebClient, forty: Deposit) -> None:
    moved = ask(
        web, forty, "grouping", {"moves": [{"paths": ["notes/1.csv"], "place": "with", "with": "scan.raw"}]}
    )
    assert moved.status_code == 200, moved.text
    assert moved.json()["undo"] == [{"paths": ["notes/1.csv"], "place": "alone"}]
    assert "1 companion file" in moved.json()["arrived"]["sentence"]
    ids = {one.primary_file.path: one.pk for one in forty.measurements.select_related("primary_file")}
    wish = {"measurement": ids["run/01.raw"], "role": "dark_reference", "of": [ids["run/02.raw"]]}
    given = ask(web, forty, "roles", {"roles": [wish]})
    assert given.status_code == 200, given.text
    assert given.headers["etag"] == given.json()["etag"]
    forty.refresh_from_db()
    assert forty.document["measurements"]["run/02.raw"]["links"] == [
        {"role": "dark_reference", "target": "run/01.raw"}
    ]
