"""The files of published versions."""

from api.byte_service.audiences import READERS_OF_VERSION, Words
from api.byte_service.declaration import ByteRoute
from api.byte_service.downloads import send_stored
from api.byte_service.parameters import DATASET_ID, FILE_PATH, VERSION_NUMBER
from api.byte_service.reading import read_bytes
from repository.selectors import addresses
from repository.selectors.access import VersionAccess
from repository.selectors.byte_objects import ByteObject, find_dataset_file


def _find(access: VersionAccess, words: Words) -> ByteObject:
    # No file's path ends with a slash, and addresses answer with and without it.
    return find_dataset_file(access, words["path"].rstrip("/"), is_lasting="number" in words)


ROUTES = (
    ByteRoute(
        path=addresses.DATASET_FILE,
        tag="datasets",
        parameters=(DATASET_ID, FILE_PATH),
        operations=(
            read_bytes(
                name="downloadFile",
                description=(
                    "Read a file of the newest published version. Range, If-Range and If-None-Match are understood; "
                    "ETag is the sha256."
                ),
                who_may=READERS_OF_VERSION,
                media_types=("*/*",),
                find=_find,
                send=send_stored,
            ),
        ),
    ),
    ByteRoute(
        path="/api/v1/datasets/{dataset_id}/versions/{number}/files/{path}",
        tag="datasets",
        parameters=(DATASET_ID, VERSION_NUMBER, FILE_PATH),
        operations=(
            read_bytes(
                name="downloadVersionFile",
                description="Read a file of one published version; it never changes.",
                who_may=READERS_OF_VERSION,
                media_types=("*/*",),
                find=_find,
                send=send_stored,
            ),
        ),
    ),
)
