"""The files of a draft, for those who prepare it."""

from api.byte_service.audiences import READERS_OF_DRAFT
from api.byte_service.declaration import ByteRoute
from api.byte_service.downloads import send_stored
from api.byte_service.parameters import DEPOSIT_ID, FILE_PATH
from api.byte_service.reading import read_bytes
from repository.selectors import addresses
from repository.selectors.byte_objects import find_deposit_file

ROUTES = (
    ByteRoute(
        path=addresses.DEPOSIT_FILE,
        tag="deposits",
        parameters=(DEPOSIT_ID, FILE_PATH),
        is_shared=True,
        operations=(
            read_bytes(
                name="downloadDepositFile",
                description="Read a stored file of a draft.",
                who_may=READERS_OF_DRAFT,
                media_types=("*/*",),
                # No file's path ends with a slash, and addresses answer with and without it.
                find=lambda access, words: find_deposit_file(access, words["path"].rstrip("/")),
                send=send_stored,
            ),
        ),
    ),
)
