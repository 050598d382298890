"""What a person wants a cell to say, and what it would change in the deposit's document: decided, not yet written."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from repository.schema.checks.cell_values import (
    GAP_WORDS,
    CellRefusedError,
    Typed,
    find_field,
    format_entry,
    read_number,
    read_typed,
)
from repository.schema.checks.cells import build_tag, find_in
from repository.schema.checks.rings import RINGS, RingTextError, is_for_chosen_files, join_rings
from repository.schema.documents.levels import (
    ALL,
    CALIBRATIONS,
    DIFFERS,
    INSTRUMENTS,
    KINDS,
    SINGLE,
    does_apply,
    place_entry,
    remove_entry,
)
from repository.schema.places import get_entry
from repository.schema.quantities.signals import SignalShape
from repository.schema.questions.fields import load_catalogue
from repository.schema.questions.techniques import find_impossible

AnswerLevel = Literal["all", "kind", "measurement"]
Act = Literal["value", "not_recorded", "withheld", "not_applicable", "clear", "differs"]
_AS_PRINTED = 1e-9
_EMPTY = frozenset({"needed", "empty"})


@dataclass(frozen=True, slots=True)
class Wish:
    """One field, for all, for kinds or for measurements, and what it is to say.

    Attributes
    ----------
    keys
        Kinds, or ids of measurements; nothing for all.
    only_empty
        Leave alone what has a value or an answer, at whatever level.
    only_new
        Leave alone what says the same already, wherever that comes from: a sheet repeats everything that it was given.
    expected
        By key: the tag that the answer had when the person looked; where it has another one, somebody was quicker.
    """

    field: str
    level: AnswerLevel
    act: Act
    keys: tuple[str, ...] = ()
    value: Any = None
    unit: str | None = None
    basis: str | None = None
    only_empty: bool = False
    only_new: bool = False
    expected: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """A measurement as far as an answer has to know it."""

    id: str
    path: str
    kind: str
    cells: Mapping[str, Any]
    document: Mapping[str, Any]
    signals: tuple[SignalShape, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """What became of one answer.

    Attributes
    ----------
    key
        The kind, or the id of the measurement; empty for all.
    result
        `saved`, `unchanged` or `refused`; of a dry run what would become of it.
    was, text, tag
        What the level said before and says now, and the tag of that.
    message, hint
        Of a refusal: why, and what to do. Of a saved one: what is unusual about it.
    """

    field: str
    level: str
    key: str
    result: Literal["saved", "unchanged", "refused"]
    path: str = ""
    was: str = ""
    text: str = ""
    tag: str = ""
    code: str = ""
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """One place of the document before and after; None where nothing stood, or stands."""

    level: str
    key: str
    field: str
    old: Any
    new: Any

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {"level": self.level, "key": self.key, "field": self.field, "old": self.old, "new": self.new}


class Draft:
    """A deposit's document that is being changed; what it was made of stays as it is."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = dict(document)
        self.written: list[WrittenAnswer] = []

    def read_layer(self, level: str, key: str) -> Mapping[str, Any]:
        """Return what a level says: for all, of a kind, or of the file with this path."""
        part: Any = self.document.get(_PARTS[level])
        layer = part if level in _WHOLE else part.get(key) if isinstance(part, Mapping) else None
        return layer if isinstance(layer, Mapping) else {}

    def read(self, level: str, key: str, path: str) -> Any:
        """Return what stands at a place."""
        if level == "differs":
            return True if path in self._list_differing(key) else None
        return find_in(self.read_layer(level, key), path)

    def write(self, level: str, key: str, path: str, entry: Any) -> None:
        """Put an entry at a place, or take away what stands there (None); what changes nothing is not noted."""
        old = self.read(level, key, path)
        if build_tag(old) == build_tag(entry):
            return
        if level == "differs":
            fields = [name for name in self._list_differing(key) if name != path]
            self._put(DIFFERS, key, sorted([*fields, path]) if entry else fields)
        else:
            layer = self.read_layer(level, key)
            changed = remove_entry(layer, path) if entry is None else place_entry(layer, path, entry)
            self._put(_PARTS[level], None if level in _WHOLE else key, changed)
        self.written.append(WrittenAnswer(level, key, path, old, entry))

    def _list_differing(self, path: str) -> list[str]:
        part = self.document.get(DIFFERS)
        fields = part.get(path) if isinstance(part, Mapping) else None
        return list(fields) if isinstance(fields, list) else []

    def _put(self, part: str, key: str | None, content: Any) -> None:
        if key is not None:
            former = self.document.get(part)
            entries = dict(former) if isinstance(former, Mapping) else {}
            entries.pop(key, None)
            content = {**entries, key: content} if content else entries
        if content:
            self.document[part] = content
        else:
            self.document.pop(part, None)


