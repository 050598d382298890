"""Datasets, deposits and measurements as the server describes them."""

import html
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stemma.connection import Connection, api_path, file_path, read_object
from stemma.downloads import Downloaded, DownloadListener, download_files
from stemma.errors import JsonObject, NotFoundError, RenamedFileWarning
from stemma.local_names import plan_names
from stemma.shared_records import take_calibration, take_offer
from stemma.texts import count_things

if TYPE_CHECKING:
    from stemma.signals import Signal


class Measurement:
    """One acquisition: metadata, findings and signals; ``measurement["data"]`` is the signal of that name."""

    def __init__(
        self, connection: Connection, record: JsonObject, *, parent: "_Record | None" = None
    ) -> None:
        self._connection = connection
        self._parent = parent
        self.record = record
        self.id: str = record["id"]
        self.format: str | None = record.get("format")
        self.techniques: tuple[str, ...] = tuple(record.get("techniques") or ())

    @property
    def metadata(self) -> JsonObject:
        """The metadata document: quantities as ``{value, unit, source, basis}``."""
        metadata: JsonObject = self.record.get("metadata") or {}
        return metadata

    @property
    def schema_version(self) -> str | None:
        """The version of the metadata schema in whose words `metadata` is."""
        version: str | None = self.record.get("schema_version")
        return version

    def read_metadata(self, schema: str | None = None) -> JsonObject:
        """Return the metadata document in the words of a newer version of the schema.

        What is published stays as it is; this is a copy. The server refuses a version that it does not know, and one
        older than the document's own.
        """
        parameters = [] if schema is None else [("schema", schema)]
        answer = read_object(
            self._connection.request(
                "GET",
                f"{api_path('measurements', self.id)}metadata/",
                params=parameters,
                accept=frozenset({410}),
            )
        )
        metadata: JsonObject = answer["metadata"]
        return metadata

    @property
    def findings(self) -> list[JsonObject]:
        return list(self.record.get("findings") or ())

    @cached_property
    def signals(self) -> "Mapping[str, Signal]":
        """The arrays by name, in the server's order; the main one is called ``data``."""
        described = self.record.get("signals") or ()
        from stemma.signals import Signal  # noqa: PLC0415  # with numpy, which no list of datasets needs

        return {signal["name"]: Signal(self._connection, signal) for signal in described}

    @property
    def files(self) -> list[JsonObject]:
        """The original files of this measurement, companions included: ``{path, size, sha256}``."""
        own = set(self.record.get("files") or ())
        return [file for file in self.open_parent().files if file["path"] in own]

    def open_parent(self) -> "_Record":
        """Return the dataset or deposit that holds the measurement."""
        if self._parent is None:
            found = open_record(self._connection, str(self.record["dataset"]), ("datasets", "deposits"))
            if isinstance(found, Measurement):
                raise TypeError(f"{found.id} is no dataset.")
            self._parent = found
        return self._parent

    def download(
        self, path: str | Path | None = None, *, on_progress: DownloadListener | None = None
    ) -> Path:
        """Download the original files of this measurement, as `Dataset.download` does."""
        folder = Path(path) if path is not None else Path(self.id)
        return self.open_parent().download(folder, files=self.files, on_progress=on_progress)

    def __getitem__(self, name: str) -> "Signal":
        try:
            return self.signals[name]
        except KeyError:
            known = ", ".join(self.signals) or "none"
            raise KeyError(f"No signal {name!r} in measurement {self.id}; its signals: {known}.") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.signals)

    def __len__(self) -> int:
        return len(self.signals)

    def __contains__(self, name: object) -> bool:
        return name in self.signals

    def __repr__(self) -> str:
        techniques = "+".join(self.techniques) or "?"
        return f"<Measurement {self.id} {techniques} ({self.format}): {', '.join(self.signals)}>"

    def _repr_html_(self) -> str:
        signals = "".join(signal._repr_html_() for signal in self.signals.values())
        techniques = html.escape(", ".join(self.techniques))
        return f"<div><b>Measurement {html.escape(self.id)}</b> {techniques}{signals}</div>"


