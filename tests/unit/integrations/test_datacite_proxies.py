"""A proxy between us and DataCite that cannot be used, or does not answer, is said and waited for."""

import httpx
import pytest

from repository.integrations.datacite import RegistrarUnavailableError
from repository.integrations.datacite_rest import DataCiteRegistrar

DOI = "10.5072/7q2m-x4dn"


@pytest.fixture
def registrar(monkeypatch: pytest.MonkeyPatch) -> DataCiteRegistrar:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return DataCiteRegistrar(url="https://api.test", repository="r", password="p", prefix="10.5072")


def test_a_proxy_of_an_unknown_kind_is_a_sentence(
    registrar: DataCiteRegistrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "ftp://proxy.test")
    with pytest.raises(RegistrarUnavailableError, match="proxy that the environment names cannot be used"):
        registrar.find(DOI)


def test_the_proxy_in_between_is_named_without_its_password(
    registrar: DataCiteRegistrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_arguments: object, **_options: object) -> httpx.Response:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(httpx.AsyncClient, "send", refuse)
    monkeypatch.setenv("https_proxy", "http://me:secret@proxy.test:3128")
    with pytest.raises(RegistrarUnavailableError, match=r"through the proxy proxy\.test:3128: refused"):
        registrar.find(DOI)
    monkeypatch.setenv("no_proxy", "api.test")
    with pytest.raises(RegistrarUnavailableError, match="cannot be reached: refused"):
        registrar.find(DOI)
