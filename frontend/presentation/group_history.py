"""What was done in a group, in sentences."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.selectors.groups import EventView


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """When somebody did what."""

    at: dt.datetime
    actor: str
    words: str


_SENTENCES: Mapping[str, str] = {
    "group.create": "made the group",
    "group.update": "changed {changed}",
    "group.set_role": "made {user} {role}",
    "group.quota": "set the quota to {quota_bytes} bytes",
    "group.leave": "left",
    "group.remove_member": "took {user} out",
    "group.add_deposit": "put the deposit {deposit} into the group",
    "group.remove_deposit": "took the deposit {deposit} out of the group",
    "invitation.create": "invited {address} as {role}",
    "invitation.accept": "joined as {role}, invited by {invited_by}",
    "invitation.decline": "declined an invitation",
    "invitation.revoke": "took the invitation of {address} back",
}


def describe_history(events: Sequence[EventView]) -> list[HistoryLine]:
    """Return the lines of a group's history, as the events come."""
    return [HistoryLine(event.at, event.actor or "Somebody", _say(event)) for event in events]


def _say(event: EventView) -> str:
    sentence = _SENTENCES.get(event.action, event.action)
    return sentence.format_map(_Words(event.detail, changed=_list_changes(event.detail)))


def _list_changes(detail: Mapping[str, Any]) -> str:
    changes = [
        f"{'ROR' if name == 'ror' else name} from {change['old'] or 'nothing'} to {change['new'] or 'nothing'}"
        for name, change in detail.items()
        if isinstance(change, dict) and {"old", "new"} <= set(change)
    ]
    return ", ".join(changes) or "it"


class _Words(dict[str, Any]):
    """What an event says; what an older one does not say is left open."""

    def __missing__(self, key: str) -> str:
        return "…"
