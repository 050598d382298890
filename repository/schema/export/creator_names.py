"""Whether a creator is a person or an organization, read from what a description of schema 1.0.0 can say.

The released schema has no key for it: a creator has `name` ("Family, Given."), `orcid`, `affiliation` and
`affiliation_ror`. What these say is enough in almost every case, and a wrong guess can be corrected by writing
the person's name in the form that the field asks for, or by giving the organization's own ROR.
"""

import re
from dataclasses import dataclass
from typing import Literal

CreatorKind = Literal["person", "organization"]

_CLEAR_LEGAL_FORM = re.compile(r"[\s,](?:inc|ltd|llc|llp|plc|corp|gmbh|pty\.?\s?ltd)\.?$", re.IGNORECASE)
# After "Family," these would be initials.
_LEGAL_FORM = re.compile(r"\s(?:co|ag|kg|e\.?\s?v|s\.?a|s\.?r\.?l|b\.?v|ab|oy|a/?s|k\.?k)\.?$", re.IGNORECASE)
# Stems of the words that organizations carry in their names, in the languages in which they sign here.
_ORGANIZATION_WORD = re.compile(
    r"\b(?:universi(?:t|d)\w*|universit[àáéä]\w*|\w*institut\w*|istituto|hochschule|[ée]cole|school|academ\w*|akademi\w*"
    r"|laborator\w*|laboratoire\w*|labs?|facilit(?:y|ies)|cent(?:er|re|ro|rum)s?|\w*zentrum|\w*centrum|department|faculty|division"
    r"|consorti\w*|konsortium|collaboration\w*|network|initiative|project|team|group|working\s+group|gruppe"
    r"|council|committee|commission|agency|ministry|observatory|museum|hospital|klinik\w*"
    r"|society|\w*gesellschaft|association|foundation|fondation|stiftung|federation|verein|union"
    r"|compan(?:y|ies)|corporation|technologies|instruments|microscopes|industries|solutions|research"
    r"|repositor\w*|archive|library|developers|contributors|authors|community)\b",
    re.IGNORECASE,
)
_JOINING_WORD = re.compile(r"(?:^the\s|\s(?:of|for|and|für|pour|per|para|&)\s)", re.IGNORECASE)
_ACRONYM = re.compile(r"[A-Z][A-Z0-9]+(?:[-/][A-Z0-9]+)*|[A-Z]+(?:[-/][A-Z0-9]+)+")
_SUFFIX = re.compile(r"^(?:jr|sr|i{1,3}|iv)\.?$", re.IGNORECASE)
_MOST_GIVEN_WORDS = 5


@dataclass(frozen=True, slots=True)
class CreatorName:
    """How a creator is cited: a person's parts where the name shows them."""

    kind: CreatorKind
    family: str | None = None
    given: str | None = None


def read_creator_name(
    name: str, *, orcid: str | None = None, affiliation: str | None = None, ror: str | None = None
) -> CreatorName:
    """Return what a creator is, and a person's family and given name where they stand apart.

    Parameters
    ----------
    name
        As the depositor wrote it.
    orcid
        Only people have one.
    affiliation, ror
        A ROR without an affiliation, or with one that is the name itself, is the creator's own: it is an organization.

    Notes
    -----
    Without any sign a creator is a person: that is what the field asks for, and what an account is.
    """
    name = " ".join(name.split())
    is_own_ror = ror is not None and (affiliation is None or is_same_name(affiliation, name))
    if orcid is None and (is_own_ror or _is_organization(name)):
        return CreatorName("organization")
    family, given = _split_person(name)
    return CreatorName("person", family, given)


def is_same_name(one: str, other: str) -> bool:
    """Return whether two names are the same but for case and spaces."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _is_organization(name: str) -> bool:
    if _CLEAR_LEGAL_FORM.search(name):
        return True
    head, comma, _ = name.partition(",")
    if comma and " " not in head.strip():
        return False  # "Family, Given", also where the family is called Young or School
    if any(sign.search(name) for sign in (_LEGAL_FORM, _ORGANIZATION_WORD, _JOINING_WORD)):
        return True
    return not comma and _ACRONYM.fullmatch(name) is not None


def _split_person(name: str) -> tuple[str | None, str | None]:
    parts = [part.strip() for part in name.split(",")]
    if len(parts) == 3 and _SUFFIX.match(parts[1]):  # noqa: PLR2004  # "King, Jr., Martin Luther"
        parts = [f"{parts[0]} {parts[1]}", parts[2]]
    if len(parts) != 2 or not all(parts) or len(parts[1].split()) > _MOST_GIVEN_WORDS:  # noqa: PLR2004
        return None, None
    return parts[0], parts[1]
