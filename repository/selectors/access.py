"""One thing that a visitor asks for, or a refusal. What there is for whom says `visibility`; here it is looked up.

A draft does not exist for a stranger; bytes under embargo are refused with the date.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from repository.errors import EmbargoedError, NotFoundError, PermissionRefusedError, WithdrawnError
from repository.models import DatasetVersion, Deposit, DepositMember, Measurement, Membership, Upload, User
from repository.models.revision import with_newest_revision
from repository.selectors.visibility import (
    Visitor,
    find_group_role,
    sees_findings,
    sees_inside,
    sees_what_all_see,
    visible_deposits,
    visible_measurements,
    visible_uploads,
    visible_versions,
)

MemberRole = DepositMember.Role
EDITING_ROLES = frozenset({MemberRole.EDIT, MemberRole.PUBLISH})
DECIDING_ROLE = MemberRole.PUBLISH
_MANY_VERSIONS = 10  # from then on only the first and the last are named


@dataclass(frozen=True, slots=True)
class DepositAccess:
    """A draft that the visitor may see, or change."""

    deposit: Deposit

    @property
    def deposit_id(self) -> str:
        """Return the deposit whose rows decided."""
        return str(self.deposit.pk)


@dataclass(frozen=True, slots=True)
class VersionAccess:
    """A published version of which the visitor may have the bytes, and whether anybody may."""

    version: DatasetVersion
    is_public: bool

    @property
    def deposit_id(self) -> str:
        """Return the deposit whose rows decided."""
        return str(self.version.dataset_id)


@dataclass(frozen=True, slots=True)
class MeasurementAccess:
    """A measurement that the visitor may know of, and whether its bytes may be cached by anybody.

    Attributes
    ----------
    version
        The newest version that holds it, of those that the visitor may read; None while it is part of a draft.
    is_withdrawn
        No version that holds it is left: its description is a tombstone.
    tells_findings
        Whether the visitor is told what the checks found.
    """

    measurement: Measurement
    version: DatasetVersion | None = None
    is_public: bool = False
    is_withdrawn: bool = False
    tells_findings: bool = True

    @property
    def deposit_id(self) -> str:
        """Return the deposit whose rows decided."""
        return str(self.measurement.deposit_id)


def require_account(visitor: Visitor) -> User:
    """Return the signed-in person where only people with an account come.

    Raises
    ------
    PermissionRefusedError
        Nobody signed in: an entry let a stranger through.
    """
    if visitor.account is not None:
        return visitor.account
    raise PermissionRefusedError("Only a person with an account does this.")


def get_deposit(visitor: Visitor, deposit_id: str) -> Deposit:
    """Return a deposit that the visitor may see.

    Raises
    ------
    NotFoundError
        It does not exist, or not for this visitor: a stranger cannot tell which.
    """
    deposit = visible_deposits(visitor).select_related("owner").filter(pk=deposit_id).first()
    if deposit is None:
        raise NotFoundError(f"There is no deposit {deposit_id}.")
    return deposit


def get_editable_deposit(visitor: Visitor, deposit_id: str) -> Deposit:
    """Return a deposit that the visitor may change: its owner, a co-owner who may, or an administrator.

    Raises
    ------
    NotFoundError
        It does not exist for this visitor.
    PermissionRefusedError
        The visitor may look (as a curator, or a co-owner who may only look) but not write.
    """
    deposit = get_deposit(visitor, deposit_id)
    if not can_edit(visitor, deposit):
        raise PermissionRefusedError(
            "Only the owners of a deposit change it.", hint="Ask its owner for the role `edit`."
        )
    return deposit


def get_deposit_to_decide(visitor: Visitor, deposit_id: str) -> Deposit:
    """Return a deposit about which the visitor decides: what others see of it, who shares it, and its end.

    Raises
    ------
    NotFoundError
        It does not exist for this visitor.
    PermissionRefusedError
        The visitor may look, or change the draft, but not decide.
    """
    deposit = get_deposit(visitor, deposit_id)
    if not can_decide(visitor, deposit):
        raise PermissionRefusedError(
            "Only its owner, and co-owners who may publish, decide this.",
            hint="Ask its owner, or for the role `publish`.",
        )
    return deposit


def get_deposit_to_leave(visitor: Visitor, deposit_id: str, username: str) -> Deposit:
    """Return a deposit of which the visitor may take the co-owner off: whoever decides, and the co-owner.

    Raises
    ------
    NotFoundError
        It does not exist for this visitor.
    PermissionRefusedError
        The visitor may look, and is another one.
    """
    deposit = get_deposit(visitor, deposit_id)
    if visitor.account is not None and visitor.account.username == username:
        return deposit
    return get_deposit_to_decide(visitor, deposit_id)


def can_edit(visitor: Visitor, deposit: Deposit) -> bool:
    """Return whether the visitor may change the deposit while it is a draft."""
    return find_role(visitor, deposit) in EDITING_ROLES


def can_decide(visitor: Visitor, deposit: Deposit) -> bool:
    """Return whether the visitor may publish the deposit, delete it, and say who shares it."""
    return find_role(visitor, deposit) == DECIDING_ROLE


def find_role(visitor: Visitor, deposit: Deposit) -> str:
    """Return what the visitor may do as an owner, co-owner or member of the deposit's group; empty for nothing.

    Whoever manages the group may do what co-owners may who publish: so a deposit outlasts its owner's stay.
    """
    account = visitor.account
    if account is None:
        return ""
    if account.is_administrator or deposit.owner_id == account.pk:
        return MemberRole.PUBLISH
    shared = deposit.memberships.filter(user=account).values_list("role", flat=True).first() or ""
    if shared == MemberRole.PUBLISH or deposit.group_id is None:
        return shared
    in_group = find_group_role(account, deposit.group_id)
    if in_group == Membership.Role.MANAGER:
        return MemberRole.PUBLISH
    return shared or (MemberRole.VIEW if in_group else "")


def get_upload(visitor: Visitor, upload_id: str) -> Upload:
    """Return a transfer of a deposit that the visitor may change."""
    upload = visible_uploads(visitor).select_related("data_file").filter(pk=upload_id).first()
    if upload is None:
        raise NotFoundError("There is no such upload.")
    get_editable_deposit(visitor, upload.data_file.deposit_id)
    return upload


def get_version(visitor: Visitor, dataset_id: str, number: int | None = None) -> DatasetVersion:
    """Return a version: the one with the number, or the newest that was not withdrawn, or the newest tombstone.

    Raises
    ------
    NotFoundError
        Nothing is published under this id for this visitor, or not as many versions: then the hint says which.
    """
    named = visible_versions(visitor).select_related("dataset__deposit__owner").filter(dataset_id=dataset_id)
    versions = with_newest_revision(named)
    version = choose_version(versions) if number is None else versions.filter(number=number).first()
    if version is None:
        numbers = [] if number is None else sorted(versions.values_list("number", flat=True))
        if not numbers:
            raise NotFoundError(f"There is no published dataset {dataset_id}.")
        raise NotFoundError(
            f"The dataset {dataset_id} has no version {number}.", hint=_name_versions(numbers)
        )
    return version


def _name_versions(numbers: Sequence[int]) -> str:
    """Return which versions there are; `numbers` are in order."""
    *earlier, newest = numbers
    if not earlier:
        return f"It has one version: {newest}."
    first = ", ".join(map(str, earlier)) if len(earlier) < _MANY_VERSIONS else f"{earlier[0]} … {earlier[-1]}"
    return f"It has the versions {first} and {newest}."


def choose_version(versions: QuerySet[DatasetVersion]) -> DatasetVersion | None:
    """Return the newest version that was not withdrawn; where all were, the newest tombstone."""
    published = versions.filter(state=DatasetVersion.State.PUBLISHED)
    return published.order_by("-number").first() or versions.order_by("-number").first()


def get_withdrawable_version(visitor: Visitor, dataset_id: str, number: int) -> DatasetVersion:
    """Return a version that the visitor may withdraw: owners, co-owners who may publish, curators, administrators.

    Raises
    ------
    NotFoundError
        There is no such version.
    PermissionRefusedError
        It is somebody else's.
    """
    version = get_version(visitor, dataset_id, number)
    if can_decide(visitor, version.dataset.deposit) or visitor.sees_everything:
        return version
    raise PermissionRefusedError("Only its owners and curators withdraw a version.")


def is_embargoed(version: DatasetVersion) -> bool:
    """Return whether the data of the version are kept back today."""
    if version.access == DatasetVersion.Access.RESTRICTED:
        return True
    return (
        version.access == DatasetVersion.Access.EMBARGOED
        and version.embargo_until is not None
        and version.embargo_until > timezone.now().date()
    )


def current_access(version: DatasetVersion) -> str:
    """Return the access level of today: an embargo that is over leaves the data open, without any write."""
    if version.access == DatasetVersion.Access.EMBARGOED and not is_embargoed(version):
        return DatasetVersion.Access.OPEN.value
    return version.access


def may_have_bytes(visitor: Visitor, version: DatasetVersion) -> bool:
    """Return whether the bytes of a version that stands are not kept back from the visitor today."""
    return not is_embargoed(version) or sees_inside(visitor, version.dataset.deposit)


def require_bytes(visitor: Visitor, version: DatasetVersion) -> None:
    """Refuse the bytes of a version that is withdrawn, or under embargo and its deposit not open to the visitor.

    Raises
    ------
    WithdrawnError
        Only the tombstone is left.
    EmbargoedError
        With the date on which the data become available.
    """
    if version.state == DatasetVersion.State.WITHDRAWN:
        raise WithdrawnError(f"{version} was withdrawn: {version.withdrawal_reason}")
    if may_have_bytes(visitor, version):
        return
    if version.access == DatasetVersion.Access.RESTRICTED:
        raise EmbargoedError("The data of this dataset are restricted.", hint="Write to its creators.")
    raise EmbargoedError(f"The data of this dataset are under embargo until {version.embargo_until}.")


def get_readable_version(visitor: Visitor, dataset_id: str, number: int | None = None) -> VersionAccess:
    """Return a version for its bytes, chosen as `get_version` does.

    Raises
    ------
    NotFoundError
        Nothing is published under this id.
    WithdrawnError
        Only the tombstone is left.
    EmbargoedError
        With the date on which the data become available.
    """
    version = get_version(visitor, dataset_id, number)
    require_bytes(visitor, version)
    is_public = not is_embargoed(version) and sees_what_all_see(visitor, dataset_id)
    return VersionAccess(version, is_public)


def get_measurement(visitor: Visitor, measurement_id: str, *, for_bytes: bool = False) -> MeasurementAccess:
    """Return a measurement that is published, or part of a deposit that the visitor may see."""
    measurement = (
        visible_measurements(visitor)
        .select_related("deposit__owner", "primary_file")
        .filter(pk=measurement_id)
        .first()
    )
    if measurement is None:
        raise NotFoundError(f"There is no measurement {measurement_id}.")
    holding = visible_versions(visitor).filter(measurements__measurement=measurement)
    version = choose_version(with_newest_revision(holding.select_related("dataset__deposit")))
    if version is None:
        return MeasurementAccess(measurement, tells_findings=sees_findings(visitor, measurement.deposit))
    if for_bytes:
        require_bytes(visitor, version)
    is_withdrawn = version.state == DatasetVersion.State.WITHDRAWN
    is_kept = is_withdrawn or is_embargoed(version)
    return MeasurementAccess(
        measurement=measurement,
        version=version,
        is_public=not is_kept and sees_what_all_see(visitor, version.dataset_id),
        is_withdrawn=is_withdrawn,
    )


def get_reducible_measurement(visitor: Visitor, measurement_id: str) -> Measurement:
    """Return a measurement of which the visitor may have products made: its deposit's owner, co-owner or administrator.

    Raises
    ------
    NotFoundError
        It does not exist for this visitor.
    WithdrawnError
        Only the tombstone is left.
    PermissionRefusedError
        The visitor may look, but not ask for work.
    """
    access = get_measurement(visitor, measurement_id)
    if access.is_withdrawn:
        raise WithdrawnError(
            f"The measurement {measurement_id} was withdrawn; nothing is made of it any more."
        )
    if not can_edit(visitor, access.measurement.deposit):
        raise PermissionRefusedError("Only its owners have products made of a measurement.")
    return access.measurement