_PARTS: Mapping[str, str] = {
    "all": ALL,
    "kind": KINDS,
    "measurement": SINGLE,
    "differs": DIFFERS,
    "instrument": INSTRUMENTS,
    "calibration": CALIBRATIONS,
    "dataset": "dataset",
}
_WHOLE = frozenset({"all", "dataset"})
"""Parts of the document whose keys are fields."""


def decide(wish: Wish, key: str, target: Target | None, draft: Draft) -> AnswerResult:
    """Write one answer of a wish into the draft, or say why not."""
    place = "" if wish.level == "all" else target.path if target is not None else key
    old = draft.read(wish.level, place, wish.field)
    result = AnswerResult(
        wish.field,
        wish.level,
        key,
        "unchanged",
        path=target.path if target is not None else "",
        was=format_entry(wish.field, old),
        text=format_entry(wish.field, old),
        tag=build_tag(old),
    )
    try:
        _refuse_overtaken(wish, key, old)
        wish = _take_at_its_word(wish)
        _refuse_impossible(wish, target)
        if (wish.only_empty and not _is_empty(wish, old, target)) or (
            wish.only_new and _is_told(wish, target)
        ):
            return result
        note = _write(wish, place, target, draft)
    except CellRefusedError as refusal:
        return replace(
            result, result="refused", code=refusal.code, message=refusal.message, hint=refusal.hint
        )
    new = draft.read(wish.level, place, wish.field)
    is_same = build_tag(new) == build_tag(old) and not _has_written(draft, wish.field, place)
    return replace(
        result,
        result="unchanged" if is_same else "saved",
        text=format_entry(wish.field, new),
        tag=build_tag(new),
        message=note,
    )


def _has_written(draft: Draft, path: str, place: str) -> bool:
    return any(one.key == place and one.field == path for one in draft.written[-2:])


def _refuse_overtaken(wish: Wish, key: str, old: Any) -> None:
    if key in wish.expected and wish.expected[key] != build_tag(old):
        shown = format_entry(wish.field, old)
        now = f"It says {shown} now" if shown else "It was cleared"
        raise CellRefusedError(
            "changed_meanwhile",
            f"Somebody changed this answer meanwhile. {now}.",
            "Look at it, and answer again.",
        )


def _take_at_its_word(wish: Wish) -> Wish:
    """Return a typed "not recorded" as the act that it is: what the button refuses, no typing of it may do."""
    if wish.act != "value" or not isinstance(wish.value, str) or "[]" in wish.field:
        return wish
    word = wish.value.strip().lower().replace("_", " ")
    act = next((act for act, shown in GAP_WORDS.items() if word == shown), None)
    return wish if act is None else replace(wish, act=cast("Act", act))


def _refuse_impossible(wish: Wish, target: Target | None) -> None:
    title = find_field(wish.field).title
    if wish.level != "measurement":
        if is_for_chosen_files(wish.field):
            raise CellRefusedError(
                "field_of_one_file",
                f"{title} is each file's own, and is not answered for files that nobody chose.",
                "Select the files, and answer for these.",
            )
        if wish.act == "differs":
            raise CellRefusedError(
                "not_one_file", "Only a file can differ from the others.", "Select the files."
            )
    elif (
        target is not None
        and wish.act not in {"clear", "differs"}
        and not does_apply(wish.field, target.document)
        # What a file says where it does not apply is shown all the same, and may be kept back.
        and not (wish.act == "withheld" and get_entry(target.document, wish.field) is not None)
        # What the file says of it is shown all the same, and comes back with the table as it went out.
        and not (wish.only_new and _is_told(wish, target))
    ):
        kind = target.kind.replace("+", " and ").replace("_", " ")
        raise CellRefusedError(
            "does_not_apply", f"{title} does not apply to {kind}.", "Change the technique if that is wrong."
        )
    if wish.act == "not_recorded" and not may_be_gap(wish.field):
        raise CellRefusedError(
            "gap_not_allowed", f"{title} cannot be left out.", "An estimate or a range is an answer."
        )


def may_be_gap(path: str) -> bool:
    """Say whether "not recorded" is an answer to what is asked at this field."""
    return all(row.escape for row in load_catalogue().rows if row.path == path)


