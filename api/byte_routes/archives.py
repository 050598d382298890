"""Published versions as ZIP."""

from api.byte_service.archives import send_archive
from api.byte_service.audiences import READERS_OF_VERSION, Words
from api.byte_service.declaration import ByteRoute, Operation, Reply
from api.byte_service.parameters import DATASET_ID, VERSION_NUMBER
from api.byte_service.reading import read_bytes
from repository.selectors import addresses
from repository.selectors.access import VersionAccess
from repository.selectors.byte_objects import VersionFiles, list_version_files


def _find(access: VersionAccess, _words: Words) -> VersionFiles:
    return list_version_files(access)


def _read_archive(name: str, description: str) -> Operation:
    return read_bytes(
        name=name,
        description=description,
        who_may=READERS_OF_VERSION,
        media_types=("application/zip",),
        replies=(Reply(200, "The archive.", {"Content-Disposition": {"type": "string"}}, has_body=True),),
        parameters=(),
        find=_find,
        send=send_archive,
        is_remembered=False,  # a version may have very many files
    )


ROUTES = (
    ByteRoute(
        path=addresses.ARCHIVE,
        tag="datasets",
        parameters=(DATASET_ID,),
        operations=(
            _read_archive(
                "downloadArchive",
                "Read every file of the newest published version as one ZIP, made while it is sent.",
            ),
        ),
    ),
    ByteRoute(
        path=addresses.VERSION_ARCHIVE,
        tag="datasets",
        parameters=(DATASET_ID, VERSION_NUMBER),
        operations=(
            _read_archive("downloadVersionArchive", "Read every file of one published version as one ZIP."),
        ),
    ),
)
