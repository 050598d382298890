"""Forms of the administration pages: two administrators never overwrite each other unseen."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.http import QueryDict

if TYPE_CHECKING:  # generic for the type checker only
    AnyModelForm = forms.ModelForm[Any]
else:
    AnyModelForm = forms.ModelForm


class MergingForm(AnyModelForm):
    """Carries what was seen beside what is written: only fields that the person changed are saved.

    Where somebody else changed the same field meanwhile, both values are shown; saving once more keeps one's own.
    Whoever saves must hold the row (`select_for_update`).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            for field in self.fields.values():
                field.show_hidden_initial = not field.disabled

    def clean(self) -> dict[str, Any]:
        """Leave fields alone that the person did not touch, and refuse those that somebody else changed too."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk is None:
            return cleaned
        self.data = data = self.data.copy() if isinstance(self.data, QueryDict) else dict(self.data)
        for name in list(cleaned):
            bound = self[name]
            if not self._was_changed_meanwhile(bound):
                continue
            if bound.field.has_changed(self._read_seen(bound), bound.data):
                self._require_agreement(bound)
            else:
                del cleaned[name]  # the row keeps what it has, and the form shows it when it comes back
                data[bound.html_name] = _write_hidden(bound)
            data[bound.html_initial_name] = _write_hidden(bound)
        return cleaned

    def _was_changed_meanwhile(self, bound: BoundField) -> bool:
        if not bound.field.show_hidden_initial or bound.html_initial_name not in self.data:
            return False
        return bool(bound.field.has_changed(bound.initial, self._read_seen(bound)))

    def _read_seen(self, bound: BoundField) -> Any:
        seen = bound.field.hidden_widget().value_from_datadict(self.data, self.files, bound.html_initial_name)
        try:
            return bound.field.to_python(seen)
        except ValidationError:
            return seen

    def _require_agreement(self, bound: BoundField) -> None:
        if bound.field.has_changed(bound.initial, bound.data):
            told = (
                f"Somebody else saved {_show(bound.initial)} here meanwhile; you say {_show(bound.data)}."
                " Save again to keep yours, or write what was saved."
            )
            self.add_error(bound.name, ValidationError(told, code="changed_meanwhile"))


def _write_hidden(bound: BoundField) -> str:
    now = bound.field.prepare_value(bound.initial)
    return "" if now is None else str(now)


def _show(value: Any) -> str:
    return "nothing" if value in (None, "", [], {}) else f"“{value}”"
