"""Objects of a signal's converted arrays, as Zarr clients ask for them."""

from collections.abc import Callable

from api.byte_service.audiences import READERS_OF_MEASUREMENT, Words
from api.byte_service.declaration import ByteRoute, Parameter
from api.byte_service.downloads import OPAQUE, send_stored
from api.byte_service.parameters import MEASUREMENT_ID, SIGNAL_NAME
from api.byte_service.reading import read_bytes
from repository.selectors import addresses
from repository.selectors.access import MeasurementAccess
from repository.selectors.byte_objects import ByteObject, find_array_object

ARRAY_KEY = Parameter(
    name="key",
    schema={"type": "string", "minLength": 1},
    description="Such as zarr.json or c/0/0/0/0.",
    holds_slashes=True,
    component="ArrayKey",
)


def _find(kind: str) -> Callable[[MeasurementAccess, Words], ByteObject]:
    return lambda access, words: find_array_object(access, words["name"], words["key"], kind)


ROUTES = (
    ByteRoute(
        path=f"{addresses.ARRAY}/{{key}}",
        tag="measurements",
        parameters=(MEASUREMENT_ID, SIGNAL_NAME, ARRAY_KEY),
        operations=(
            read_bytes(
                name="readArrayObject",
                description=(
                    "Read an object of a signal's Zarr v3 array. 404 `converting` with Retry-After until the array is "
                    "final."
                ),
                who_may=READERS_OF_MEASUREMENT,
                media_types=("application/json", OPAQUE),
                find=_find("primary"),
                send=send_stored,
            ),
        ),
    ),
    ByteRoute(
        path="/api/v1/measurements/{measurement_id}/signals/{name}/companion/{key}",
        tag="measurements",
        parameters=(MEASUREMENT_ID, SIGNAL_NAME, ARRAY_KEY),
        operations=(
            read_bytes(
                name="readCompanionObject",
                description=(
                    "Read an object of the detector-major copy, from which the image of any mask comes fast."
                ),
                who_may=READERS_OF_MEASUREMENT,
                media_types=("application/json", OPAQUE),
                find=_find("companion"),
                send=send_stored,
            ),
        ),
    ),
)
