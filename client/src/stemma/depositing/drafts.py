"""What the server does with a deposit: create, describe, submit, wait, check, publish, delete.

Of a description only changes are sent, so that what others wrote meanwhile stays: JSON Merge Patch (RFC 7396).
"""

import contextlib
import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stemma.connection import Connection, api_path, file_path, read_object
from stemma.errors import ConflictError, JsonObject, NotFoundError
from stemma.retrying import Patience
from stemma.search import follow_pages

WORKING_STATES = frozenset({"submitted", "processing"})
FIRST_POLL_S = 0.3
LONGEST_POLL_S = 3.0
SHORT_PATIENCE_S = 10.0
_EDIT_ATTEMPTS = 3

StageListener = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A kind of warning the depositor has seen, and the note about it."""

    code: str
    note: str = ""

    def as_dict(self) -> JsonObject:
        return {"code": self.code, "note": self.note}


class Drafts:
    """The deposit addresses of one server."""

    def __init__(self, connection: Connection, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._connection = connection
        self._sleep = sleep

    def create(self, *, title: str | None, document: JsonObject | None) -> JsonObject:
        body: JsonObject = {}
        if title:
            body["title"] = title
        if document is not None:
            body["metadata"] = document
        # The key makes a repetition after a lost answer harmless on servers that know it.
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return read_object(self._connection.request("POST", api_path("deposits"), json=body, headers=headers))

    def read(self, deposit_id: str) -> JsonObject:
        return self._connection.get_json(api_path("deposits", deposit_id))

    def find(self, deposit_id: str) -> JsonObject | None:
        try:
            return self.read(deposit_id)
        except NotFoundError:
            return None

    def list(self) -> Iterator[JsonObject]:
        """Yield all deposits of this account, in short."""
        path = api_path("deposits")
        return follow_pages(self._connection, path, [], self._connection.get_json(path))

    def describe(
        self,
        deposit_id: str,
        document: JsonObject,
        *,
        former: JsonObject | None = None,
        on_replaced: Callable[[str], None] | None = None,
    ) -> JsonObject:
        """Bring a metadata document into the draft's, on the revision that is there; what others wrote stays.

        Parameters
        ----------
        former
            What was sent the last time: what the new document leaves out is removed, if nobody changed it since.
        on_replaced
            Is told in words what was there and is replaced.

        Raises
        ------
        ConflictError
            Others keep changing it.
        """
        for attempt in range(_EDIT_ATTEMPTS):
            current = self._connection.request("GET", api_path("deposits", deposit_id))
            known = read_object(current).get("metadata") or {}
            patch = compose_patch(known, document, former)
            headers = {"If-Match": current.headers.get("ETag", "*")}
            try:
                record = self._change(deposit_id, {"metadata": patch}, headers)
            except ConflictError as conflict:
                if conflict.status != 412 or attempt == _EDIT_ATTEMPTS - 1:  # noqa: PLR2004 - Precondition Failed
                    raise
            else:
                for words in list_replaced(known, patch) if on_replaced else ():
                    on_replaced(words)  # type: ignore[misc]  # the loop is empty where there is none
                return record
        raise AssertionError("unreachable")

    def acknowledge(self, deposit_id: str, accepted: Sequence[Acknowledgement]) -> JsonObject:
        """Acknowledge kinds of warnings; those that were acknowledged before stay so."""
        for attempt in range(_EDIT_ATTEMPTS):
            current = self._connection.request("GET", api_path("deposits", deposit_id))
            known = read_object(current).get("accepted_warnings") or []
            headers = {"If-Match": current.headers.get("ETag", "*")}
            changes = {"acknowledged_warnings": _add_acknowledgements(known, accepted)}
            try:
                return self._change(deposit_id, changes, headers)
            except ConflictError as conflict:
                if conflict.status != 412 or attempt == _EDIT_ATTEMPTS - 1:  # noqa: PLR2004 - Precondition Failed
                    raise
        raise AssertionError("unreachable")

    def _change(self, deposit_id: str, changes: JsonObject, headers: dict[str, str]) -> JsonObject:
        path = api_path("deposits", deposit_id)
        return read_object(self._connection.request("PATCH", path, json=changes, headers=headers))

    def remove_file(self, deposit_id: str, path: str) -> None:
        self._connection.request("DELETE", file_path("deposits", deposit_id, path))

    def submit(self, deposit_id: str, *, until: str | None = None) -> None:
        """Hand in; `until="opened"` has the files opened and checked only, on servers that know it."""
        body = None if until is None else {"until": until}
        self._connection.request("POST", f"{api_path('deposits', deposit_id)}submit/", json=body)

    def wait(self, deposit_id: str, *, on_stage: StageListener) -> JsonObject:
        """Poll until the server no longer works on the deposit."""
        pause = FIRST_POLL_S
        while True:
            record = self.read(deposit_id)
            if record.get("state") not in WORKING_STATES:
                return record
            progress: Any = record.get("progress") or {}
            on_stage(str(progress.get("message") or record.get("state")), progress.get("fraction"))
            self._sleep(pause)
            pause = min(pause * 1.3, LONGEST_POLL_S)

    def publish(self, deposit_id: str, accepted: Sequence[Acknowledgement]) -> JsonObject:
        """Publish; publishing what is published already is no fault.

        Raises
        ------
        ValidationRefusedError
            Errors, or warnings that nobody acknowledged, are in the way; they are in its ``findings``.
        """
        body = {"accept_warnings": [one.as_dict() for one in accepted]}
        try:
            self._connection.request("POST", f"{api_path('deposits', deposit_id)}publish/", json=body)
        except ConflictError:
            record = self.read(deposit_id)
            if record.get("state") != "published":
                raise
            return record
        return self.read(deposit_id)

    def delete(self, deposit_id: str) -> None:
        with contextlib.suppress(NotFoundError):
            patience = Patience(SHORT_PATIENCE_S)
            self._connection.request("DELETE", api_path("deposits", deposit_id), patience=patience)


def _add_acknowledgements(
    known: Sequence[JsonObject], accepted: Sequence[Acknowledgement]
) -> list[JsonObject]:
    by_code = {
        str(one.get("code")): {"code": one.get("code"), "note": one.get("note") or ""} for one in known
    }
    return list((by_code | {one.code: one.as_dict() for one in accepted}).values())


def is_only_checked(record: JsonObject) -> bool:
    """Return whether files were opened and checked, and still wait to be handed in for conversion."""
    is_settled = record.get("state") in {"needs_attention", "ready"}
    measurements = record.get("measurements") or ()
    return is_settled and any(measurement.get("state") == "opened" for measurement in measurements)


# Keys of one statement about one thing: what says "not recorded" cannot hold a value besides.
_STATEMENT = frozenset({"value", "values", "range", "array", "missing"})
_NO_CHANGE = object()
LONGEST_SHOWN = 60


def compose_patch(current: JsonObject, wanted: JsonObject, former: JsonObject | None = None) -> JsonObject:
    """Return the merge patch that brings what is wanted into what the server has.

    What is not wanted any more but was sent the last time, and is still as it was sent, is removed; everything else
    that the server has beside it is somebody else's and stays.
    """
    sent = former or {}
    patch: JsonObject = {}
    for key, value in wanted.items():
        change = _compose_change(current, key, value, sent.get(key))
        if change is not _NO_CHANGE:
            patch[key] = change
    for key in sent.keys() & (current.keys() - wanted.keys()):
        removal = _remove_sent(current[key], sent[key])
        if removal != {}:
            patch[key] = removal
    return patch


def _compose_change(current: JsonObject, key: str, value: Any, sent: Any) -> Any:
    known = current.get(key)
    if isinstance(value, dict) and isinstance(known, dict):
        inner = compose_patch(known, value, sent if isinstance(sent, dict) else None)
        if _STATEMENT & (value.keys() | known.keys()):
            inner |= dict.fromkeys(known.keys() - value.keys())
        return inner or _NO_CHANGE
    if key not in current:
        return _NO_CHANGE if value is None else value
    return _NO_CHANGE if is_same(known, value) else value


def _remove_sent(known: Any, sent: Any) -> Any:
    """Return the patch that removes what was sent and still stands there: null for all of it, empty for nothing."""
    if is_same(known, sent):
        return None
    if not isinstance(known, dict) or not isinstance(sent, dict):
        return {}
    removals = {key: _remove_sent(known[key], value) for key, value in sent.items() if key in known}
    return {key: value for key, value in removals.items() if value != {}}


def list_replaced(current: JsonObject, patch: JsonObject, place: str = "") -> Iterator[str]:
    """Yield in words what the patch replaces or removes."""
    for key, value in patch.items():
        known = current.get(key)
        if (
            isinstance(value, dict)
            and isinstance(known, dict)
            and not _STATEMENT & (value.keys() | known.keys())
        ):
            yield from list_replaced(known, value, f"{place}/{key}")
        elif key in current and not is_same(known, value):
            yield f"{place}/{key}: {_show(known)} became {'nothing' if value is None else _show(value)}"


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are the same in JSON, where true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True) or (
        isinstance(one, int | float)
        and isinstance(other, int | float)
        and not isinstance(one, bool)
        and not isinstance(other, bool)
        and one == other
    )


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
