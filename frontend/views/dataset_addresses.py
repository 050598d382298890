"""Which dataset and which version an address names."""

from django.http import HttpRequest

from repository.errors import NotFoundError
from repository.schema.identifiers import InvalidIdentifierError, parse_id

_LONGEST_NUMBER = 9


def read_dataset_id(text: str) -> str:
    """Return the id that a person typed.

    Raises
    ------
    NotFoundError
        It cannot be an id: the check symbol does not fit.
    """
    try:
        return parse_id(text)
    except InvalidIdentifierError as error:
        raise NotFoundError(f"There is nothing at {text}.", hint=f"{str(error).capitalize()}.") from error


def read_version_number(request: HttpRequest) -> int | None:
    """Return the version that the address asks for; `None` for the newest."""
    text = request.GET.get("version", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise NotFoundError(f"There is no version {text!r}.")
    return int(text)
