from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from knox.models import AbstractAuthToken

ROR_PATTERN = r"^0[0-9a-hjkmnp-tv-z]{6}[0-9]{2}$"
"""A ROR identifier without its address."""


def name_ror(ror: str) -> str:
    """Return the address by which an institution is named; empty for none."""
    return f"https://ror.org/{ror}" if ror else ""


def require_name(username: str) -> None:
    """Refuse a user name that somebody else may type as a mail address."""
    if "@" in username:
        raise ValidationError(
            "A user name has no @: it is not a mail address. Use letters, digits and . + - _ only."
        )


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox is untyped
    """A person with an account; what they may do beyond their own deposits is their role."""

    class Role(models.TextChoices):
        DEPOSITOR = "depositor", "Depositor"
        CURATOR = "curator", "Curator"
        ADMIN = "admin", "Administrator"

    role = models.CharField(max_length=16, choices=Role, default=Role.DEPOSITOR)
    full_name = models.CharField(max_length=200, blank=True)
    orcid = models.CharField(max_length=19, blank=True, help_text="0000-0000-0000-0000")
    affiliation = models.CharField(max_length=300, blank=True)
    affiliation_ror = models.CharField(
        max_length=9,
        blank=True,
        db_default="",
        help_text="The institution's ROR identifier without its address.",
    )
    mails_when_read = models.BooleanField(
        default=True, db_default=True, help_text="Whether a mail says that a deposit was read and what waits."
    )
    quota_bytes = models.BigIntegerField(null=True, blank=True, help_text="Empty: the server's default.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="user_role_known", condition=Q(role__in=["depositor", "curator", "admin"])
            ),
            models.CheckConstraint(
                name="user_orcid_form",
                condition=Q(orcid="") | Q(orcid__regex=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$"),
            ),
            models.CheckConstraint(
                name="user_ror_form",
                condition=Q(affiliation_ror="") | Q(affiliation_ror__regex=ROR_PATTERN),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    def clean(self) -> None:
        """Check what forms change; a name from before there was a rule stays."""
        super().clean()
        if not User.objects.filter(pk=self.pk, username=self.username).exists():
            try:
                require_name(self.username)
            except ValidationError as fault:
                raise ValidationError({"username": fault.messages}) from fault

    def save(self, *arguments: Any, **words: Any) -> None:
        """Save; the role alone decides who may enter the administration pages."""
        self.is_staff = self.is_administrator
        super().save(*arguments, **words)

    @property
    def is_administrator(self) -> bool:
        """Return whether the person runs this installation."""
        return self.role == self.Role.ADMIN or self.is_superuser

    @property
    def is_curator(self) -> bool:
        """Return whether the person looks after other people's deposits."""
        return self.role == self.Role.CURATOR or self.is_administrator

    def has_perm(self, perm: str, obj: Any = None) -> bool:  # noqa: ARG002  # Django's signature
        """Return whether the administration pages show this: all of it to administrators, nothing to others."""
        return self.is_active and self.is_administrator

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002
        """Return whether the administration pages show an application."""
        return self.is_active and self.is_administrator


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox is untyped
    """A hashed, expiring token; it can do only what its scopes name."""

    SCOPES = ("read", "deposit", "publish", "curate")

    name = models.CharField(max_length=100, blank=True)
    scopes = models.JSONField(default=list)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name or 'token'} of {self.user}"


class LimitCount(models.Model):
    """How far a subject has used up a limit. The table is UNLOGGED: a crash of the server forgets the counts."""

    key = models.CharField(max_length=64, primary_key=True)
    # No index: an update then stays on its page. The table is small, for what lies in the past is removed.
    paid_until = models.DateTimeField(help_text="When all attempts will have come back.")

    def __str__(self) -> str:
        return f"{self.key[:8]} until {self.paid_until:%H:%M:%S}"
