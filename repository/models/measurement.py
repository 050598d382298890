from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from repository.models.data_file import SHA256_PATTERN, DataFile
from repository.models.deposit import ID_PATTERN, Deposit
from repository.schema.documents.calibrated_axes import calibrate_signals
from repository.schema.documents.proposals import propose_technique
from repository.schema.documents.signal_kind import SignalDecision, decide_signal_kinds
from repository.schema.documents.technique_guesses import FrameLook, Proposal, SeenSignal
from repository.schema.identifiers import generate_id
from repository.schema.quantities.signals import SignalAxis, SignalShape
from repository.schema.versions.in_force import get_version_in_force
from repository.schema.versions.steps import move_document
from repository.states import MeasurementState


class Measurement(models.Model):
    """One acquisition: a primary file with its companions, one metadata document, an id of its own.

    `frozen_at` is set when a published version takes the measurement in; from then on the database refuses changes.
    """

    State = MeasurementState

    id = models.CharField(primary_key=True, max_length=9, default=generate_id, editable=False)
    deposit = models.ForeignKey(Deposit, on_delete=models.CASCADE, related_name="measurements")
    primary_file = models.ForeignKey(DataFile, on_delete=models.PROTECT, related_name="measurements")
    files: models.ManyToManyField = models.ManyToManyField(  # type: ignore[type-arg]
        DataFile, through="MeasurementFile", related_name="part_of"
    )
    ordinal = models.PositiveIntegerField(default=0)
    format = models.CharField(max_length=40)
    reader = models.CharField(max_length=80, blank=True, help_text="Name and version of the reader.")
    state = models.CharField(max_length=16, choices=State, default=State.FOUND)
    techniques = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    hints = models.JSONField(
        default=dict, help_text="What the person had said when the files were last opened."
    )
    header = models.JSONField(default=dict, help_text="The vendor header, verbatim where JSON allows.")
    extracted = models.JSONField(default=dict, help_text="What the header says in the words of the schema.")
    looked_for = models.JSONField(default=dict, help_text="Field path -> vendor keys that were looked at.")
    personal_pointers = models.JSONField(
        default=dict, help_text="Header place -> what it says of people, paths and serial numbers."
    )
    calibration = models.JSONField(default=dict, help_text="The angles with which the reductions were made.")
    document = models.JSONField(default=dict, help_text="Header and person merged: the metadata document.")
    judged_from = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Digest of what its findings of the checks rest on; empty where nothing was checked.",
    )
    kind = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Its techniques in the order of the vocabulary, joined by +: the group of the session's table.",
    )
    cells = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text="Field -> what the session's table shows of it; made together with the findings of the checks.",
    )
    schema_version = models.CharField(max_length=20, default=get_version_in_force)
    replaces = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    created_at = models.DateTimeField(default=timezone.now)
    frozen_at = models.DateTimeField(null=True, blank=True)
    left_out_at = models.DateTimeField(
        null=True, blank=True, help_text="When a draft stopped holding it; published versions still do."
    )

    class Meta:
        ordering: ClassVar = ["ordinal", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="measurement_primary_once",
                fields=["deposit", "primary_file"],
                condition=Q(left_out_at__isnull=True),
            ),
            models.CheckConstraint(
                name="measurement_left_out_is_published",
                condition=Q(left_out_at__isnull=True) | Q(frozen_at__isnull=False),
            ),
            models.CheckConstraint(name="measurement_id_form", condition=Q(id__regex=ID_PATTERN)),
            models.CheckConstraint(
                name="measurement_state_known",
                condition=Q(state__in=MeasurementState.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.format}"

    @property
    def present_document(self) -> dict[str, Any]:
        """Return the document in the words of the version in force: what programs and search compare."""
        return move_document(self.document, since=self.schema_version).document

    @property
    def shapes(self) -> list[SignalShape]:
        """Return what the checks need to know of the arrays, as they were read."""
        return [
            SignalShape.from_dict(
                {"name": signal.name, "axes": signal.axes, "n_signal_axes": signal.n_signal_axes}
            )
            for signal in self.signals.all()
        ]

    @property
    def calibrated_shapes(self) -> tuple[SignalShape, ...]:
        """Return the same with the axes as the record has them: what is shown, drawn and written is made of these."""
        return calibrate_signals(self.shapes, self.present_document)

    @property
    def signal_decisions(self) -> dict[str, SignalDecision]:
        """Return what each array is, by its name, and why."""
        return decide_signal_kinds(self.shapes, self.present_document)

    @property
    def proposal(self) -> Proposal | None:
        """Return what its technique seems to be, by what opening and converting wrote down; it is no answer."""
        shapes = {shape.name: shape for shape in self.calibrated_shapes}
        seen = [
            SeenSignal(
                shapes[signal.name],
                dtype=signal.dtype,
                is_shape_guessed=signal.shape_origin == "guessed",
                frame=FrameLook.from_dict(signal.statistics.get("frame")),
            )
            for signal in self.signals.all()
        ]
        return propose_technique(self.extracted, seen)


class MeasurementFile(models.Model):
    """Which stored file plays which part in a measurement."""

    measurement = models.ForeignKey(Measurement, on_delete=models.CASCADE, related_name="parts")
    data_file = models.ForeignKey(DataFile, on_delete=models.PROTECT, related_name="parts")
    position = models.PositiveIntegerField(default=0, help_text="0 is the primary file.")

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="measurement_file_once", fields=["measurement", "data_file"])
        ]

    def __str__(self) -> str:
        return f"{self.data_file} in {self.measurement_id}"


