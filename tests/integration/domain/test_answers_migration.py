"""A draft that an earlier release described keeps every answer, and gets the cells of the session's table."""

from typing import Any

import pytest

from repository.models import AnswerChange, Deposit, Finding, Measurement
from tests.deposits import add_measurement, make_published, settle
from tests.factories import make_deposit
from tests.integration.domain.test_recipe_migration import migrate

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, ANSWERS = ("repository", "0019_calibrated_axes"), ("repository", "0020_answers")

ANSWERED: dict[str, Any] = {
    "dataset": {"title": "One night"},
    "defaults": {"probe_current": "30 pA", "sample": {"thickness": "20 nm"}},
    "measurements": {
        "night/*": {"dwell_time": {"value": 1, "unit": "us", "basis": "measured"}},
        "night/b.raw": {"dwell_time": "2 us", "notes": "drifted", "semi_convergence_angle": "25 mrad"},
    },
}


def read_draft(deposit: Deposit) -> dict[str, Any]:
    """Return what persons said of a draft, and what the checks say of it."""
    rows = Measurement.objects.filter(deposit=deposit).order_by("pk")
    found = Finding.objects.filter(deposit=deposit).order_by("measurement", "pointer", "code", "message")
    return {
        "deposit": Deposit.objects.filter(pk=deposit.pk).values(
            "title", "document", "state", "accepted_warnings", "revision", "schema_version"
        )[0],
        "documents": list(rows.values_list("pk", "document", "extracted", "techniques", "state")),
        "findings": list(found.values_list("measurement", "severity", "code", "pointer", "message", "hint")),
    }


def test_a_draft_of_before_loses_no_answer(stemma_home: object) -> None:
    published = make_published().measurements.get().measurement
    draft = make_deposit()
    for path in ("night/a.raw", "night/b.raw"):
        add_measurement(draft, path, technique=["annular"])
    Deposit.objects.filter(pk=draft.pk).update(document={**draft.document, **ANSWERED})
    settle(draft)
    before = read_draft(draft)
    assert before["findings"], "a draft of which something is asked"
    judged = Measurement.objects.get(pk=published.pk).judged_from
    rows = Measurement.objects.filter(deposit=draft).order_by("primary_file__path")
    cells = [row.cells for row in rows]
    try:
        migrate(BEFORE)  # the columns and the table of the answers are gone, as the former release had it
        migrate(ANSWERS)
    finally:
        migrate()
    assert read_draft(draft) == before
    assert [(row.judged_from, row.cells, row.kind) for row in rows.all()] == [("", {}, "")] * 2
    assert Measurement.objects.get(pk=published.pk).judged_from == judged, (
        "what is published is not checked again"
    )
    assert not AnswerChange.objects.exists()
    settle(draft)
    after = read_draft(draft)
    assert after["findings"] == before["findings"]
    assert after["documents"] == before["documents"]
    assert after["deposit"]["document"] == before["deposit"]["document"]
    assert [row.cells for row in rows.all()] == cells
    first, second = rows.all()
    told = [(row.cells["dwell_time"]["text"], row.cells["dwell_time"]["level"]) for row in (first, second)]
    assert told == [("1 us", "pattern"), ("2 us", "measurement")]
    assert first.cells["probe_current"]["level"] == "all"
    assert {row.kind for row in rows.all()} == {"annular"}