class _Record:
    """What deposits and datasets have in common: an id for life, files, measurements, findings."""

    kind = "datasets"

    def __init__(self, connection: Connection, record: JsonObject, *, version: int | None = None) -> None:
        self._connection = connection
        self.record = record
        self.id: str = record["id"]
        self.version = version

    @property
    def title(self) -> str:
        return str(self.record.get("title") or "")

    @property
    def doi(self) -> str | None:
        doi: str | None = self.record.get("doi")
        return doi

    @property
    def url(self) -> str | None:
        url: str | None = self.record.get("url")
        return url

    @property
    def schema_version(self) -> str | None:
        """The version of the metadata schema under which it was published, or is being prepared."""
        version: str | None = self.record.get("schema_version")
        return version

    @property
    def state(self) -> str:
        return str(self.record.get("state") or "")

    @property
    def findings(self) -> list[JsonObject]:
        return list(self.record.get("findings") or ())

    @property
    def files(self) -> list[JsonObject]:
        """The original files: ``{path, size, sha256, state}``."""
        return list(self.record.get("files") or ())

    @cached_property
    def measurements(self) -> list[Measurement]:
        return [self._measurement(entry) for entry in self.record.get("measurements") or ()]

    def _measurement(self, entry: JsonObject | str) -> Measurement:
        # A list may hold whole measurements or only their ids.
        if isinstance(entry, str) or "signals" not in entry:
            entry_id = entry if isinstance(entry, str) else entry["id"]
            entry = self._connection.get_json(api_path("measurements", entry_id))
        return Measurement(self._connection, entry, parent=self)

    def refresh(self) -> None:
        """Read the record again."""
        self.record = fetch_record(self._connection, api_path(self.kind, self.id))
        self.__dict__.pop("measurements", None)

    def download(
        self,
        path: str | Path | None = None,
        *,
        files: Sequence[JsonObject] | None = None,
        on_progress: DownloadListener | None = None,
    ) -> Path:
        """Download the original files into a folder (default: the id), resuming and verifying each.

        A name that not every system can hold is replaced by one that it can; a `RenamedFileWarning` says which.

        Parameters
        ----------
        path : str or Path, optional
            The folder; it is made where it is missing.
        files : list, optional
            Some of `files`; all of them when left out.
        on_progress : callable, optional
            Called with path, bytes that are there, and size.

        Raises
        ------
        UsageError
            A different file of that name is in the folder already.
        DamagedFileError, RefusedError
            A file could not be had, or did not arrive with its published digest; the others are there.
        """
        folder = Path(path) if path is not None else Path(self.id)
        result = self.fetch_files(folder, files=files, on_progress=on_progress)
        for name in result.renamed:
            message = f"{name.path!r} is saved as {name.saved_as!r}: {name.reason}."
            warnings.warn(message, RenamedFileWarning, stacklevel=2)
        if result.failed:
            fault = result.failed[0][1]
            fault.more["failed"] = result.describe_failed()
            raise fault
        return folder

    def fetch_files(
        self,
        folder: Path,
        *,
        files: Sequence[JsonObject] | None = None,
        on_progress: DownloadListener | None = None,
    ) -> Downloaded:
        """Download as `download` does, and return what became of each file instead of warning and raising."""
        wanted = self.files if files is None else files
        addressed = [
            (file, file_path(self.kind, self.id, str(file["path"]), version=self.version)) for file in wanted
        ]
        names = plan_names((str(file["path"]) for file in (*self.files, *wanted)), folder)
        return download_files(self._connection, addressed, folder, names, on_progress=on_progress)

    def __repr__(self) -> str:
        name = type(self).__name__
        count = len(self.record.get("measurements") or ())
        return f"<{name} {self.id} {self.title!r}: {count} measurement{'' if count == 1 else 's'}>"

    def _repr_html_(self) -> str:
        address = html.escape(self.url or "", quote=True)
        link = (
            f'<a href="{address}">{html.escape(self.doi or self.id)}</a>'
            if address
            else html.escape(self.doi or self.id)
        )
        measurements = count_things(len(self.record.get("measurements") or ()), "measurement")
        counts = f"{measurements}, {count_things(len(self.files), 'file')}"
        return f"<div><b>{html.escape(self.title) or self.id}</b><br>{link}, {counts}</div>"


