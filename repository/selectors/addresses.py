"""Absolute addresses that other people's programs keep."""

from urllib.parse import quote

from django.conf import settings

# Of byte routes to which we link (`api/byte_routes`): as in the OpenAPI document.
DEPOSIT_FILE = "/api/v1/deposits/{deposit_id}/files/{path}"
DATASET_FILE = "/api/v1/datasets/{dataset_id}/files/{path}"
ARCHIVE = "/api/v1/datasets/{dataset_id}/zip"
VERSION_ARCHIVE = "/api/v1/datasets/{dataset_id}/versions/{number}/zip"
UPLOAD = "/api/v1/uploads/{upload_id}"
ARRAY = "/api/v1/measurements/{measurement_id}/signals/{name}/zarr"
PRODUCT_DATA = "/api/v1/measurements/{measurement_id}/reductions/{product}/data"
PRODUCT_PREVIEW = "/api/v1/measurements/{measurement_id}/reductions/{product}/preview.png"


def home() -> str:
    """Return the address that people know the server by."""
    return f"{settings.PUBLIC_URL}/"


def sign_in() -> str:
    """Return the page where people sign in."""
    return f"{settings.PUBLIC_URL}/accounts/login/"


def account_page() -> str:
    """Return the page where people change what is theirs."""
    return f"{settings.PUBLIC_URL}/accounts/email/"


def sign_up_page() -> str:
    """Return the page where an account begins."""
    return f"{settings.PUBLIC_URL}/accounts/signup/"


def sign_up(key: str) -> str:
    """Return the link by which a person who was sent the key makes an account."""
    return f"{settings.PUBLIC_URL}/accounts/signup/{key}/"


def confirmation(key: str) -> str:
    """Return the link by which a person confirms another address of an account."""
    return f"{settings.PUBLIC_URL}/accounts/confirm-email/{key}/"


def new_password(account: str, key: str) -> str:
    """Return the link by which a password is chosen; the account is written as allauth reads it."""
    return f"{settings.PUBLIC_URL}/accounts/password/reset/key/{account}-{key}/"


def deposit_page(deposit_id: str) -> str:
    """Return the page where a draft is prepared."""
    return f"{settings.PUBLIC_URL}/deposits/{deposit_id}"


def invitation(invitation_id: str) -> str:
    """Return the page where an invitation is answered; it opens to the account that has the address."""
    return f"{settings.PUBLIC_URL}/invitations/{invitation_id}"


def shared_draft(key: str) -> str:
    """Return the link by which whoever has the key reads one deposit."""
    return f"{settings.PUBLIC_URL}/shared/{key}"


def dataset_page(dataset_id: str) -> str:
    """Return the landing page of a dataset."""
    return f"{settings.PUBLIC_URL}/datasets/{dataset_id}"


def doi_address(doi: str) -> str:
    """Return where a DOI answers: the world's resolver, or this server for DOIs that are never transmitted."""
    return f"{doi_resolver()}{doi}"


def doi_resolver() -> str:
    """Return the address before the DOI."""
    return f"{settings.PUBLIC_URL}/doi/" if settings.DATACITE is None else "https://doi.org/"


def dataset_file(dataset_id: str, path: str) -> str:
    """Return the address of a published file's bytes."""
    return settings.PUBLIC_URL + DATASET_FILE.format(dataset_id=dataset_id, path=quote(path))


def deposit_file(deposit_id: str, path: str) -> str:
    """Return the address of a draft file's bytes."""
    return settings.PUBLIC_URL + DEPOSIT_FILE.format(deposit_id=deposit_id, path=quote(path))


def version_archive(dataset_id: str, number: int) -> str:
    """Return the path, on this server, of a published version as a ZIP."""
    return VERSION_ARCHIVE.format(dataset_id=dataset_id, number=number)


def upload_address(upload_id: str) -> str:
    """Return where a transfer goes on."""
    return settings.PUBLIC_URL + UPLOAD.format(upload_id=upload_id)


def measurement_address(measurement_id: str) -> str:
    """Return the address of a measurement."""
    return f"{settings.PUBLIC_URL}/api/v1/measurements/{measurement_id}/"


def zarr_root(measurement_id: str, signal_name: str) -> str:
    """Return the root of a signal's Zarr v3 array."""
    return settings.PUBLIC_URL + ARRAY.format(measurement_id=measurement_id, name=signal_name)


def product_address(measurement_id: str, name: str, kind: str) -> str:
    """Return the address of a reduction's data or preview; `name` is `signal.output` or a product's digest."""
    address = PRODUCT_PREVIEW if kind == "preview" else PRODUCT_DATA
    return settings.PUBLIC_URL + address.format(measurement_id=measurement_id, product=name)


def schema_address(version: str, name: str = "record.json") -> str:
    """Return the address of a file of a version of the metadata schema."""
    return f"{settings.PUBLIC_URL}/api/v1/schemas/stem/{version}/{name}"
