"""One folder makes a format: found by web, worker and confined child, and a file of it is read end to end."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import processing.tasks  # noqa: F401 - registers the kinds of jobs
from confined import runs
from frontend.presentation.hits import name_facet_values
from repository.models import Deposit, Job, Measurement
from repository.selectors.search import FacetValue
from tests.factories import make_deposit, store_file
from tests.job_running import run_job
from tests.toy_formats import MAGIC, build_tree, use_tree, write_format
from tools.formats import BEGIN, END, replace_table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stemma_home")]


@pytest.fixture(autouse=True)
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Add the folder; bells ring for nobody, the test does the jobs itself."""
    formats = build_tree(tmp_path / "tree")
    write_format(formats, "toy")
    monkeypatch.setattr("repository.workflows.jobs.announce_job", lambda *_: True)
    monkeypatch.setattr(runs, "get_zygotes", lambda: None)  # that of this process has other code
    with use_tree(formats, monkeypatch):
        yield


def do(kind: str, deposit: Deposit) -> None:
    """Do the job of a kind that waits for this deposit."""
    job = Job.objects.get(kind=kind, deposit=deposit, state=Job.State.QUEUED)
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def read_toy() -> Measurement:
    """Deposit a file of the format and do the jobs until it is opened."""
    deposit = make_deposit()
    store_file(deposit, "a.toy", MAGIC + np.arange(40, dtype="<u2").tobytes())
    Deposit.objects.filter(pk=deposit.pk).update(state="submitted")
    Job.objects.create(kind="inspect_deposit", target=deposit.pk, deposit=deposit)
    do("inspect_deposit", deposit)
    measurement = Measurement.objects.get(deposit=deposit)
    assert measurement.format == "toy"
    do("open_measurement", deposit)
    measurement.refresh_from_db()
    assert measurement.extracted["acceleration_voltage"]["value"] == 120
    return measurement


def test_file_of_a_new_format_is_recognized_opened_and_mapped(client: Any) -> None:
    measurement = read_toy()
    assert measurement.extracted["technique"] == ["tem_image"]
    assert measurement.signals.get().shape == [10, 4]
    client.force_login(measurement.deposit.owner)
    assert "Toy of toy" in client.get(f"/deposits/{measurement.deposit.pk}").content.decode()


def test_mapping_that_fails_costs_what_it_would_have_said(tmp_path: Path) -> None:
    mapping = tmp_path / "tree" / "ingest" / "formats" / "toy" / "mapping.py"
    mapping.write_text(mapping.read_text().replace("add_arrays(draft)", "return draft.header['no such tag']"))
    measurement = read_toy()
    assert measurement.state == Measurement.State.OPENED
    assert measurement.signals.get().shape == [10, 4]
    finding = measurement.findings.get(stage="reading")
    assert (finding.code, finding.severity) == ("format_part_failed", "warning")
    assert finding.message.startswith("`map` of the format in ingest/formats/toy stopped at the header: ")


@pytest.mark.long  # a worker of other code compiles its reductions anew
@pytest.mark.timeout(1800)
def test_file_of_a_new_format_is_converted() -> None:
    measurement = read_toy()
    do("convert_measurement", measurement.deposit)
    measurement.refresh_from_db()
    assert measurement.state == Measurement.State.CONVERTED
    assert measurement.signals.get().converted_at is not None


def test_new_format_is_on_pages_in_the_api_and_in_documents(client: Any) -> None:
    assert "Toy of toy: images" in client.get("/about").content.decode()
    (value,) = name_facet_values("format", [FacetValue("toy", 1)])
    assert value.title == "Toy of toy"
    listed = {entry["id"]: entry for entry in client.get("/api/v1/formats/").json()["results"]}
    assert listed["toy"] == {
        "id": "toy", "title": "Toy of toy", "files": "`.toy`", "becomes": "images", "extensions": ["toy"],
    }  # fmt: skip
    assert "| Toy of toy | `.toy` | images |" in replace_table(f"{BEGIN}\n{END}")