class Dataset(_Record):
    """A published dataset, or one version of it."""

    kind = "datasets"

    @property
    def versions(self) -> list[Any]:
        return list(self.record.get("versions") or ())

    @property
    def citation(self) -> str:
        return str(self.record.get("citation") or "")

    @property
    def license(self) -> str | None:
        licence: str | None = self.record.get("license")
        return licence


class Deposit(_Record):
    """A draft of one's own; its arrays are readable as soon as they are converted."""

    kind = "deposits"

    @property
    def schema_changes(self) -> list[JsonObject]:
        """What newer versions of the schema changed in the metadata since they were written."""
        return list(self.record.get("schema_changes") or ())

    def take_instrument(
        self, record_id: str, *, presets: Sequence[str] = (), measurements: Sequence[str] | None = None
    ) -> JsonObject:
        """Have an instrument record answer what neither files nor people say.

        Parameters
        ----------
        presets : sequence of str
            Ids of presets whose conditions are said nowhere: you know that they held.
        measurements : sequence of str, optional
            Ids; without them those whose header names the instrument, or no microscope.

        Returns
        -------
        dict
            How many answers were saved; `change` is for `undo`.
        """
        body = {"of": "instrument", "record": record_id, "presets": list(presets), "keys": measurements}
        return take_offer(self._connection, self.id, body)

    def take_sample(self, record_id: str, *, measurements: Sequence[str] | None = None) -> JsonObject:
        """Answer with a sample record, for all or for these measurements."""
        return take_offer(
            self._connection, self.id, {"of": "sample", "record": record_id, "keys": measurements}
        )

    def take_last(self, *, only: Sequence[str] | None = None) -> JsonObject:
        """Answer what is empty as in your last deposit, or only these fields of it."""
        return take_offer(self._connection, self.id, {"of": "last_deposit", "only": only})

    def take_calibration(
        self,
        calibration_id: str,
        *,
        number: int | None = None,
        measurements: Sequence[str] | None = None,
        stands_over: bool = False,
        dry_run: bool = False,
    ) -> JsonObject:
        """Take a calibration for measurements: its value is copied, and stays when the record changes.

        Parameters
        ----------
        number : int, optional
            The newest without it.
        measurements : sequence of str, optional
            Ids; without them all for which it is meant.
        stands_over : bool
            Whether it holds also where the header, or an answer for the file, says something else.
        dry_run : bool
            Only say what would become of it.

        Returns
        -------
        dict
            `results`: what came of it in each measurement; `change` is for `undo`.
        """
        body = {
            "calibration": calibration_id,
            "number": number,
            "keys": measurements,
            "stands_over": stands_over,
            "dry_run": dry_run,
        }
        return take_calibration(self._connection, self.id, body)

    def undo(self, change: str) -> JsonObject:
        """Take back a change of answers by its id; what was answered again since stays."""
        path = api_path("deposits", self.id, "table", "changes", change, "undo")
        return read_object(self._connection.request("POST", path))


def fetch_record(connection: Connection, path: str) -> JsonObject:
    """Return a record; a withdrawn version is answered with 410 and its tombstone, which is a record too."""
    return read_object(connection.request("GET", path, accept=frozenset({410})))


def open_record(
    connection: Connection, record_id: str, kinds: tuple[str, ...]
) -> Dataset | Deposit | Measurement:
    """Return the first record of these kinds that exists under the id.

    Raises
    ------
    NotFoundError
        None of them does.
    """
    builders: dict[str, type[Dataset | Deposit | Measurement]] = {
        "datasets": Dataset,
        "deposits": Deposit,
        "measurements": Measurement,
    }
    for kind in kinds:
        try:
            record = fetch_record(connection, api_path(kind, record_id))
        except NotFoundError:
            continue
        return builders[kind](connection, record)
    raise NotFoundError(
        f"Nothing with the id {record_id} on {connection.url}.",
        status=404,
        hint="Check the id and the server; a draft is visible only to its own people, with their token.",
    )
