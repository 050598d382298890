"""The JSON shapes that several addresses share. Plain serializers over the selectors' dataclasses."""

from typing import Any

from rest_framework import serializers

from repository.states import DepositState, MeasurementState

Nested = serializers.Serializer


class PlaceShape(Nested[Any]):
    path = serializers.CharField(allow_blank=True, help_text="The file; of a measurement its primary one.")
    measurement = serializers.CharField(allow_null=True)
    message = serializers.CharField(help_text="What was found here.")
    hint = serializers.CharField(allow_blank=True)


class FindingShape(Nested[Any]):
    severity = serializers.ChoiceField(choices=["error", "warning", "info"])
    code = serializers.CharField()
    pointer = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)
    layer = serializers.CharField()
    stage = serializers.CharField(required=False)
    why = serializers.CharField(
        required=False,
        help_text="What it rests on, such as the keys of the file's header, where that is known.",
    )
    where = PlaceShape(
        many=True, required=False, help_text="Of a cause in files or measurements: each of them."
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Leave out what is empty: only what stands for several findings has places."""
        shown: dict[str, Any] = super().to_representation(instance)
        return {key: value for key, value in shown.items() if value or key not in {"where", "why"}}


class ProblemShape(Nested[Any]):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)
    pointer = serializers.CharField(required=False)
    upload = serializers.CharField(required=False, help_text="With `upload_running`: the id of that upload.")
    findings = FindingShape(many=True, required=False)


class FieldChangeShape(Nested[Any]):
    """Where a deposit is other than it was; what was, or is, absent there is left out."""

    pointer = serializers.CharField(help_text="From the root of `current`, such as /metadata/dataset/title.")
    old = serializers.JSONField(required=False)
    new = serializers.JSONField(required=False)
    by = serializers.CharField(help_text="Who changed it last.")
    at = serializers.DateTimeField()
    revision = serializers.IntegerField()


class CurrentContentShape(Nested[Any]):
    etag = serializers.CharField()
    revision = serializers.IntegerField()
    state = serializers.CharField()
    metadata = serializers.JSONField()
    acknowledged_warnings = serializers.JSONField()


class RevisionConflictShape(ProblemShape):
    """What stands in the deposit now, and what changed since the revision that If-Match names."""

    current = CurrentContentShape()
    changes = FieldChangeShape(many=True)
    changes_are_all = serializers.BooleanField(
        help_text="False where older changes are not kept: compare with `current` then."
    )


class FileShape(Nested[Any]):
    path = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=["uploading", "stored", "quarantined"])
    format = serializers.CharField(allow_blank=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field named label
    is_read = serializers.BooleanField()
    url = serializers.CharField()
    upload = serializers.CharField(allow_null=True)
    offset = serializers.IntegerField(allow_null=True)
    damaged_at = serializers.DateTimeField(
        allow_null=True,
        help_text="Since when the stored bytes are known to be damaged. Upload the same file again to mend it.",
    )
    fate = serializers.ChoiceField(
        choices=["publish", "private", "discard", "aside"],
        help_text="What becomes of it with the next version. `aside`: nobody meant to send it, by its name.",
    )
    findings = FindingShape(many=True)


class AxisInFileShape(Nested[Any]):
    unit = serializers.CharField(allow_null=True)
    scale = serializers.FloatField(allow_null=True)
    offset = serializers.FloatField(allow_null=True)
    positions = serializers.ListField(
        child=serializers.FloatField(),
        required=False,
        help_text="Where each sample lies, if no step leads from one to the next.",
    )


class AxisShape(Nested[Any]):
    """One axis as the record has it: sample i lies at offset + i * scale, or where `positions` says."""

    name = serializers.CharField()
    size = serializers.IntegerField()
    unit = serializers.CharField(allow_null=True)
    scale = serializers.FloatField(allow_null=True)
    offset = serializers.FloatField(allow_null=True)
    positions = serializers.ListField(
        child=serializers.FloatField(),
        required=False,
        help_text="Where each sample lies, in `unit`, if no step leads from one to the next; `scale` is null then.",
    )
    said_by = serializers.CharField(
        allow_null=True,
        help_text="The field of the metadata that calibrates it; null where the file does, or nothing.",
    )
    calibration = serializers.CharField(
        allow_null=True,
        required=False,
        help_text="Id and number of the calibration that its scale was taken from; null without.",
    )
    in_file = AxisInFileShape(
        allow_null=True, help_text="What the file itself says, where the metadata say something else."
    )


class InputShape(Nested[Any]):
    kind = serializers.ChoiceField(
        choices=["file", "array_object"],
        help_text="`array_object`: an object of a converted array of the same measurement.",
    )
    path = serializers.CharField(allow_null=True)
    sha256 = serializers.CharField()


class SoftwareShape(Nested[Any]):
    program = serializers.CharField(
        allow_blank=True, help_text="Name, and version of what it writes: `convert 2`."
    )
    package = serializers.CharField(allow_blank=True)
    version = serializers.CharField(
        allow_blank=True, help_text="Empty for what is older than this was written down."
    )
    commit = serializers.CharField(allow_blank=True, help_text="Of the source, where it was known.")
    python = serializers.CharField(allow_blank=True)
    libraries = serializers.DictField(child=serializers.CharField(), help_text="Versions by distribution.")


class CarriedCalibrationShape(Nested[Any]):
    """A calibration that a signal carries, by value: what its record says by now changes nothing here."""

    id = serializers.CharField()
    number = serializers.IntegerField()
    field = serializers.CharField()
    title = serializers.CharField()
    value = serializers.CharField(help_text="With unit and uncertainty; the document has it as numbers.")
    calibrated_from = serializers.CharField(allow_blank=True)
    axes = serializers.ListField(
        child=serializers.CharField(),
        help_text="The axes that follow it; of a rotation or a distortion none.",
    )


class SignalShape(Nested[Any]):
    name = serializers.CharField()
    title = serializers.CharField(
        allow_blank=True, help_text="What the file calls it; empty where it gives no name."
    )
    shape = serializers.ListField(child=serializers.IntegerField())
    dtype = serializers.CharField()
    axes = AxisShape(many=True)
    calibrations = CarriedCalibrationShape(many=True, help_text="Those that it carries.")
    n_signal_axes = serializers.IntegerField()
    intensity_unit = serializers.CharField(allow_blank=True)
    shape_origin = serializers.ChoiceField(choices=["file", "depositor", "guessed"])
    orientation = serializers.CharField(allow_blank=True)
    statistics = serializers.JSONField()
    is_converted = serializers.BooleanField()
    software = SoftwareShape(
        allow_null=True, help_text="What converted it; null where it was not written down."
    )
    zarr = serializers.CharField()


class ProductShape(Nested[Any]):
    recipe = serializers.CharField(help_text="What made it; `/api/v1/recipes/` describes those of today.")
    recipe_version = serializers.IntegerField(help_text="0: made before recipes had versions.")
    output = serializers.CharField(help_text="Which of the recipe's results it is; its address.")
    settings = serializers.JSONField(help_text="What the recipe was given.")
    digest = serializers.CharField(
        help_text="sha256 over inputs, signal, recipe, version, settings and output."
    )
    signal = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(choices=["array", "preview"])
    title = serializers.CharField(allow_blank=True)
    parameters = serializers.JSONField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    code_version = serializers.CharField(
        help_text="Package, version and commit; of older products, the program."
    )
    software = SoftwareShape()
    inputs = InputShape(many=True)
    is_preliminary = serializers.BooleanField(
        help_text="Made from a part of the values; its parameters say from which. The conversion replaces it."
    )
    is_added = serializers.BooleanField(help_text="Made after the measurement was published.")
    url = serializers.CharField()
    lasting_url = serializers.CharField(help_text="The same bytes, by digest.")


class RequirementShape(Nested[Any]):
    path = serializers.CharField()
    level = serializers.CharField()
    title = serializers.CharField()
    why = serializers.CharField(allow_blank=True)
    looked_for = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=["value", "gap", "missing"])


class ReadingShape(Nested[Any]):
    step = serializers.ChoiceField(choices=["opening", "previewing", "converting", "reducing"])
    state = serializers.ChoiceField(choices=["queued", "running"])
    fraction = serializers.FloatField()
    seconds_left = serializers.FloatField(allow_null=True, help_text="At the rate so far.")


class MeasurementShape(Nested[Any]):
    id = serializers.CharField()
    format = serializers.CharField()
    reader = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=MeasurementState.values)
    techniques = serializers.ListField(child=serializers.CharField())
    path = serializers.CharField()
    files = serializers.ListField(child=serializers.CharField())
    schema_version = serializers.CharField(help_text="In the words of which version the metadata are.")
    inputs = InputShape(many=True, help_text="The same files with their digests; arrays are made from them.")
    metadata = serializers.JSONField()
    signals = SignalShape(many=True)
    products = ProductShape(many=True)
    findings = FindingShape(many=True)
    requirements = RequirementShape(many=True)
    replaces = serializers.CharField(
        allow_null=True, help_text="The measurement of an earlier version in whose place this one stands."
    )
    reading = ReadingShape(allow_null=True, help_text="What is being done with it just now.")
    fate = serializers.ChoiceField(
        choices=["publish", "private", "discard"], help_text="What becomes of it with the next version."
    )
    url = serializers.CharField()


class ProgressShape(Nested[Any]):
    fraction = serializers.FloatField()
    message = serializers.CharField(allow_blank=True)
    running = serializers.IntegerField(help_text="How many jobs of the deposit wait or run.")
    position = serializers.IntegerField(
        allow_null=True,
        help_text="How many jobs are before the first of those that wait. Null when none waits.",
    )
    failed = serializers.ListField(child=serializers.CharField())


class LeftOutShape(Nested[Any]):
    path = serializers.CharField()
    reason = serializers.CharField()


class SchemaChangeShape(Nested[Any]):
    pointer = serializers.CharField(help_text="Where it stood.")
    change = serializers.CharField(help_text="What became of it.")
    version = serializers.CharField(help_text="The version of the schema that changed it.")


class AnswersOutcomeShape(Nested[Any]):
    saved = serializers.ListField(
        child=serializers.CharField(), help_text="JSON pointers of the answers in the patch that were saved."
    )
    refused = FindingShape(
        many=True, help_text="What is wrong with each of the others; nothing of them was saved."
    )


class DepositShape(Nested[Any]):
    id = serializers.CharField()
    state = serializers.ChoiceField(choices=DepositState.values)
    revision = serializers.IntegerField()
    title = serializers.CharField(allow_blank=True)
    doi = serializers.CharField(allow_null=True)
    doi_state = serializers.CharField(allow_null=True)
    url = serializers.CharField()
    owner = serializers.CharField()
    members = serializers.ListField(
        child=serializers.CharField(),
        help_text="User names of the co-owners, as they were written.",
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    metadata = serializers.JSONField(source="document")
    schema_version = serializers.CharField(help_text="In the words of which version the metadata are.")
    schema_changes = SchemaChangeShape(
        many=True,
        help_text="What newer versions of the schema changed in the metadata since they were written.",
    )
    dataset = serializers.JSONField()
    accepted_warnings = serializers.JSONField()
    findings = FindingShape(
        many=True,
        source="grouped_findings",
        help_text="Each cause once, with where it was found; files and measurements say their own.",
    )
    arrived = serializers.CharField(
        source="arrived.sentence",
        help_text="What its files are, in a sentence; `…/arrived/` has the numbers and lists.",
    )
    files = FileShape(many=True)
    measurements = MeasurementShape(many=True)
    progress = ProgressShape()
    read_until = serializers.ChoiceField(
        choices=["opened", "converted"],
        help_text="How far the files are read since they were handed in last.",
    )
    left_out = LeftOutShape(many=True, help_text="Files of an earlier version that this one will not hold.")
    version = serializers.IntegerField(allow_null=True)
    outcome = AnswersOutcomeShape(
        required=False,
        help_text="Of a PATCH with `Prefer: handling=lenient`: what was saved, and what was not.",
    )


class ObstaclesShape(Nested[Any]):
    to_settle = serializers.IntegerField(help_text="Errors.")
    to_acknowledge = serializers.IntegerField(help_text="Warnings that nobody has acknowledged.")


class ChangedDepositShape(Nested[Any]):
    id = serializers.CharField()
    state = serializers.CharField()
    revision = serializers.IntegerField()
    title = serializers.CharField(allow_blank=True)
    obstacles = ObstaclesShape(help_text="How many findings stand in the way of publishing.")
    outcome = AnswersOutcomeShape(
        required=False, help_text="With `handling=lenient`: what was saved, and what was not."
    )


class DepositSummaryShape(Nested[Any]):
    id = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    url = serializers.CharField()


class DepositPageShape(Nested[Any]):
    next = serializers.CharField(allow_null=True)
    results = DepositSummaryShape(many=True)
