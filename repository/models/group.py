from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from repository.schema.identifiers import generate_id

ROR_PATTERN = r"^0[0-9a-hjkmnp-tv-z]{6}[0-9]{2}$"


class Group(models.Model):
    """A laboratory or facility whose members work on deposits together.

    A closed group has no members and gives nobody a right; what it published goes on naming it.
    """

    id = models.CharField(primary_key=True, max_length=9, default=generate_id, editable=False)
    name = models.CharField(max_length=200)
    ror = models.CharField(
        max_length=9, blank=True, help_text="The institution's ROR identifier without its address."
    )
    quota_bytes = models.BigIntegerField(
        null=True, blank=True, help_text="Empty: its deposits count against the quota of their owners."
    )
    members: models.ManyToManyField = models.ManyToManyField(  # type: ignore[type-arg]
        settings.AUTH_USER_MODEL, through="Membership", related_name="laboratories"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("name"), name="group_name_once", condition=Q(closed_at__isnull=True)
            ),
            models.CheckConstraint(name="group_ror_form", condition=Q(ror="") | Q(ror__regex=ROR_PATTERN)),
            models.CheckConstraint(
                name="group_quota_not_negative",
                condition=Q(quota_bytes__isnull=True) | Q(quota_bytes__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ror_address(self) -> str:
        """Return the address of the institution's ROR record; empty without one."""
        return f"https://ror.org/{self.ror}" if self.ror else ""


class Membership(models.Model):
    """A person in a group: members look into its deposits, managers also look after them and the group."""

    class Role(models.TextChoices):
        MEMBER = "member", "Member"
        MANAGER = "manager", "Manager"

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="group_memberships"
    )
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["joined_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="membership_once", fields=["group", "user"]),
            models.CheckConstraint(name="membership_role_known", condition=Q(role__in=["member", "manager"])),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id} as {self.role}"
