"""Who may have the bytes, in our word and in the vocabulary that repositories share."""

from dataclasses import dataclass
from typing import Literal

Access = Literal["open", "embargoed", "restricted"]


@dataclass(frozen=True, slots=True)
class AccessTerm:
    label: str
    iri: str


ACCESS_TERMS: dict[Access, AccessTerm] = {
    "open": AccessTerm("Open Access", "info:eu-repo/semantics/openAccess"),
    "embargoed": AccessTerm("Embargoed Access", "info:eu-repo/semantics/embargoedAccess"),
    "restricted": AccessTerm("Restricted Access", "info:eu-repo/semantics/restrictedAccess"),
}
