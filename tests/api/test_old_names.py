"""Names that were published before there was a rule: every byte can still be had, alone and in the archive."""

import io
import zipfile
from urllib.parse import quote

import pytest

from repository.schema.file_names import find_name_fault, list_folders
from tests.api.conftest import WebClient
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit, store_file

OLD = [
    '"><img src=x>.txt',
    "CON",
    "dots...",
    "space ",
    "back\\slash.txt",
    "zero\u200bwidth",
    "line\u2028end",
    "a:b?c",
    "x",
    "x/y",
]


@pytest.fixture
def dataset() -> str:
    deposit = make_deposit()
    add_measurement(deposit)
    for path in OLD:
        store_file(deposit, path, f"bytes of {path}".encode())
    settle(deposit)
    publish(deposit)
    return deposit.pk


def test_every_file_is_sent_under_its_old_name(web: WebClient, dataset: str) -> None:
    shown = web.get(f"/api/v1/datasets/{dataset}/").json()
    assert {file["path"] for file in shown["files"]} == {*OLD, "scan.raw"}
    for path in OLD:
        for address in (
            f"/api/v1/datasets/{dataset}/files/{quote(path)}",
            f"/api/v1/datasets/{dataset}/versions/1/files/{quote(path)}",
        ):
            answer = web.get(address)
            assert (answer.status_code, answer.content) == (200, f"bytes of {path}".encode()), path


def test_the_archive_can_be_unpacked_everywhere(web: WebClient, dataset: str) -> None:
    answer = web.get(f"/api/v1/datasets/{dataset}/zip")
    assert answer.headers["Content-Length"] == str(len(answer.content))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        members = {name: archive.read(name) for name in archive.namelist()}
    note = members.pop("RENAMED-FILES.txt").decode()
    assert sorted(members.values()) == sorted(
        [*(f"bytes of {path}".encode() for path in OLD), b"frames of scan.raw"]
    )
    assert members["scan.raw"] == b"frames of scan.raw"
    assert members["_CON"] == b"bytes of CON"
    assert all(find_name_fault(name) is None for name in members)
    assert not {folder for name in members for folder in list_folders(name)} & set(members)
    assert "_CON\t'CON'" in note
    assert "scan.raw" not in note


@pytest.mark.parametrize("order", [("a%23b", "a#b"), ("a#b", "a%23b")], ids="then ".join)
def test_names_that_one_address_quotes_alike_are_two(web: WebClient, order: tuple[str, str]) -> None:
    """What was decided about a file is remembered by its path, not by what an address looks like when it is shown."""
    deposit = make_deposit()
    add_measurement(deposit)
    for path in order:
        store_file(deposit, path, f"bytes of {path}".encode())
    settle(deposit)
    publish(deposit)
    for path in (*order, *order):
        answer = web.get(f"/api/v1/datasets/{deposit.pk}/files/{quote(path)}")
        assert (answer.status_code, answer.content) == (200, f"bytes of {path}".encode()), path