class Signal(models.Model):
    """One array of a measurement with named axes, units, calibration and intensity unit."""

    measurement = models.ForeignKey(Measurement, on_delete=models.CASCADE, related_name="signals")
    name = models.CharField(max_length=64)
    title = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="What the file calls it."
    )
    ordinal = models.PositiveIntegerField(default=0)
    shape = ArrayField(models.BigIntegerField())
    dtype = models.CharField(max_length=16)
    axes = models.JSONField(
        default=list, help_text="As the file has them: [{name, size, unit, scale, offset, positions}]."
    )
    calibrated_axes = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="Those with which its array and pictures were made; empty: as the file has them.",
    )
    n_signal_axes = models.PositiveSmallIntegerField(default=2)
    intensity_unit = models.CharField(max_length=40, blank=True)
    shape_origin = models.CharField(max_length=16, default="file")
    orientation = models.CharField(max_length=300, blank=True)
    statistics = models.JSONField(
        default=dict, help_text="{sum, minimum, maximum, n_nan} of the source's values."
    )
    converted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["ordinal", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="signal_name_once", fields=["measurement", "name"]),
            models.CheckConstraint(
                name="signal_shape_origin_known",
                condition=Q(shape_origin__in=["file", "depositor", "guessed"]),
            ),
            models.CheckConstraint(name="signal_name_form", condition=Q(name__regex=r"^[a-z0-9_]+$")),
        ]

    def __str__(self) -> str:
        return f"{self.measurement_id}/{self.name}"

    @property
    def axes_made(self) -> tuple[SignalAxis, ...]:
        """Return the axes with which its array and pictures were made."""
        axes = self.calibrated_axes or self.axes
        return SignalShape.from_dict({"name": self.name, "axes": axes}).axes


class ArrayObject(models.Model):
    """One object of a converted array: the key inside the Zarr store, and the digest of its bytes."""

    class Kind(models.TextChoices):
        PRIMARY = "primary", "Zarr v3 array"
        COMPANION = "companion", "Detector-major companion"

    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="objects_stored")
    kind = models.CharField(max_length=16, choices=Kind)
    key = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["kind", "key"]
        indexes: ClassVar = [models.Index(fields=["sha256"], name="array_object_digest")]
        constraints: ClassVar = [
            models.UniqueConstraint(name="array_object_key_once", fields=["signal", "kind", "key"]),
            models.CheckConstraint(name="array_object_size_not_negative", condition=Q(size__gte=0)),
            models.CheckConstraint(
                name="array_object_digest_form", condition=Q(sha256__regex=SHA256_PATTERN)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"
