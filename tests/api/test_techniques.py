"""Techniques by HTTP: proposed in the table, confirmed for all at once or said of files, taken back in one step."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from repository.models import Deposit, DepositMember, Measurement, Signal
from repository.services.techniques import confirm_techniques
from tests.api.conftest import as_token, make_token
from tests.api.test_table import Session
from tests.api.test_table_costs import MOST_QUESTIONS_OF_A_PAGE, count, multiply
from tests.deposits import publish
from tests.factories import make_user, store_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]

MOST_QUESTIONS_OF_CONFIRMING = 20
IMAGE = [
    {"name": name, "size": 64, "unit": "nm", "scale": 0.1, "offset": 0.0} for name in ("scan_y", "scan_x")
]
FRAME = [
    {"name": name, "size": 64, "unit": None, "scale": None, "offset": 0.0}
    for name in ("detector_y", "detector_x")
]
SPECTRUM = [{"name": "energy", "size": 1024, "unit": "eV", "scale": 0.5, "offset": -20.0}]
BARE_SPECTRUM = [{**SPECTRUM[0], "unit": None, "scale": None}]


class Guessed(Session):
    """A session of a scan, an image, a bare frame and two spectra, of which the last has no energies."""

    def __init__(self, client: Any) -> None:
        super().__init__(client, "four_d_stem", "annular", "other", "eels", "eels")
        self.scan, self.image, self.frame, self.spectrum, self.bare = self.ids
        for measurement_id, axes, n_signal_axes in (
            (self.image, IMAGE, 2),
            (self.frame, FRAME, 2),
            (self.spectrum, SPECTRUM, 1),
            (self.bare, BARE_SPECTRUM, 1),
        ):
            Signal.objects.filter(measurement=measurement_id).update(axes=axes, n_signal_axes=n_signal_axes)
        one = Measurement.objects.get(pk=self.frame)
        Measurement.objects.filter(pk=self.frame).update(
            extracted={key: said for key, said in one.extracted.items() if key != "technique"}
        )
        self.techniques = f"/api/v1/deposits/{self.deposit.pk}/techniques/"

    def post(self, body: Any, headers: dict[str, str] | None = None) -> Any:
        return self.client.post(
            self.techniques,
            json.dumps(body),
            content_type="application/json",
            headers=headers or self.headers,
        )

    def confirm(self, **body: Any) -> dict[str, Any]:
        answer = self.post(body)
        assert answer.status_code == 200, answer.content
        return dict(answer.json())

    def refuse(self, status: int, body: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
        before = self.document()
        answer = self.post(body, headers)
        assert answer.status_code == status, answer.content
        assert self.document() == before, "a refusal changed something"
        return dict(answer.json())

    def proposals(self) -> dict[str, Any]:
        return {pk: row["proposal"] for pk, row in self.rows().items()}

    def answers(self) -> dict[str, Any]:
        return dict(self.document().get("measurements", {}))


def path_of(number: int) -> str:
    return f"night/scan_{number}.raw"


def test_the_table_proposes_for_each_measurement_and_says_why(client: Any) -> None:
    session = Guessed(client)
    found = session.proposals()
    assert {pk: (one["techniques"], one["sure"]) for pk, one in found.items()} == {
        session.scan: (["four_d_stem"], True),
        session.image: (["annular"], True),
        session.frame: ([], False),
        session.spectrum: (["eels"], True),
        session.bare: (["eels"], False),
    }
    assert (
        found[session.scan]["why"]
        == "A frame of 128 × 128 pixels of a camera at each of 4 × 4 positions of the beam."
    )
    assert "no energies" in found[session.bare]["why"]


def test_what_was_not_opened_has_no_proposal(client: Any) -> None:
    session = Guessed(client)
    Signal.objects.filter(measurement=session.image).delete()
    assert session.proposals()[session.image] is None


def test_a_picture_makes_a_proposal_that_is_never_sure(client: Any) -> None:
    session = Guessed(client)
    look = {"center_over_mean": 30.0, "half_turn": 0.9}
    Signal.objects.filter(measurement=session.frame).update(statistics={"frame": look})
    found = session.proposals()[session.frame]
    assert (found["techniques"], found["sure"]) == (["diffraction_pattern"], False)
    assert "30 times as bright at its center" in found["why"]


def test_one_click_confirms_all_that_are_sure_and_one_takes_it_back(client: Any) -> None:
    session = Guessed(client)
    before = session.document()
    changed = session.confirm(confirm=True)
    assert (changed["saved"], changed["refused"]) == (3, 0)
    assert session.answers() == {
        path_of(0): {"technique": ["four_d_stem"]},
        path_of(1): {"technique": ["annular"]},
        path_of(3): {"technique": ["eels"]},
    }
    assert session.rows()[session.scan]["cells"]["technique"]["level"] == "measurement"
    undone = session.undo(changed["change"])
    assert (undone["saved"], undone["refused"]) == (3, 0)
    assert session.document() == before


def test_confirming_all_leaves_alone_what_somebody_said(client: Any) -> None:
    session = Guessed(client)
    session.confirm(techniques={path_of(1): ["segmented_detector"]})
    session.confirm(confirm=True)
    assert session.answers()[path_of(1)] == {"technique": ["segmented_detector"]}
    again = session.confirm(confirm=True)
    assert (again["change"], again["results"]) == (None, []), "nothing was left to confirm"


def test_named_files_and_patterns_are_said_together_with_all_that_are_sure(client: Any) -> None:
    session = Guessed(client)
    said = {path_of(1): ["segmented_detector"], "*_?.raw": ["annular"], path_of(2): ["tem_image"]}
    said |= {path_of(0): ["four_d_stem", "annular"], "night/scan_[34].raw": ["eels"]}
    session.refuse(422, {"techniques": said})  # brackets are no pattern
    said = {path: words for path, words in said.items() if "[" not in path}
    said |= {path_of(3): ["eels"], path_of(4): ["cathodoluminescence"]}
    session.confirm(techniques=said, confirm=True)
    assert {path: one["technique"] for path, one in session.answers().items()} == {
        path_of(0): ["four_d_stem", "annular"],
        path_of(1): ["segmented_detector"],
        path_of(2): ["tem_image"],
        path_of(3): ["eels"],
        path_of(4): ["cathodoluminescence"],
    }


def test_a_technique_that_cannot_be_names_those_that_can_and_changes_nothing(client: Any) -> None:
    session = Guessed(client)
    said = session.refuse(422, {"techniques": {path_of(0): ["four_d_stem"], path_of(1): ["four_d_stem"]}})
    assert said["code"] == "invalid_metadata"
    assert path_of(1) in said["detail"]
    assert "has a pattern at every position" in said["detail"]
    assert said["hint"].startswith("Nothing was changed. It can be: annular, segmented_detector, ")
    assert "four_d_stem" not in said["hint"]
    assert said["pointer"] == "/techniques/night~1scan_1.raw"


@pytest.mark.parametrize("word", ["holography", "", "four_d_stem\x00"])
def test_a_word_that_is_no_technique_names_those_that_are(client: Any, word: str) -> None:
    session = Guessed(client)
    answer = session.post({"techniques": {path_of(0): [word]}})
    assert answer.status_code in {400, 422}, answer.content
    assert session.answers() == {}
    if answer.status_code == 422:
        assert "four_d_stem" in answer.json()["hint"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"confirm": False},
        {"techniques": {}},
        {"techniques": {"night/scan_0.raw": []}},
        {"techniques": {"night/scan_0.raw": "four_d_stem"}},
        {"techniques": {"night/scan_0.raw": [["eels"]]}},
        {"techniques": ["night/scan_0.raw"]},
        {"confirm": "perhaps"},
        {"confirmed": True},
        [],
    ],
)
def test_what_says_nothing_is_refused(client: Any, body: Any) -> None:
    Guessed(client).refuse(400, body)


def test_a_path_that_is_no_measurement_is_named_with_what_it_is(client: Any) -> None:
    session = Guessed(client)
    absent = session.refuse(422, {"techniques": {path_of(0): ["four_d_stem"], "night/gone.raw": ["eels"]}})
    assert "No measurement" in absent["detail"]
    assert absent["pointer"] == "/techniques/night~1gone.raw"
    store_file(session.deposit, "night/late.mib", b"not looked at yet")
    unread = session.refuse(422, {"techniques": {"night/late.mib": ["four_d_stem"]}})
    assert (
        "night/late.mib is in the deposit, but is not read as a measurement, or not yet." in unread["detail"]
    )


def test_others_and_what_is_published_are_out_of_reach(client: Any) -> None:
    session = Guessed(client)
    body = {"confirm": True}
    stranger = as_token(make_token(make_user()))
    assert session.refuse(404, body, stranger)["code"] == "not_found"
    member = make_user()
    DepositMember.objects.create(deposit=session.deposit, name=member.username, user=member)
    answer = session.post(body, as_token(make_token(member)))
    assert answer.json()["saved"] == 3, "whoever may edit may confirm"


def test_a_published_deposit_takes_none(client: Any) -> None:
    session = Session(client, "other")
    publish(Deposit.objects.get(pk=session.deposit.pk))
    address = f"/api/v1/deposits/{session.deposit.pk}/techniques/"
    answer = client.post(
        address, json.dumps({"confirm": True}), content_type="application/json", headers=session.headers
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "already_published"


def add_like_first(session: Guessed, number: int) -> None:
    """Make more measurements like the scan, each with its array."""
    multiply(session, number)
    first = Signal.objects.get(measurement=session.scan)
    bare = Measurement.objects.filter(deposit=session.deposit, signals=None)
    Signal.objects.bulk_create(
        Signal(
            measurement=one,
            name=first.name,
            shape=first.shape,
            dtype=first.dtype,
            axes=first.axes,
            n_signal_axes=first.n_signal_axes,
        )
        for one in bare
    )


def test_proposing_and_confirming_ask_the_database_no_more_for_eighty_than_for_five(client: Any) -> None:
    looked, confirmed = [], []
    for number in (1, 75):
        session = Guessed(client)
        add_like_first(session, number)
        whole = {"page_size": 200}
        session.look(**whole)
        n_looked, page = count(lambda: client.get(session.address, whole, headers=session.headers))  # noqa: B023
        assert all(row["proposal"] is not None for row in page.json()["rows"])
        assert len(page.json()["rows"]) == 5 + number
        with CaptureQueriesContext(connection) as captured:
            change = confirm_techniques(
                deposit_id=session.deposit.pk, actor=session.deposit.owner, named={}, is_sure_confirmed=True
            )
        assert change.count("saved") == 3 + number
        looked.append(n_looked)
        confirmed.append(len(captured.captured_queries))
    assert looked[0] == looked[1] <= MOST_QUESTIONS_OF_A_PAGE, looked
    assert confirmed[0] == confirmed[1] <= MOST_QUESTIONS_OF_CONFIRMING, confirmed
