"""What of a deposit its next version will tell: nothing that is kept private or discarded, by no name and no link."""

import re
from collections.abc import Callable, Collection

from repository.models import Deposit
from repository.models.sorting import (
    version_files,
    version_measurements,
    withheld_files,
    withheld_measurements,
)
from repository.schema.checks.links import ToldDocument, drop_links, has_links
from repository.schema.findings import Finding

UNTOLD_LINK = "link_not_published"
_NO_NAME = re.compile(r"(?!)")


def read_told(deposit: Deposit) -> ToldDocument:
    """Return what persons supplied, without links to what the next version will not hold."""
    if not has_links(deposit.document):
        return ToldDocument(deposit.document)
    withheld = _list_names(deposit, is_told=False)
    if not withheld:
        return ToldDocument(deposit.document)
    return drop_links(deposit.document, withheld=withheld, told=_list_names(deposit, is_told=True))


def list_untold_links(deposit: Deposit) -> list[Finding]:
    """Return a note for each link that the next version will not name; it keeps nothing from being published."""
    return [
        Finding(
            severity="info",
            code=UNTOLD_LINK,
            layer="quantity",
            message=f"The link to {link.target} ({link.role.replace('_', ' ')}) is not published with this version:"
            " what it leads to is kept private or discarded.",
            hint="Publish that too, or leave it: the link stays in the deposit and is published together with it.",
        )
        for link in read_told(deposit).untold
    ]


def build_name_check(deposit: Deposit) -> Callable[[str], bool]:
    """Return what says whether a sentence names a file that the next version will not hold."""
    paths = set(withheld_files(deposit).values_list("path", flat=True))
    names = paths | {path.rpartition("/")[2] for path in paths}
    # A name of the published ones may end like a withheld one: that alone gives nothing away.
    names -= {path.rpartition("/")[2] for path in version_files(deposit).values_list("path", flat=True)}
    anywhere = _compile(names)
    return lambda sentence: anywhere.search(sentence) is not None


def _compile(names: Collection[str]) -> re.Pattern[str]:
    if not names:
        return _NO_NAME
    ordered = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<![\w/-])(?:{'|'.join(map(re.escape, ordered))})(?![\w/-])")


def _list_names(deposit: Deposit, *, is_told: bool) -> set[str]:
    files = version_files(deposit) if is_told else withheld_files(deposit)
    measurements = version_measurements(deposit) if is_told else withheld_measurements(deposit)
    return {*files.values_list("path", flat=True), *measurements.values_list("pk", flat=True)}
