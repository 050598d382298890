"""What the parts of a format take and give: the signatures of `recognize`, `companions`, `open` and `map`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.contract import OpenedFile, ReadHints, Role
from ingest.readers.uploaded_file import UploadedFile

ToldBy = Literal["content", "size", "name"]


@dataclass(frozen=True, slots=True)
class Recognized:
    """A file is of the format that was asked.

    Attributes
    ----------
    reason
        Which bytes decided.
    role
        Whether the file opens a measurement or accompanies one.
    label
        What a person calls this kind of file; the format's title where empty.
    is_read
        False where a sound file of the format holds nothing that is read.
    refers_to
        Names of other files that the content names (basenames as written, not checked).
    told_by
        How sure this is. Where several formats claim a file, content wins over size, size over name.
    """

    reason: str
    role: Role = "primary"
    label: str = ""
    is_read: bool = True
    refers_to: tuple[str, ...] = ()
    told_by: ToldBy = "content"


Recognize = Callable[[UploadedFile], Recognized | None]
GroupCompanions = Callable[[CompanionPlan], None]
Open = Callable[[Mapping[str, Path], ReadHints], OpenedFile]
