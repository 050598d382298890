"""DOIs by DataCite (https://support.datacite.org/docs/api). Every request is a PUT or GET: safe to repeat."""

import asyncio
import base64
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from repository.integrations.datacite import (
    DoiRefusedError,
    DoiState,
    RegisteredDoi,
    RegistrarUnavailableError,
)

MEDIA_TYPE = "application/vnd.api+json"
TIMEOUT_S = 30.0
ANSWER_BYTES = 4 << 20

_STATES: Mapping[str, DoiState] = {"draft": "reserved", "registered": "registered", "findable": "findable"}
# An operator can correct a password, and a limit passes: what was published must not be given up for that.
_WORTH_ANOTHER_TRY = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
_DOI = re.compile(r"10\.\d{4,9}/[-._;()/:a-z0-9]+")


class DataCiteRegistrar:
    """A repository account at DataCite or at its test system.

    Parameters
    ----------
    url
        The service, such as ``https://api.test.datacite.org``.
    timeout_s
        For a request as a whole, from the first look-up of its host to the last byte of the answer.
    """

    resolver = "https://doi.org/"

    def __init__(
        self, *, url: str, repository: str, password: str, prefix: str, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.prefix = prefix
        self._timeout_s = timeout_s
        self._url = url.rstrip("/")
        self._auth = httpx.BasicAuth(repository, password)

    def reserve(self, doi: str) -> RegisteredDoi:
        """Make a draft DOI, which nobody sees; one that is known already is left as it is."""
        return self.find(doi) or self._put(doi, {})

    def make_findable(self, doi: str, *, url: str, metadata_xml: bytes) -> RegisteredDoi:
        """Make the DOI findable, or bring a findable one up to date."""
        if not metadata_xml:
            raise DoiRefusedError(f"{doi} cannot become findable without metadata")
        xml = base64.b64encode(metadata_xml).decode("ascii")
        return self._put(doi, {"event": "publish", "url": url, "xml": xml})

    def hide(self, doi: str) -> RegisteredDoi:
        """Take the DOI out of DataCite's search; it keeps leading to its address."""
        known = self.find(doi)
        if known is None or known.state == "reserved":
            raise DoiRefusedError(f"{doi} was never published: there is nothing to hide")
        return self._put(doi, {"event": "hide"})

    def find(self, doi: str) -> RegisteredDoi | None:
        """Return what DataCite holds of the DOI."""
        answer = self._ask("GET", doi, None)
        return None if answer.status_code == HTTPStatus.NOT_FOUND else _read(doi, answer)

    def _put(self, doi: str, attributes: Mapping[str, str]) -> RegisteredDoi:
        body = {"data": {"id": doi, "type": "dois", "attributes": {"doi": doi, **attributes}}}
        answer = self._ask("PUT", doi, body)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise DoiRefusedError(f"DataCite does not know {doi}, or not as one of this repository")
        return _read(doi, answer)

    def _ask(self, method: str, doi: str, body: Mapping[str, Any] | None) -> httpx.Response:
        if not _DOI.fullmatch(doi) or not doi.startswith(f"{self.prefix}/"):
            raise DoiRefusedError(f"{doi!r} is not a lower-case DOI under {self.prefix}")
        headers = {"Accept": MEDIA_TYPE, **({"Content-Type": MEDIA_TYPE} if body is not None else {})}
        try:
            answer = asyncio.run(self._send(method, doi, body, headers))
        except TimeoutError as error:
            raise RegistrarUnavailableError(
                f"DataCite did not finish its answer about {doi} within {self._timeout_s:g} s{self._name_proxy()}"
            ) from error
        except httpx.HTTPError as error:
            raise RegistrarUnavailableError(
                f"DataCite cannot be reached{self._name_proxy()}: {error}"
            ) from error
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            # httpx looks at every proxy that the environment names before it sends anything.
            raise RegistrarUnavailableError(
                f"The proxy that the environment names cannot be used ({error}): set HTTPS_PROXY to an http proxy"
            ) from error
        status = answer.status_code
        if answer.is_success or status == HTTPStatus.NOT_FOUND:
            return answer
        reason = f"DataCite answered {status} about {doi}: {_explain(answer)}"
        if answer.is_client_error and status not in _WORTH_ANOTHER_TRY:
            raise DoiRefusedError(reason)
        raise RegistrarUnavailableError(reason)

    async def _send(
        self, method: str, doi: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> httpx.Response:
        """Return the answer, whole. A timeout of httpx counts anew with every byte that drips in: this one does not."""
        address = f"{self._url}/dois/{quote(doi, safe='/')}"
        async with (
            asyncio.timeout(self._timeout_s),
            httpx.AsyncClient(auth=self._auth, timeout=self._timeout_s) as client,
        ):
            request = client.build_request(method, address, json=body, headers=headers)
            answer = await client.send(request, stream=True)
            content = bytearray()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > ANSWER_BYTES:
                    raise RegistrarUnavailableError(
                        f"DataCite's answer about {doi} is longer than {ANSWER_BYTES >> 20} MiB: no record of a DOI is"
                    )
            return httpx.Response(answer.status_code, content=bytes(content), request=request)

    def _name_proxy(self) -> str:
        """Return the words that name the proxy which an answer would have come through, without its password."""
        parts, proxies = urlsplit(self._url), getproxies()
        proxy = proxies.get(parts.scheme) or proxies.get("all")
        if not proxy or proxy_bypass(parts.netloc):
            return ""
        return f" through the proxy {proxy.rpartition('@')[2].rpartition('//')[2]}"


def _read(doi: str, answer: httpx.Response) -> RegisteredDoi:
    try:
        attributes = answer.json()["data"]["attributes"]
        return RegisteredDoi(doi, _STATES[attributes["state"]], attributes.get("url"))
    except (ValueError, KeyError, TypeError) as error:
        raise RegistrarUnavailableError(
            f"DataCite's answer about {doi} cannot be understood: {answer.text[:200]}"
        ) from error


def _explain(answer: httpx.Response) -> str:
    """Return what DataCite says is wrong, in its own words."""
    try:
        return "; ".join(str(error["title"]) for error in answer.json()["errors"])[:500]
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]
