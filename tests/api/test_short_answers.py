"""`Prefer: return=minimal`: a change of one field among forty measurements is answered shortly, with what counts."""

import json
from typing import Any

import pytest

from repository.models import Deposit
from tests.api.test_table import Session
from tests.api.test_table_costs import LARGEST_ANSWER, multiply

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]

SHORT = {"Prefer": "return=minimal"}
BOTH = {"Prefer": "handling=lenient, return=minimal"}


def patch(session: Session, dataset: dict[str, Any], headers: dict[str, str], **more: Any) -> Any:
    return session.client.patch(
        f"/api/v1/deposits/{session.deposit.pk}/",
        json.dumps({"metadata": {"dataset": dataset}, **more}),
        content_type="application/json",
        headers={**session.headers, **headers},
    )


def test_it_is_small_among_forty_measurements_and_was_not(client: Any) -> None:
    session = Session(client, "four_d_stem", "annular")
    multiply(session, 38)
    whole = patch(session, {"title": "Whole"}, {})
    short = patch(session, {"title": "Short"}, SHORT)
    assert (whole.status_code, short.status_code) == (200, 200)
    assert len(short.content) <= LARGEST_ANSWER < len(whole.content)
    assert short.headers["Preference-Applied"] == "return=minimal"
    assert set(short.json()) == {"id", "state", "revision", "title", "obstacles"}
    assert short.json()["title"] == "Short"
    assert short.headers["ETag"] == f'"r{short.json()["revision"]}"'
    assert "Preference-Applied" not in whole.headers


def test_its_etag_is_the_one_for_the_next_change(client: Any) -> None:
    session = Session(client, "four_d_stem")
    first = patch(session, {"title": "One"}, SHORT)
    second = patch(session, {"title": "Two"}, {**SHORT, "If-Match": first.headers["ETag"]})
    assert second.status_code == 200
    late = patch(session, {"title": "Three"}, {**SHORT, "If-Match": first.headers["ETag"]})
    assert late.status_code == 412
    assert late.json()["current"]["metadata"]["dataset"]["title"] == "Two"


def test_it_tells_what_stands_in_the_way(client: Any) -> None:
    session = Session(client, "four_d_stem")
    before = patch(session, {"title": "One"}, SHORT).json()["obstacles"]
    worse = patch(session, {"license": "Beerware", "access": "embargoed"}, SHORT).json()["obstacles"]
    assert worse == {name: count + 1 for name, count in before.items()}
    acknowledged = [{"code": "license_unknown", "note": ""}]
    better = patch(session, {"access": "open"}, SHORT, acknowledged_warnings=acknowledged).json()["obstacles"]
    assert better == before


@pytest.mark.parametrize(
    ("dataset", "pointer", "code"),
    [
        ({"creators": [{"name": "A", "orcid": "0000-0002-1825-0079"}]}, "/creators/0/orcid", "orcid_invalid"),
        (
            {"creators": [{"name": "A", "affiliation_ror": "https://ror.org/03yrm5c27"}]},
            "/creators/0/affiliation_ror",
            "ror_invalid",
        ),
        (
            {"related_identifiers": [{"identifier": "10.103/a", "relation": "IsSupplementTo"}]},
            "/related_identifiers/0/identifier",
            "doi_invalid",
        ),
        ({"funding": [{"funder": "A", "funder_id": "DFG"}]}, "/funding/0/funder_id", "funder_id_invalid"),
    ],
)
def test_a_wrong_identifier_is_told_at_once_and_holds_nothing_else_back(
    client: Any, dataset: dict[str, Any], pointer: str, code: str
) -> None:
    session = Session(client, "four_d_stem")
    strict = patch(session, {"title": "New", **dataset}, SHORT)
    assert (strict.status_code, strict.json()["findings"][0]["code"]) == (422, code)
    lenient = patch(session, {"title": "New", **dataset}, BOTH)
    assert lenient.headers["Preference-Applied"] == "handling=lenient, return=minimal"
    outcome = lenient.json()["outcome"]
    assert outcome["saved"] == ["/dataset/title"]
    assert [(one["code"], one["pointer"]) for one in outcome["refused"]] == [(code, f"/dataset{pointer}")]
    assert outcome["refused"][0]["hint"]
    saved = Deposit.objects.get(pk=session.deposit.pk).document["dataset"]
    assert saved["title"] == "New"
    assert all(saved.get(key) != wrong for key, wrong in dataset.items())


def test_an_embargo_without_a_day_does_not_pass(client: Any) -> None:
    session = Session(client, "four_d_stem")
    patch(session, {"access": "embargoed", "embargo_until": "not recorded"}, SHORT)
    answer = session.client.get(f"/api/v1/deposits/{session.deposit.pk}/validation/", headers=session.headers)
    codes = {one["code"]: one["severity"] for one in answer.json()["findings"]}
    assert codes["embargo_date_missing"] == "error"
