"""Many people in one table at the same moment, and processes that end in the middle: no answer is lost or half seen."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from django.db import connection

from processing import workflows
from processing.workflows import change_answers
from repository.models import Deposit, Finding, Measurement
from repository.schema.checks.cells import build_tag
from repository.services.answer_writes import Wish
from repository.services.answers import TableChange, undo_change, write_answers
from tests.api.conftest import WebClient
from tests.deposits import add_measurement, settle
from tests.factories import make_deposit, make_user
from tests.patience import patient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stemma_home")]
N_FILES = 4
FIELDS = {"probe_current": "30 pA", "dwell_time": "1 ms", "notes": "warm"}


@pytest.fixture
def session(web: WebClient) -> Deposit:
    deposit = make_deposit()
    for number in range(N_FILES):
        one = add_measurement(deposit, f"scan_{number}.raw", technique=["four_d_stem"])
        Measurement.objects.filter(pk=one.pk).update(ordinal=number)
    return settle(deposit)


def build_wish(field: str, value: str, one: str, **more: Any) -> Wish:
    return Wish(field=field, level="measurement", act="value", keys=(one,), value=value, **more)


def run_together(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all of them at the same moment, each with a connection of its own; return what came of each."""
    gate = threading.Barrier(len(acts))
    came: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            gate.wait(patient(60))
            came[place] = acts[place]()
        except BaseException as fault:  # noqa: BLE001 - told to the test
            came[place] = fault
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patient(120))
    return came


def answer(deposit: Deposit, wish: Wish, actor: Any = None) -> TableChange:
    return change_answers(
        deposit_id=deposit.pk,
        write=lambda: write_answers(deposit_id=deposit.pk, actor=actor or deposit.owner, wishes=[wish]),
    )


def test_cells_filled_by_many_at_the_same_moment_all_say_what_was_typed(session: Deposit) -> None:
    ids = list(session.measurements.order_by("ordinal").values_list("pk", flat=True))
    acts = [
        partial(answer, session, build_wish(field, text, one))
        for one in ids
        for field, text in FIELDS.items()
    ]
    came = run_together(acts)
    assert [one.count("saved") for one in came] == [1] * len(acts), came
    for one in Measurement.objects.filter(deposit=session):
        told = {field: one.cells[field]["text"] for field in ("probe_current", "dwell_time")}
        assert told == {"probe_current": "30 pA", "dwell_time": "1 ms"}, one.primary_file.path
        assert one.document["notes"] == "warm"
    assert not Finding.objects.filter(deposit=session, pointer="/dwell_time").exists()


def test_of_two_who_fill_the_same_empty_cell_one_is_told_what_stands_there(session: Deposit) -> None:
    one = session.measurements.order_by("ordinal").first()
    assert one is not None
    seen = {one.pk: build_tag(None)}
    texts = ("30 pA", "40 pA")
    came = run_together(
        [partial(answer, session, build_wish("probe_current", text, one.pk, expected=seen)) for text in texts]
    )
    results = sorted(change.results[0].result for change in came)
    assert results == ["refused", "saved"], came
    kept = next(text for text, change in zip(texts, came, strict=True) if change.count("saved"))
    one.refresh_from_db()
    assert one.cells["probe_current"]["text"] == kept
    (refused,) = [change.results[0] for change in came if change.count("refused")]
    assert refused.code == "changed_meanwhile"


def test_undo_by_another_person_leaves_what_was_answered_since(session: Deposit) -> None:
    other = make_user("pierre")
    ids = list(session.measurements.order_by("ordinal").values_list("pk", flat=True))[:2]
    wish = Wish(field="probe_current", level="measurement", act="value", keys=tuple(ids), value="30 pA")
    change = answer(session, wish)
    answer(session, build_wish("probe_current", "40 pA", ids[0]), actor=other)
    assert change.id is not None
    identifier = change.id
    undone = change_answers(
        deposit_id=session.pk,
        write=lambda: undo_change(deposit_id=session.pk, actor=other, change_id=identifier),
    )
    assert sorted(one.result for one in undone.results) == ["refused", "saved"]
    cells = {one.pk: one.cells["probe_current"] for one in Measurement.objects.filter(pk__in=ids)}
    assert cells[ids[0]]["text"] == "40 pA"
    assert cells[ids[1]]["state"] != "value"


def test_a_process_that_ends_before_the_cells_say_so_has_answered_nothing(
    session: Deposit, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = session.measurements.order_by("ordinal").first()
    assert one is not None

    def end(**_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(workflows, "refresh_deposit", end)
        with pytest.raises(KeyboardInterrupt):
            answer(session, build_wish("probe_current", "30 pA", one.pk))
    session.refresh_from_db()
    assert "probe_current" not in session.document.get("measurements", {}).get("scan_0.raw", {})
    assert not session.answer_changes.exists()
    assert answer(session, build_wish("probe_current", "30 pA", one.pk)).count("saved") == 1