def _is_empty(wish: Wish, old: Any, target: Target | None) -> bool:
    if old is not None:
        return False
    if target is None:
        return True
    cell = target.cells.get(wish.field)
    return cell is None or cell["state"] in _EMPTY


def _is_told(wish: Wish, target: Target | None) -> bool:
    """Say whether the table says this already."""
    cell = target.cells.get(wish.field, {}) if target is not None else {}
    if str(wish.value).strip() == cell.get("text"):
        return True
    typed = read_typed(wish.field, wish.value, unit=wish.unit, basis=wish.basis)
    number = read_number(wish.field, typed.entry)
    has_spread = isinstance(typed.entry, Mapping) and "uncertainty" in typed.entry
    if number is not None and "number" in cell and not has_spread:
        return math.isclose(number, cell["number"], rel_tol=_AS_PRINTED)
    return typed.text == cell.get("text")


def _write(wish: Wish, place: str, target: Target | None, draft: Draft) -> str:
    """Write an answer; return what is unusual about it."""
    path = wish.field
    if wish.act == "clear":
        if "[]" in path:
            path = path.split("[]", maxsplit=1)[0]
        draft.write(wish.level, place, path, None)
        if target is not None:
            draft.write("differs", place, path, None)
        return ""
    if wish.act == "differs":
        draft.write("differs", place, path, True)  # noqa: FBT003
        return ""
    if wish.act in GAP_WORDS:
        _write_gap(wish, place, target, draft)
        return ""
    typed = read_typed(path, wish.value, unit=wish.unit, basis=wish.basis)
    if target is not None and path == "technique":
        _refuse_technique(typed, target)
    if path == RINGS and isinstance(typed.entry, list):
        draft.write(wish.level, place, path, _join_rings(typed.entry, target))
    elif "[]" in path:
        head, entry = _complete_list(path, wish, target)
        draft.write(wish.level, place, head, entry)
    else:
        draft.write(wish.level, place, path, typed.entry)
    return typed.note


def _write_gap(wish: Wish, place: str, target: Target | None, draft: Draft) -> None:
    cell = target.cells.get(wish.field, {}) if target is not None else {}
    if (
        wish.act == "not_recorded"
        and cell.get("level") == "header"
        and cell["state"] in {"value", "conflict"}
    ):
        title = find_field(wish.field).title
        raise CellRefusedError(
            "has_value",
            f"{title}: the file itself says {cell.get('text', 'it')}.",
            'It is recorded, then. To keep it back, answer "withheld".',
        )
    head = wish.field.split("[]", maxsplit=1)[0]
    draft.write(wish.level, place, head, {"missing": wish.act})
    if cell.get("level") in {"all", "kind", "instrument", "calibration"} and cell["state"] == "value":
        draft.write("differs", place, head, True)  # noqa: FBT003  # what was said for others is not true of this file


def _refuse_technique(typed: Typed, target: Target) -> None:
    words = typed.entry if isinstance(typed.entry, list) else []
    reason = find_impossible([str(word) for word in words], target.signals)
    if reason is not None:
        raise CellRefusedError(
            "technique_impossible",
            reason,
            "Choose another technique, or give the scan shape if it is read wrongly.",
        )


def _join_rings(rings: list[Any], target: Target | None) -> list[dict[str, Any]]:
    try:
        return join_rings(target.document.get(RINGS) if target is not None else None, rings)
    except RingTextError as error:
        raise CellRefusedError(
            "wrong_count", str(error), "Name each: HAADF 68–200 mrad; BF 0–10 mrad."
        ) from error


def _complete_list(path: str, wish: Wish, target: Target | None) -> tuple[str, list[Any]]:
    """Return the whole list in which one part of each entry is answered: texts stand in its order, parted by `;`."""
    head, _, rest = path.partition("[].")
    known = target.document.get(head) if target is not None else None
    items = [dict(item) for item in known if isinstance(item, Mapping)] if isinstance(known, list) else []
    texts: Sequence[Any] = [wish.value]
    if isinstance(wish.value, str):
        texts = [text.strip() for text in wish.value.split(";")]
    items = items or [{} for _ in texts]
    if len(texts) == 1:
        texts = [texts[0]] * len(items)
    if len(texts) != len(items):
        raise CellRefusedError(
            "wrong_count",
            f"{find_field(path).title}: {len(texts)} values were given for {len(items)} entries.",
            "Give one for each, parted by semicolons.",
        )
    return head, [
        place_entry(item, rest, read_typed(path, text, unit=wish.unit, basis=wish.basis).entry)
        for item, text in zip(items, texts, strict=True)
    ]
