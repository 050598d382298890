"""Instrument and sample records, and what they answer in deposits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self, TypeVar

from stemma.connection import Connection, api_path, read_object
from stemma.errors import JsonObject


class _SharedRecord:
    """A record on the server, as it was when it was fetched or changed last."""

    kind = ""

    def __init__(self, connection: Connection, record: JsonObject) -> None:
        self.connection = connection
        self.record = record

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def name(self) -> str:
        return str(self.record["name"])

    def update(self, **fields: Any) -> Self:
        """Change fields of the record, on the revision that is known here.

        Raises
        ------
        RefusedError
            It may not be changed by this account, something is wrong with what was given, or somebody else
            changed it meanwhile (`revision_conflict`): fetch it again.
        """
        return self._send("PATCH", api_path(self.kind, self.id), fields)

    def history(self) -> list[JsonObject]:
        """Return the newest changes: who, when, what, and why."""
        return list(self.connection.get_json(api_path(self.kind, self.id, "history"))["results"])

    def calibrations(self) -> Iterator[JsonObject]:
        """Yield the newest number of each calibration of the record; pages are fetched as they are needed."""
        return _walk(self.connection, api_path(self.kind, self.id, "calibrations"))

    def add_calibration(
        self,
        quantity: str,
        value: Any,
        *,
        method: str,
        conditions: Mapping[str, Any] | None = None,
        note: str = "",
        **calibrated_from: str,
    ) -> JsonObject:
        """Add a calibration with its first number.

        Parameters
        ----------
        quantity : str
            A field of the schema, such as ``"scan_step"``.
        value : str or dict or list
            As it is typed, such as ``"0.5 ± 0.01 nm"``, or as documents have it; of a matrix its rows.
        method : str
            ``"header"``, ``"standard_sample"``, ``"fitted"`` or ``"typed"``.
        conditions : mapping
            Under which it holds, such as ``{"camera_length": "110 mm"}``.
        **calibrated_from : str
            ``measurement``, ``version``, ``sample``, ``calibration`` or ``text``; at least one.

        Returns
        -------
        dict
            The calibration: `id` and `number` are what measurements carry.
        """
        body: JsonObject = {
            "quantity": quantity,
            "value": value,
            "method": method,
            "calibrated_from": calibrated_from,
            "conditions": dict(conditions or {}),
            "note": note,
        }
        path = api_path(self.kind, self.id, "calibrations")
        return read_object(self.connection.request("POST", path, json=body))

    def _send(self, method: str, path: str, body: JsonObject) -> Self:
        headers = {"If-Match": f'"r{self.record["revision"]}"'}
        self.record = read_object(self.connection.request(method, path, json=body, headers=headers))
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.name!r}>"


class InstrumentRecord(_SharedRecord):
    """What an instrument is, and what it gives under which conditions."""

    kind = "instruments"

    def presets(self) -> Iterator[JsonObject]:
        """Yield the presets, the newest first; pages are fetched as they are needed."""
        return _walk(self.connection, api_path(self.kind, self.id, "presets"))

    def save_presets(self, presets: Sequence[Mapping[str, Any]], *, note: str = "") -> Self:
        """Add presets, and change those that carry an `id`: all of them or none.

        Parameters
        ----------
        presets : sequence of mapping
            Each with `valid_from` (ISO date) and `values`, and with `conditions`, `name` and `valid_to` where they
            have one: ``{"valid_from": "2026-01-10", "conditions": {"acceleration_voltage": "80 kV"}, "values":
            {"semi_convergence_angle": "21.4 mrad"}}``.
        note : str
            Why, for the history.
        """
        body = {"presets": [dict(preset) for preset in presets], "note": note}
        return self._send("POST", api_path(self.kind, self.id, "presets"), body)


class SampleRecord(_SharedRecord):
    """A specimen, a lamella or grid made of one, or a region."""

    kind = "samples"


def list_numbers(connection: Connection, calibration_id: str) -> Iterator[JsonObject]:
    """Yield the numbers of a calibration, the newest first."""
    return _walk(connection, api_path("calibrations", calibration_id))


def add_number(connection: Connection, calibration_id: str, body: Mapping[str, Any]) -> JsonObject:
    """Add the next number to a calibration; what is not given is as in the number before."""
    wanted = {key: value for key, value in body.items() if value is not None}
    return read_object(connection.request("POST", api_path("calibrations", calibration_id), json=wanted))


def take_calibration(connection: Connection, deposit_id: str, body: Mapping[str, Any]) -> JsonObject:
    """Take a calibration for measurements of a deposit; `change` of what is returned undoes it."""
    wanted = {key: value for key, value in body.items() if value is not None}
    path = api_path("deposits", deposit_id, "calibrations")
    return read_object(connection.request("POST", path, json=wanted))


def _walk(connection: Connection, path: str) -> Iterator[JsonObject]:
    first: int | None = 0
    while first is not None:
        page = connection.get_json(path, params={"first": str(first)})
        yield from page["results"]
        first = page["next_first"]


_Kind = TypeVar("_Kind", bound=_SharedRecord)


def list_records(connection: Connection, kind: type[_Kind]) -> list[_Kind]:
    """Return the records of a kind that this account may use."""
    return [kind(connection, one) for one in connection.get_json(api_path(kind.kind))["results"]]


def create_record(connection: Connection, kind: type[_Kind], fields: Mapping[str, Any]) -> _Kind:
    """Make a record."""
    return kind(connection, read_object(connection.request("POST", api_path(kind.kind), json=dict(fields))))


def take_offer(connection: Connection, deposit_id: str, body: Mapping[str, Any]) -> JsonObject:
    """Have a record answer in a deposit; `change` of what is returned undoes it."""
    path = api_path("deposits", deposit_id, "offers")
    wanted = {key: value for key, value in body.items() if value is not None}
    return read_object(connection.request("POST", path, json=wanted))
