"""After any order of settlements and edits the findings are those of a check of everything, made from scratch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ingest.tasks  # noqa: F401 - registers its kinds of jobs
from ingest.workflows import read_deposit_again
from repository.errors import InvalidMetadataError
from repository.models import Deposit, Finding, Measurement
from repository.schema import (
    SignalShape,
    list_unmatched,
    merge_metadata,
    normalize_document,
    select_supplied,
    validate_dataset,
    validate_measurement,
    validate_supplied,
)
from repository.schema.findings import Finding as Found
from repository.schema.findings import group_findings
from repository.selectors.deposits import describe_deposit
from repository.selectors.visibility import Visitor
from repository.services.deposits import update_deposit
from repository.services.judgements import judge_ahead
from repository.services.measurements import (
    GroupedFiles,
    SignalDescription,
    record_conversion,
    record_opening,
    record_reading_failure,
    record_recognition,
)
from repository.services.validation import list_obstacles, validate_after_reading, validate_deposit
from tests.deposits import AXES, DESCRIBED
from tests.factories import make_deposit, store_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]
PATHS = ("a.raw", "b.raw", "c/a.raw")
VOLTS = [{"value": 300, "unit": "kV"}, {"value": 80, "unit": "MV"}, {"missing": "not_recorded"}, "200 kV"]
HEADERS: list[dict[str, Any]] = [
    DESCRIBED,
    {**DESCRIBED, "technique": ["four_d_stem"]},
    {**DESCRIBED, "acceleration_voltage": {"value": 300, "unit": "kV"}},
    {},
]
LAYERS = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "acceleration_voltage": st.none() | st.sampled_from(VOLTS),
        "semi_convergence_angle": st.none() | st.just({"value": 60, "unit": "mrad"}),
        "level": st.none() | st.sampled_from(["raw", "rwa"]),
        "scan_step": st.none() | st.just({"value": 5, "unit": "nm"}),
    },
)
PATCHES = st.fixed_dictionaries(
    {},
    optional={
        "defaults": LAYERS,
        "measurements": st.none()
        | st.dictionaries(
            st.sampled_from(["a.raw", "*.raw", "c/*", "**/a.raw", "gone.raw"]), LAYERS, max_size=3
        ),
        "dataset": st.fixed_dictionaries({}, optional={"abstract": st.none() | st.just("Short.")}),
    },
)
ONE = st.integers(0, len(PATHS) - 1)
STEPS = st.one_of(
    st.tuples(st.just("edit"), PATCHES),
    st.tuples(st.just("die"), PATCHES),
    st.tuples(st.just("overtake"), st.tuples(PATCHES, PATCHES)),
    st.tuples(st.just("open"), st.tuples(ONE, st.sampled_from(HEADERS), st.booleans())),
    st.tuples(st.just("convert"), ONE),
    st.tuples(st.just("fail"), ONE),
    st.tuples(st.just("regroup"), st.booleans()),
)


def write(deposit: Deposit, patch: Any) -> None:
    """Write an edit down; one that cannot be right is refused, and nothing changes."""
    with suppress(InvalidMetadataError):
        update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch=patch)


def edit(deposit: Deposit, patch: Any) -> None:
    write(deposit, patch)
    read_deposit_again(deposit_id=deposit.pk)


def die(deposit: Deposit, patch: Any) -> None:
    """Write an edit down and check nothing, as a process that was killed in between."""
    write(deposit, patch)


def overtake(deposit: Deposit, patches: Any) -> None:
    """Let a second edit come between the judgement and the lock."""
    first, second = patches
    write(deposit, first)
    ahead = judge_ahead(deposit_id=deposit.pk)
    write(deposit, second)
    validate_deposit(deposit_id=deposit.pk, ahead=ahead)


def open_one(deposit: Deposit, choice: Any) -> None:
    number, header, is_calibrated = choice
    measurement = find(deposit, number)
    if measurement is None:
        return
    axes = AXES if is_calibrated else [{**axis, "unit": None, "scale": None} for axis in AXES]
    record_opening(
        measurement=measurement,
        reader="test 1",
        hints={},
        header={"large": "x" * 1000},
        extracted=header,
        looked_for={"acceleration_voltage": ["High Tension"]} if is_calibrated else {},
        personal_pointers={},
        signals=[SignalDescription("data", "", (4, 4, 128, 128), "uint16", tuple(axes), 2, "1", "file", "")],
        findings=(),
    )
    validate_after_reading(deposit_id=deposit.pk, measurement_id=measurement.pk)


def convert(deposit: Deposit, number: Any) -> None:
    measurement = find(deposit, number)
    if measurement is not None and measurement.state in {"opened", "converted"}:
        record_conversion(measurement=measurement, optics={}, converted=(), findings=())
        validate_after_reading(deposit_id=deposit.pk, measurement_id=measurement.pk)


def fail(deposit: Deposit, number: Any) -> None:
    measurement = find(deposit, number)
    if measurement is not None:
        finding = Found("warning", "reader_failed", "It stopped.", layer="reading")
        record_reading_failure(
            measurement=measurement, stage=Finding.Stage.READING, finding=finding, hints={}
        )
        validate_after_reading(deposit_id=deposit.pk, measurement_id=measurement.pk)


def regroup(deposit: Deposit, is_joined: Any) -> None:
    """Look at the files again; they make three measurements, or two of them make one."""
    groups = [("a.raw",), ("b.raw",), ("c/a.raw",)] if not is_joined else [("a.raw", "c/a.raw"), ("b.raw",)]
    record_recognition(
        deposit=deposit, files=(), groups=[GroupedFiles("empad", paths) for paths in groups], findings={}
    )
    validate_deposit(deposit_id=deposit.pk)


DO: dict[str, Callable[[Deposit, Any], None]] = {
    "edit": edit, "die": die, "overtake": overtake, "open": open_one, "convert": convert, "fail": fail,
    "regroup": regroup,
}  # fmt: skip


def find(deposit: Deposit, number: int) -> Measurement | None:
    found = deposit.measurements.select_related("deposit", "primary_file")
    return found.filter(primary_file__path=PATHS[number]).first()


def judge_naively(deposit: Deposit) -> dict[str | None, list[Found]]:
    """Return what every check says of the rows as they are, by measurement; None: of the whole."""
    paths = list(deposit.files.values_list("path", flat=True))
    said: dict[str | None, list[Found]] = {
        None: [
            *validate_supplied(deposit.document),
            *validate_dataset(deposit.dataset_document),
            *list_unmatched(deposit.document, paths),
        ]
    }
    for one in deposit.measurements.all():
        said[one.pk] = []
        if one.state in {"found", "failed"}:
            continue
        files = [part.data_file.path for part in one.parts.order_by("position")]
        layers = select_supplied(deposit.document, files[0], companions=files[1:])
        signals = [SignalShape.from_dict({"name": row.name, "axes": row.axes}) for row in one.signals.all()]
        merged = merge_metadata(header=one.extracted, supplied_layers=layers, signals=signals)
        assert one.document == normalize_document(merged.document)
        assert one.techniques == merged.document.get("technique", [])
        said[one.pk] = [
            *merged.conflicts,
            *validate_measurement(merged.document, signals=signals, looked_for=one.looked_for),
        ]
    return said


def require_exact(deposit: Deposit) -> None:
    deposit = Deposit.objects.get(pk=deposit.pk)
    expected = judge_naively(deposit)
    for measurement_id, found in expected.items():
        rows = Finding.objects.filter(deposit=deposit, stage="validation", measurement=measurement_id)
        fields = ("severity", "code", "pointer", "message", "hint", "layer")
        written = sorted(rows.values_list(*fields))
        assert written == sorted(tuple(getattr(one, name) for name in fields) for one in found)
    paths = dict(deposit.measurements.values_list("pk", "primary_file__path"))
    read = deposit.findings.filter(stage="reading", measurement__isnull=False)
    for row in read:
        expected[row.measurement_id].append(
            Found(row.severity, row.code, row.message, hint=row.hint, layer="reading")  # type: ignore[arg-type]
        )
    whole = expected.pop(None)
    grouped = group_findings(
        [
            *(("", None, one) for one in whole),
            *((paths[str(pk)], pk, one) for pk, found in expected.items() for one in found),
        ]
    )
    stated = [(one.severity, one.code, one.pointer, one.message, one.where) for one in grouped]
    shown = describe_deposit(Visitor(deposit.owner), deposit).grouped_findings
    assert sorted(map(repr, stated)) == sorted(
        repr((one.severity, one.code, one.pointer, one.message, one.where)) for one in shown
    )
    obstacles = [one for one in stated if one[0] != "info"]
    assert sorted(map(repr, obstacles)) == sorted(
        repr((one.severity, one.code, one.pointer, one.message, one.where)) for one in list_obstacles(deposit)
    )
    assert deposit.state == ("needs_attention" if obstacles else "ready")


@contextmanager
def undone() -> Iterator[None]:
    """Give every example of hypothesis the same empty tables."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_after_any_order_of_settlements_and_edits_the_findings_are_those_of_a_check_from_scratch(
    steps: list[tuple[str, Any]],
) -> None:
    with undone():
        deposit = make_deposit()
        for path in PATHS:
            store_file(deposit, path, path.encode())
        Deposit.objects.filter(pk=deposit.pk).update(state="processing")
        regroup(deposit, is_joined=False)
        for name, choice in steps:
            DO[name](deposit, choice)
            if name != "die":
                if any(kind == "die" for kind, _ in steps):
                    read_deposit_again(deposit_id=deposit.pk)
                require_exact(deposit)
