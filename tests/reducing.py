"""A measurement of a real file whose jobs a test does itself, one after the other."""

from typing import Any

from processing import workflows
from repository.models import Deposit, Job, Measurement, Product
from repository.services.deposits import update_deposit
from repository.services.jobs import claim_job, complete_job, lock_claim
from repository.tasks.job_kinds import JobProgress, get_kind
from tests.deposits import DESCRIBED

GAP = {"missing": "not_recorded"}
ALPHA, PIXEL = {"value": 20, "unit": "mrad"}, {"value": 1.5, "unit": "mrad"}


def run(kind: str) -> None:
    """Do the waiting job of a kind and settle it."""
    claim = claim_job(job_id=Job.objects.get(kind=kind, state="queued").pk)
    assert claim is not None
    apply = get_kind(kind).work(claim, JobProgress())
    lock_claim(claim=claim)
    complete_job(claim=claim)
    apply()


def describe(deposit: Deposit, **answers: Any) -> None:
    """Answer for the files of a deposit anew, also where a header says otherwise; nothing is left over from before."""
    known = {**DESCRIBED, "diffraction_pixel_size": GAP, **answers}
    nothing = dict.fromkeys(("missing", "value", "unit"))
    whole = {
        name: {**nothing, **entry} if isinstance(entry, dict) else entry for name, entry in known.items()
    }
    update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch={"measurements": {"*": whole}})


def answer(deposit: Deposit, **answers: Any) -> None:
    describe(deposit, **answers)
    workflows.refresh_deposit(deposit_id=deposit.pk)


def products_of(measurement: Measurement) -> dict[str, Product]:
    return {product.output: product for product in measurement.products.filter(kind="array", is_added=False)}


def request(measurement: Measurement, recipe: str, **parameters: float) -> Job:
    return workflows.request_reduction(
        measurement_id=measurement.pk, actor=measurement.deposit.owner, recipe=recipe, parameters=parameters
    )
