import socket
from pathlib import Path

import pytest

from repository.integrations.datacite import DoiRefusedError, DoiRegistrar, LocalRegistrar, RegisteredDoi

DOI = "10.5072/k3f9-2xq7.v1"
URL = "http://127.0.0.1:8000/datasets/k3f9-2xq7"


@pytest.fixture
def registrar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalRegistrar:
    def refuse(*_arguments: object, **_options: object) -> None:
        pytest.fail("the local registrar opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    return LocalRegistrar(tmp_path / "dois", resolver="http://127.0.0.1:8000/doi/")


def test_the_local_registrar_fulfils_the_protocol(registrar: LocalRegistrar) -> None:
    assert isinstance(registrar, DoiRegistrar)


def test_the_life_of_a_doi(registrar: LocalRegistrar) -> None:
    assert registrar.find(DOI) is None
    assert registrar.reserve(DOI) == RegisteredDoi(DOI, "reserved", None)
    assert registrar.make_findable(DOI, url=URL, metadata_xml=b"<resource/>") == RegisteredDoi(
        DOI, "findable", URL
    )
    assert registrar.hide(DOI) == RegisteredDoi(DOI, "registered", URL)
    assert registrar.find(DOI) == RegisteredDoi(DOI, "registered", URL)


def test_every_step_may_be_repeated(registrar: LocalRegistrar) -> None:
    for _ in range(2):
        registrar.make_findable(DOI, url=URL, metadata_xml=b"<resource/>")
    assert registrar.reserve(DOI).state == "findable"
    moved = registrar.make_findable(DOI, url=URL + "#moved", metadata_xml=b"<resource>2</resource>")
    assert moved.url == URL + "#moved"
    assert [path.read_bytes() for path in registrar.folder.glob("*.xml")] == [b"<resource>2</resource>"]
    assert len(list(registrar.folder.iterdir())) == 2


def test_another_registrar_on_the_same_folder_knows_what_was_done(registrar: LocalRegistrar) -> None:
    registrar.reserve(DOI)
    again = LocalRegistrar(registrar.folder, resolver=registrar.resolver)
    assert again.find(DOI) == RegisteredDoi(DOI, "reserved", None)


@pytest.mark.parametrize("doi", ["10.1000/k3f9-2xq7", "10.5072/", "10.5072/ÅÅ", "k3f9-2xq7", ""])
def test_a_foreign_or_malformed_doi_is_refused(registrar: LocalRegistrar, doi: str) -> None:
    with pytest.raises(DoiRefusedError, match=r"10\.5072"):
        registrar.reserve(doi)


def test_no_doi_leaves_the_folder(registrar: LocalRegistrar) -> None:
    registrar.reserve("10.5072/../../etc")
    assert [path.name for path in registrar.folder.iterdir()] == ["10.5072%2F..%2F..%2Fetc.json"]


def test_nothing_is_published_without_metadata(registrar: LocalRegistrar) -> None:
    with pytest.raises(DoiRefusedError, match="metadata"):
        registrar.make_findable(DOI, url=URL, metadata_xml=b"")
    assert registrar.find(DOI) is None


@pytest.mark.parametrize("reserved", [True, False])
def test_what_was_never_public_cannot_be_hidden(registrar: LocalRegistrar, *, reserved: bool) -> None:
    if reserved:
        registrar.reserve(DOI)
    with pytest.raises(DoiRefusedError, match="never published"):
        registrar.hide(DOI)
