"""What a person probably meant by a key, a word or a unit that the schema does not know."""

import difflib
import functools
from collections.abc import Sequence

from repository.schema.quantities.units import UNITS
from repository.schema.questions.fields import DocumentName, Field, load_catalogue

_CLOSE = 0.75


def suggest_key(key: str, siblings: Sequence[str], group: str, kind: DocumentName) -> str | None:
    """Return a sentence that names the field meant by an unknown key, or None.

    Names that other programs use ("beam_energy") come first, then slips of the keyboard among the keys of the
    same group, then fields of that name elsewhere in the document.
    """
    known = _collect_aliases(kind).get((group, key.lower()))
    if known is not None:
        return _say(known)
    close = difflib.get_close_matches(key.lower(), siblings, n=1, cutoff=_CLOSE)
    if close:
        place = f"{group}.{close[0]}" if group else close[0]
        fields = load_catalogue().fields(kind).values()
        field = next((field for field in fields if field.path.replace("[]", "") == place), None)
        return _say(field) if field is not None else f'Did you mean "{close[0]}"?'
    elsewhere = _collect_aliases(kind).get(("", key.lower())) or _find_by_last_part(key.lower(), kind)
    if elsewhere is not None and elsewhere.path == key:
        return f'"{key}" ({elsewhere.title}) stands at the top of the document, not in {group}.'
    return None if elsewhere is None else _say(elsewhere)


def suggest_word(word: str, words: Sequence[str], vocabulary: str | None = None) -> str | None:
    """Return the word of a closed list that another name or a slip of the keyboard stands for, or None.

    The vocabulary has the other names; only what stands among `words` is ever offered.
    """
    spelled = word.strip().lower().replace(" ", "_").replace("-", "_")
    for term in load_catalogue().vocabularies.get(vocabulary or "", ()):
        if spelled in term.aliases and term.value in words:
            return term.value
    by_lower = {known.lower(): known for known in words}
    if spelled in by_lower:
        return by_lower[spelled]
    close = difflib.get_close_matches(spelled, list(by_lower), n=1, cutoff=0.5)
    return by_lower[close[0]] if close else None


def suggest_unit(unit: str, allowed: Sequence[str]) -> str | None:
    """Return the accepted unit that a misspelt one stands for ("KV", "Mrad"), or None.

    Nothing but accepted units is offered: of a length in "MRAD" nobody is told to write "mrad".
    """
    spelled = unit.strip().lower()
    return next((code for code in allowed or UNITS if code.lower() == spelled), None)


def _say(field: Field) -> str:
    place = field.path.replace("[]", "")
    sentence = f'Did you mean "{place}" ({field.title})?'
    if field.full_angle_slip:
        sentence += " It is a semi-angle: half of the full opening angle."
    return sentence


@functools.cache
def _collect_aliases(kind: DocumentName) -> dict[tuple[str, str], Field]:
    """Return fields by (group, name used elsewhere); ("", name) finds those of every group."""
    found: dict[tuple[str, str], Field] = {}
    for path, field in load_catalogue().fields(kind).items():
        group = path.replace("[]", "").rpartition(".")[0]
        for alias in field.aliases:
            found.setdefault((group, alias.lower()), field)
    for path, field in load_catalogue().fields(kind).items():
        if "[]" not in path:
            for alias in field.aliases:
                found.setdefault(("", alias.lower()), field)
    return found


def _find_by_last_part(key: str, kind: DocumentName) -> Field | None:
    return next((field for field in load_catalogue().fields(kind).values() if field.key == key), None)
