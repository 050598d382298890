"""Names that a file system blind to case cannot hold side by side, of what a version will hold."""

from collections.abc import Iterator, Sequence

from repository.models import Deposit
from repository.models.sorting import version_files
from repository.schema.file_names import fold_case, list_folders
from repository.schema.findings import Finding


def list_twin_findings(deposit: Deposit) -> list[Finding]:
    """Return a warning for each name of the next version; what is withheld goes to no reader's disk."""
    paths = list(version_files(deposit).order_by("path").values_list("path", flat=True))
    return [
        Finding(
            severity="warning",
            code="case_twin",
            layer="file",
            message=message,
            hint="On Windows and macOS a reader's download writes one over the other: rename one, keep one private, "
            "or acknowledge this.",
        )
        for _, message in list_case_twins(paths)
    ]


def list_case_twins(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each path that a case-blind file system cannot hold beside an earlier one, and the sentence about it."""
    first: dict[str, str] = {}
    for path in paths:
        other = first.setdefault(fold_case(path), path)
        if other != path:
            yield path, f"The names {other} and {path} differ only in upper and lower case."
    for path in paths:
        for folder in list_folders(path):
            twin = first.get(fold_case(folder))
            if twin is not None and twin != folder:
                yield path, f"The file {twin} and the folder of {path} differ only in upper and lower case."
