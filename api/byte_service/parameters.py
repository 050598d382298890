"""What requests of several byte routes say, and what they hear when they succeed."""

from api.byte_service.declaration import Parameter, Reply

_SOME_TEXT = {"type": "string", "minLength": 1}
_TEXT = {"type": "string"}

DEPOSIT_ID = Parameter(name="deposit_id", component="DepositId")
DATASET_ID = Parameter(name="dataset_id", component="DatasetId")
MEASUREMENT_ID = Parameter(name="measurement_id", component="MeasurementId")
VERSION_NUMBER = Parameter(name="number", schema={"type": "integer", "minimum": 1}, component="VersionNumber")
FILE_PATH = Parameter(
    name="path", schema=_SOME_TEXT, description="May hold slashes.", holds_slashes=True, component="FilePath"
)
SIGNAL_NAME = Parameter(name="name", schema=_SOME_TEXT, component="SignalName")
PRODUCT_NAME = Parameter(
    name="product",
    schema=_SOME_TEXT,
    description="Signal and recipe: data.mean_diffraction_pattern.",
    component="ProductName",
)
REVISION = Parameter(
    name="revision",
    place="query",
    schema={"type": "integer", "minimum": 0},
    description="In which the version says what it says, instead of the newest; 0 is what was published.",
    is_required=False,
    component="MetadataRevision",
)
RANGE = Parameter(
    name="Range",
    place="header",
    description="One range of bytes: bytes=0-99, bytes=100-, bytes=-100.",
    is_required=False,
    component="Range",
)

_STORED_HEADERS = {
    "ETag": {**_TEXT, "description": "The sha256 of the whole."},
    "Repr-Digest": _TEXT,
    "Accept-Ranges": _TEXT,
    "Content-Range": _TEXT,
    "Content-Disposition": _TEXT,
}
_BYTES = "The bytes, whole or the range that was asked for."
STORED_BYTES = (
    Reply(200, _BYTES, _STORED_HEADERS, has_body=True),
    Reply(206, _BYTES, _STORED_HEADERS, has_body=True),
    Reply(304, "The client has these bytes already."),
)
