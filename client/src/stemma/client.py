"""The entrance: ``stemma.connect(url)``."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx

from stemma.conditions import Range, build_conditions, build_facets, build_parameters
from stemma.connection import Connection, api_path
from stemma.credentials import find_login
from stemma.errors import JsonObject, UsageError
from stemma.identifiers import Reference, parse_reference
from stemma.records import Dataset, Deposit, Measurement, fetch_record, open_record
from stemma.search import SearchResults
from stemma.shared_records import (
    InstrumentRecord,
    SampleRecord,
    add_number,
    create_record,
    list_numbers,
    list_records,
)

_KEY = re.compile(r"[A-Za-z0-9_-]{20,100}")


class Client:
    """A connection to one server; a context manager, though nothing breaks if it is never closed."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def url(self) -> str:
        return self.connection.url

    def account(self) -> JsonObject:
        """Return who this token belongs to: username, roles, scopes, expiry, quota."""
        return self.connection.get_json(api_path("account"))

    def search(
        self,
        text: str | None = None,
        *,
        where: str | list[str] | Mapping[str, Range] | None = None,
        spans: Sequence[str] = (),
        **facets: Any,
    ) -> SearchResults:
        """Find published datasets.

        Parameters
        ----------
        text : str, optional
            Words of title, abstract, creators, materials.
        where : str, list of str or mapping, optional
            Ranges of physical quantities, closed: ``"voltage=80..300 kV"``, or
            ``{"acceleration_voltage": (80, 300, "kV")}``.
        spans : sequence of str, optional
            Quantities of which the results' ``spans`` tell how many datasets have them, and their two ends.
        **facets
            Exact values: ``modality="four_d_stem"``, ``format="empad"``, ``elements=["Mo", "S"]``,
            ``outcome="not_reached"``, ``group="…"``.

        Returns
        -------
        SearchResults
            Iterate over it; pages are fetched as they are needed. ``len()`` is the number of datasets found.
        """
        parameters = [("q", text)] if text else []
        parameters += build_parameters([*build_conditions(where), *build_facets(facets)])
        parameters += [("span", name) for name in spans]
        return SearchResults(self.connection, parameters, self.open)

    def open(self, reference: str) -> Any:
        """Open a dataset, a deposit of one's own or a measurement by its id, DOI or address, or what a link leads to.

        Returns
        -------
        Dataset, Deposit or Measurement
            Whatever carries this id.

        Raises
        ------
        UsageError
            The text holds no id, or is an address of another server.
        NotFoundError
            Nothing here has this id.
        """
        key = read_link(reference)[1] if is_link(reference) else ""
        if key:
            reference = self._follow(key, reference)
        wanted = parse_reference(reference)
        if wanted.server is not None and not self.connection.is_own(wanted.server):
            raise UsageError(
                f"{reference} is on another server than {self.url}.",
                hint=f"stemma.connect({wanted.server!r})",
                code="other_server",
            )
        return open_reference(self.connection, wanted)

    def _follow(self, key: str, link: str) -> str:
        """Return the address to which a reviewer link leads."""
        if key != self.connection.link_key:
            raise UsageError(
                "This connection does not carry the key of that link.", hint=f"stemma.connect(link={link!r})"
            )
        answer = self.connection.request("GET", f"/shared/{key}", accept=frozenset({HTTPStatus.FOUND}))
        return self.connection.address(answer.headers.get("location", ""))

    def instruments(self) -> list[InstrumentRecord]:
        """Return the instrument records that this account may use."""
        return list_records(self.connection, InstrumentRecord)

    def create_instrument(self, name: str, **fields: Any) -> InstrumentRecord:
        """Make an instrument record: ``create_instrument("TEAM I", model="Titan 80-300", serial_number="D3391")``."""
        return create_record(self.connection, InstrumentRecord, {"name": name, **fields})

    def samples(self) -> list[SampleRecord]:
        """Return the sample records that this account may use."""
        return list_records(self.connection, SampleRecord)

    def create_sample(self, name: str, **fields: Any) -> SampleRecord:
        """Make a sample record: ``create_sample("L2", kind="lamella", made_of=crystal.id, values={…})``."""
        return create_record(self.connection, SampleRecord, {"name": name, **fields})

    def calibration_numbers(self, calibration_id: str) -> Iterator[JsonObject]:
        """Yield the numbers of a calibration of a record that this account may use, the newest first."""
        return list_numbers(self.connection, calibration_id)

    def add_calibration_number(
        self,
        calibration_id: str,
        value: Any = None,
        *,
        method: str | None = None,
        note: str | None = None,
        is_retired: bool | None = None,
        **calibrated_from: str,
    ) -> JsonObject:
        """Add the next number to a calibration; what is not given is as in the number before."""
        body = {"value": value, "method": method, "note": note, "is_retired": is_retired}
        return add_number(
            self.connection, calibration_id, {**body, "calibrated_from": calibrated_from or None}
        )

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self.url}{'' if self.connection.token else ' (no token)'}>"


def open_reference(connection: Connection, wanted: Reference) -> Dataset | Deposit | Measurement:
    """Fetch what a reference names; a version that is named in it is the one that is opened."""
    if wanted.version is not None and wanted.kind != "measurements":
        record = fetch_record(connection, api_path("datasets", wanted.id, "versions", str(wanted.version)))
        return Dataset(connection, {**record, "id": wanted.id}, version=wanted.version)
    # A page under /deposits/ may have been published since; its id stays. Deposits come last: without a token the
    # server refuses to look for them, while what is public is anybody's.
    kinds = ("measurements",) if wanted.kind == "measurements" else ("datasets", "measurements", "deposits")
    return open_record(connection, wanted.id, kinds)


def is_link(text: str) -> bool:
    """Return whether a text looks like a link for reviewers."""
    return "://" in text and "/shared/" in text


def read_link(link: str) -> tuple[str, str]:
    """Return server and key of a link for reviewers, such as ``https://stemma.example.org/shared/…``.

    Raises
    ------
    UsageError
        It is none.
    """
    server, _, key = link.strip().partition("/shared/")
    key = key.strip("/")
    if not is_link(link) or _KEY.fullmatch(key) is None:
        raise UsageError(
            "This is no link for reviewers.", hint="It looks like https://…/shared/… : copy it whole."
        )
    return server, key


def connect(
    url: str | None = None,
    token: str | None = None,
    *,
    link: str | None = None,
    retry_seconds: float = 20.0,
    transport: httpx.BaseTransport | None = None,
) -> Client:
    """Connect to a server; without arguments, the one of STEMMA_URL or of ``stemma login``.

    Parameters
    ----------
    url : str, optional
        ``https://stemma.example.org``.
    token : str, optional
        For drafts and embargoed data. Default: STEMMA_TOKEN, or the login file's token for this server.
    link : str, optional
        A link for reviewers, ``https://stemma.example.org/shared/…``: with it somebody without an account reads one
        draft; ``client.open(link)`` opens it. It says the server too.
    retry_seconds : float
        How long a request is repeated while the server is away, in seconds.
    transport : httpx.BaseTransport, optional
        For tests and unusual networks.
    """
    server, key = read_link(link) if link else ("", "")
    url = url or server
    environment = {**os.environ, "STEMMA_URL": url} if url else dict(os.environ)
    login = find_login(environment)
    return Client(
        Connection(
            login.url,
            token or login.token,
            link_key=key,
            retry_seconds=retry_seconds,
            transport=transport,
        )
    )
