"""The operator's tables. Content is looked at here, not edited: writes go through services with their audit events.

Where something may be edited, two administrators never overwrite each other unseen.
"""

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.boundfield import BoundField
from django.http import HttpRequest, QueryDict

from repository.models import (
    ApiToken,
    AuditEvent,
    DatasetVersion,
    Deposit,
    Group,
    Identifier,
    Instrument,
    InstrumentPreset,
    Job,
    Message,
    RecordChange,
    Sample,
    StoredObject,
    User,
    WorkerHeartbeat,
)
from repository.services.audit import record_event

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


admin.site.site_header = "Stemma administration"
admin.site.site_title = "Stemma"
admin.site.index_title = "Tables"
# Administrators sign in where everybody does: one form tries passwords, and counts them.
setattr(admin.site, "login", secure_admin_login(admin.site.login))  # noqa: B010  # a method of Django's


if TYPE_CHECKING:  # generic for the type checker only
    TableAdmin = admin.ModelAdmin[Any]
    AccountAdmin = UserAdmin[User]
    AccountForm = UserChangeForm[User]
else:
    TableAdmin = admin.ModelAdmin
    AccountAdmin = UserAdmin
    AccountForm = UserChangeForm


class ReadOnlyAdmin(TableAdmin):
    """Shows rows; changes come through the services."""

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse new rows."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """Refuse changes; rows can still be viewed."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """Refuse deletion."""
        return False


class HoldingAdmin(TableAdmin):
    """Holds the row from reading the form to saving it."""

    form = MergingForm

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row, locked where it is about to be changed."""
        found = super().get_object(request, object_id, from_field)
        if found is None or request.method != "POST":
            return found
        return self.get_queryset(request).select_for_update().filter(pk=found.pk).first()


class PersonForm(MergingForm, AccountForm):
    """An account's fields."""


@admin.register(User)
class PersonAdmin(HoldingAdmin, AccountAdmin):
    """Accounts: roles, quotas, and who may sign in."""

    form = PersonForm
    readonly_fields = ("last_login", "date_joined")
    list_display = ("username", "full_name", "role", "orcid", "is_active", "last_login")
    list_filter = ("role", "is_active")
    fieldsets = (
        (None, {"fields": ("username", "password", "email")}),
        ("Person", {"fields": ("full_name", "orcid", "affiliation", "affiliation_ror", "mails_when_read")}),
        ("Rights", {"fields": ("role", "quota_bytes", "is_active")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    filter_horizontal = ()


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens without their secrets; deleting one ends it at once."""

    list_display = ("token_key", "name", "user", "scopes", "created", "expiry", "last_used_at")
    fields = ("token_key", "name", "user", "scopes", "created", "expiry", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, _obj: Model | None = None) -> bool:
        """Let administrators end a token."""
        return request.user.has_perm("repository.delete_apitoken")


@admin.register(Deposit)
class DepositAdmin(ReadOnlyAdmin):
    """Deposits and where they stand."""

    list_display = ("id", "title", "owner", "state", "created_at", "updated_at")
    list_filter = ("state",)
    search_fields = ("id", "title", "owner__username")
    list_select_related = ("owner",)


@admin.register(Group)
class GroupAdmin(HoldingAdmin):
    """Groups and their quotas; who is in one is its managers' affair."""

    list_display = ("name", "ror", "quota_bytes", "created_by", "created_at", "closed_at")
    search_fields = ("id", "name", "ror")
    list_select_related = ("created_by",)
    fields = ("name", "ror", "quota_bytes", "created_by", "created_at", "closed_at")
    readonly_fields = ("name", "ror", "created_by", "created_at", "closed_at")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse new rows: whoever makes a group manages it."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """Refuse deletion: a group is closed by its managers, and what it published names it."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:  # Django's signature
        """Save, and write down who changed what."""
        super().save_model(request, obj, form, change)
        if form.changed_data:
            detail = {"quota_bytes": obj.quota_bytes}
            actor = request.user if isinstance(request.user, User) else None
            record_event(actor=actor, action="group.quota", target=obj.pk, detail=detail)


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ReadOnlyAdmin):
    """What is published."""

    list_display = ("__str__", "title", "state", "access", "published_at")
    list_filter = ("state", "access")
    search_fields = ("dataset__pk", "title")


@admin.register(Identifier)
class IdentifierAdmin(ReadOnlyAdmin):
    """DOIs, and what the registrar answered."""

    list_display = ("doi", "state", "registrar", "registered_at", "last_error")
    list_filter = ("state",)
    search_fields = ("doi",)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs: what runs, what waits, what failed and why."""

    list_display = ("kind", "target", "state", "attempt", "fraction", "message", "created_at", "finished_at")
    list_filter = ("state", "kind")
    search_fields = ("target", "reason")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Messages to people and why one is not sent; what they say is shown to nobody, for it may open an account."""

    list_display = ("created_at", "purpose", "recipient", "state", "settled_at", "last_error")
    fields = ("created_at", "purpose", "recipient", "subject", "state", "settled_at", "last_error")
    list_filter = ("state", "purpose")
    search_fields = ("recipient",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what, and when."""

    list_display = ("at", "actor", "action", "target")
    list_filter = ("action",)
    search_fields = ("target", "actor__username")
    list_select_related = ("actor",)


@admin.register(StoredObject)
class StoredObjectAdmin(ReadOnlyAdmin):
    """What the object store holds, when it was read last, and what is damaged."""

    list_display = ("sha256", "size", "touched_at", "verified_at", "damaged_at", "damage")
    list_filter = (("damaged_at", admin.EmptyFieldListFilter),)
    search_fields = ("sha256",)


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyAdmin):
    """When each worker was last heard."""

    list_display = ("name", "seen_at")


@admin.register(Instrument, InstrumentPreset, RecordChange, Sample)
class SharedRecordAdmin(ReadOnlyAdmin):
    """What many deposits share, and its history: changed on its own pages, which write that down."""
