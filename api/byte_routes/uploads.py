"""Resumable uploads by tus 1.0.0."""

from typing import Any

from api.byte_service.audiences import ANYBODY, EDITORS_OF_DRAFT, SENDERS_OF_UPLOAD
from api.byte_service.declaration import ByteRoute, Operation, Parameter, Reply
from api.byte_service.tus import (
    CHUNK_TYPE,
    append_chunk,
    cancel,
    create_upload,
    describe_protocol,
    in_version,
    tell_offset,
)
from api.byte_service.tus_answers import VERSION
from repository.selectors import addresses

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_EVERY_ANSWER = {"Tus-Resumable": VERSION}

UPLOAD_ID = Parameter(name="upload_id", component="UploadId")
TUS_RESUMABLE = Parameter(
    name="Tus-Resumable", place="header", schema={**_TEXT, "enum": [VERSION]}, component="TusResumable"
)


def _header(name: str, description: str, schema: dict[str, Any], **more: Any) -> Parameter:
    return Parameter(name=name, place="header", description=description, schema=schema, **more)


def _describe_protocol(name: str) -> Operation:
    return Operation(
        method="OPTIONS",
        name=name,
        description="Say which version and extensions of tus this server speaks.",
        who_may=ANYBODY,
        media_types=(),
        replies=(
            Reply(
                204,
                "In the headers.",
                {
                    "Tus-Version": _TEXT,
                    "Tus-Extension": _TEXT,
                    "Tus-Max-Size": _NUMBER,
                    "Tus-Checksum-Algorithm": _TEXT,
                },
            ),
        ),
        answer=describe_protocol,
    )


_CREATE = Operation(
    method="POST",
    name="createUpload",
    description=(
        "Promise a file (tus 1.0.0). The same promise made twice continues the first one; other bytes for a path that "
        "is being uploaded are answered 409 `upload_running` with the id of that upload. A name that breaks the rule "
        "for names (/api/v1/schemas/file-names.json) is answered 422 `invalid_path`."
    ),
    who_may=EDITORS_OF_DRAFT,
    media_types=(),
    parameters=(
        TUS_RESUMABLE,
        _header("Upload-Length", "Size in bytes.", {**_NUMBER, "minimum": 0}, example="3"),
        _header(
            "Upload-Metadata",
            "Pairs of a key and a base64 value, separated by commas; keys: deposit, path, sha256, size; replace, the "
            "id of an upload of the same path that is to end.",
            _TEXT,
            example="deposit N3EybS14NGRu,path c2Nhbi5yYXc=",
        ),
    ),
    replies=(
        Reply(
            200,
            "The same bytes are stored under this path already.",
            {"Stemma-Already-Stored": _TEXT, "Upload-Offset": _NUMBER},
        ),
        Reply(
            201,
            "Send the bytes to Location.",
            {"Location": _TEXT, "Upload-Offset": _NUMBER, "Upload-Expires": _TEXT},
        ),
    ),
    answer=in_version(create_upload),
)
_ASK_OFFSET = Operation(
    method="HEAD",
    name="askUploadOffset",
    description="Ask how many bytes have arrived.",
    who_may=SENDERS_OF_UPLOAD,
    media_types=(),
    parameters=(TUS_RESUMABLE,),
    replies=(
        Reply(
            200,
            "The offset at which to go on.",
            {"Upload-Offset": _NUMBER, "Upload-Length": _NUMBER, "Upload-Expires": _TEXT},
        ),
    ),
    answer=in_version(tell_offset),
)
_APPEND = Operation(
    method="PATCH",
    name="sendChunk",
    description="Append bytes at an offset. The last chunk stores the file.",
    who_may=SENDERS_OF_UPLOAD,
    media_types=(),
    takes=CHUNK_TYPE,
    parameters=(
        TUS_RESUMABLE,
        _header("Upload-Offset", "Where the chunk begins.", {**_NUMBER, "minimum": 0}, example="0"),
        _header(
            "Upload-Checksum",
            "sha256, sha1 or md5 and the base64 digest of the chunk.",
            _TEXT,
            is_required=False,
            example="md5 1B2M2Y8AsgTpgAmY7PhCfg==",
        ),
    ),
    replies=(Reply(204, "The chunk is kept.", {"Upload-Offset": _NUMBER, "Upload-Expires": _TEXT}),),
    answer=in_version(append_chunk),
)
_CANCEL = Operation(
    method="DELETE",
    name="cancelUpload",
    description="Forget the transfer and its bytes.",
    who_may=SENDERS_OF_UPLOAD,
    media_types=(),
    parameters=(TUS_RESUMABLE,),
    replies=(Reply(204, "It is gone."),),
    answer=in_version(cancel),
)

ROUTES = (
    ByteRoute(
        path="/api/v1/uploads",
        tag="uploads",
        headers=_EVERY_ANSWER,
        operations=(_CREATE, _describe_protocol("describeUploads")),
    ),
    ByteRoute(
        path=addresses.UPLOAD,
        tag="uploads",
        parameters=(UPLOAD_ID,),
        headers=_EVERY_ANSWER,
        operations=(_ASK_OFFSET, _APPEND, _CANCEL, _describe_protocol("describeUpload")),
    ),
)
