"""Search results, fetched page by page as they are read."""

import html
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from stemma.connection import API, Connection
from stemma.errors import JsonObject, UsageError
from stemma.texts import count_things

if TYPE_CHECKING:
    from collections.abc import Callable

    from stemma.records import Dataset

Parameters = list[tuple[str, str]]
_OTHER_PARAMETERS = frozenset({"q", "where", "license", "span"})


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One dataset that was found, and those of its measurements that fit."""

    id: str
    title: str
    doi: str | None
    url: str | None
    measurements: tuple[str, ...]
    record: JsonObject = field(repr=False)
    _open: "Callable[[str], Any]" = field(repr=False, compare=False)

    def open(self) -> "Dataset":
        dataset: Dataset = self._open(self.id)
        return dataset


class SearchResults:
    """An iterable of `SearchResult`; ``count`` and ``facets`` are the server's for the whole search."""

    def __init__(
        self, connection: Connection, parameters: Parameters, open_record: "Callable[[str], Any]"
    ) -> None:
        self._connection = connection
        self._parameters = parameters
        self._open = open_record

    @cached_property
    def _first(self) -> JsonObject:
        page = self._connection.get_json(f"{API}/search", params=self._parameters)
        known = set(page.get("facets") or ())
        unknown = {name for name, _ in self._parameters} - known - _OTHER_PARAMETERS
        if known and unknown:
            # A server passes over parameters it does not know: the answer would be to another question.
            raise UsageError(
                f"The server has no facet {min(unknown)!r}.",
                hint=f"Its facets: {', '.join(sorted(known))}; quantities need a number.",
                code="unknown_facet",
            )
        return page

    @property
    def count(self) -> int:
        return int(self._first.get("count") or 0)

    @property
    def facets(self) -> Any:
        return self._first.get("facets") or {}

    @property
    def spans(self) -> dict[str, JsonObject]:
        """The quantities that were asked for: ``{name: {count, minimum, maximum, unit}}``."""
        return {span["name"]: span for span in self._first.get("spans") or ()}

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[SearchResult]:
        for record in follow_pages(self._connection, f"{API}/search", self._parameters, self._first):
            yield SearchResult(
                id=record["id"],
                title=record.get("title") or "",
                doi=record.get("doi"),
                url=record.get("url"),
                measurements=tuple(record.get("measurements") or ()),
                record=record,
                _open=self._open,
            )

    def __repr__(self) -> str:
        return f"<SearchResults: {count_things(self.count, 'dataset')}>"

    def _repr_html_(self) -> str:
        shown = [
            html.escape(f"{record['id']}  {record.get('title') or ''}")
            for record in self._first.get("results") or ()
        ]
        rows = "".join(f"<li>{line}</li>" for line in shown)
        return f"<div><b>{count_things(self.count, 'dataset')}</b><ol>{rows}</ol></div>"


def follow_pages(
    connection: Connection, path: str, parameters: Parameters, page: JsonObject
) -> Iterator[JsonObject]:
    """Yield the results of a list from its first page on; ``next`` may be an address or a bare cursor."""
    while True:
        yield from page.get("results") or ()
        cursor = read_cursor(page.get("next"))
        if not cursor:
            return
        page = connection.get_json(path, params=[*parameters, ("cursor", cursor)])


def read_cursor(following: str | None) -> str | None:
    if not following:
        return None
    if "cursor=" not in following:
        return following
    return parse_qs(urlsplit(following).query).get("cursor", [None])[0]
