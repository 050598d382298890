"""What recipes made of a measurement: numbers and pictures."""

from api.byte_service.audiences import READERS_OF_MEASUREMENT
from api.byte_service.declaration import ByteRoute
from api.byte_service.downloads import send_shown, send_stored
from api.byte_service.parameters import MEASUREMENT_ID, PRODUCT_NAME
from api.byte_service.reading import read_bytes
from repository.selectors import addresses
from repository.selectors.byte_objects import find_product

ROUTES = (
    ByteRoute(
        path=addresses.PRODUCT_DATA,
        tag="measurements",
        parameters=(MEASUREMENT_ID, PRODUCT_NAME),
        operations=(
            read_bytes(
                name="readReduction",
                description="Read a reduction as a NumPy file.",
                who_may=READERS_OF_MEASUREMENT,
                media_types=("application/x-npy",),
                find=lambda access, words: find_product(access, words["product"], "array"),
                send=send_stored,
            ),
        ),
    ),
    ByteRoute(
        path=addresses.PRODUCT_PREVIEW,
        tag="measurements",
        parameters=(MEASUREMENT_ID, PRODUCT_NAME),
        operations=(
            read_bytes(
                name="readPreview",
                description="Read a reduction as a picture with its scale bar.",
                who_may=READERS_OF_MEASUREMENT,
                media_types=("image/png",),
                find=lambda access, words: find_product(access, words["product"], "preview"),
                send=send_shown,
            ),
        ),
    ),
)
