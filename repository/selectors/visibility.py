"""Who may see what: every read of deposits, versions, measurements and what belongs to them begins with a query here.

A visitor is an account, grants that are carried beside it, or nobody. What somebody was let in to is read from the rows
themselves (`measurement.signals`, `version.files`); `tests/architecture/test_visibility.py` finds what goes past.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet

from repository.models import (
    Calibration,
    DatasetVersion,
    Deposit,
    DepositMember,
    Group,
    Identifier,
    Instrument,
    Invitation,
    Job,
    Measurement,
    Membership,
    Product,
    ReviewerLink,
    Sample,
    SearchEntry,
    Upload,
    User,
    VersionMeasurement,
)
from repository.models.account_addresses import list_confirmed_addresses


@dataclass(frozen=True, slots=True)
class Grant:
    """What a visitor carries beside an account: it opens one deposit for reading, and lets nobody change anything.

    Attributes
    ----------
    until
        When it ends by itself; its withdrawal is a write that ends decisions about the deposit.
    """

    deposit_id: str
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: a person with an account, whoever carries grants, or both; with neither it is nobody we know."""

    account: User | None = None
    grants: tuple[Grant, ...] = ()

    @property
    def sees_everything(self) -> bool:
        """Return whether the visitor looks after other people's deposits."""
        return self.account is not None and self.account.is_curator


NOBODY = Visitor()

KEPT_BACK: tuple[Callable[[], Q], ...] = ()
"""Conditions on a version under which its description is kept from everybody whom its deposit is not open to."""


def own_deposits(account: User) -> QuerySet[Deposit]:
    """Return the deposits that the person owns or shares."""
    return Deposit.objects.filter(_owns(account))


def _owns(account: User) -> Q:
    shares = DepositMember.objects.filter(deposit=OuterRef("pk"), user=account)
    return Q(owner=account) | Q(Exists(shares))


def visible_deposits(visitor: Visitor) -> QuerySet[Deposit]:
    """Return the deposits into which the visitor may look, whatever their state: drafts, and data under embargo."""
    if visitor.sees_everything:
        return Deposit.objects.all()
    ways = []
    if visitor.account is not None:
        colleagues = Membership.objects.filter(group=OuterRef("group"), user=visitor.account)
        ways.append(_owns(visitor.account) | Q(Exists(colleagues)))
    if visitor.grants:
        ways.append(Q(pk__in=[grant.deposit_id for grant in visitor.grants]))
    return Deposit.objects.filter(reduce(or_, ways)) if ways else Deposit.objects.none()


def visible_groups(visitor: Visitor) -> QuerySet[Group]:
    """Return the groups, closed ones left out, into which the visitor may look: as a member, or as a curator."""
    groups = Group.objects.filter(closed_at__isnull=True)
    if visitor.sees_everything:
        return groups
    if visitor.account is None:
        return groups.none()
    return groups.filter(Exists(Membership.objects.filter(group=OuterRef("pk"), user=visitor.account)))


def own_memberships(account: User) -> QuerySet[Membership]:
    """Return what the person is in which groups."""
    return Membership.objects.filter(user=account)


def find_group_role(account: User, group_id: str) -> str:
    """Return what a person is in a group, open or not; empty for nobody in it."""
    role = own_memberships(account).filter(group_id=group_id).values_list("role", flat=True).first()
    return role or ""


def visible_invitations(visitor: Visitor) -> QuerySet[Invitation]:
    """Return the invitations to addresses that the visitor's account has confirmed, answered ones among them."""
    if visitor.account is None:
        return Invitation.objects.none()
    return Invitation.objects.filter(address__in=list_confirmed_addresses(visitor.account))


def find_reviewer_link(digest: str) -> ReviewerLink | None:
    """Return the link whose key has this digest, also one that is over: the key is all that a visitor shows."""
    return ReviewerLink.objects.filter(digest=digest).first()


def visible_instruments(visitor: Visitor) -> QuerySet[Instrument]:
    """Return the instrument records that the visitor may use: their own, their groups', and those open to all."""
    return Instrument.objects.filter(_shares_record(visitor))


def visible_samples(visitor: Visitor) -> QuerySet[Sample]:
    """Return the sample records that the visitor may use, by the same rule."""
    return Sample.objects.filter(_shares_record(visitor))


CalibrationRow = Calibration
"""What is handed out to pages and programs, which read it and ask no table."""


def visible_calibrations(visitor: Visitor) -> QuerySet[Calibration]:
    """Return the calibrations of the records that the visitor may use; measurements say what they carry themselves."""
    return Calibration.objects.filter(
        Q(instrument__in=visible_instruments(visitor)) | Q(sample__in=visible_samples(visitor))
    )


def newest_calibrations(visitor: Visitor) -> QuerySet[Calibration]:
    """Return of each calibration that the visitor may use its newest number."""
    later = Calibration.objects.filter(series=OuterRef("series"), number__gt=OuterRef("number"))
    return visible_calibrations(visitor).filter(~Exists(later))


def _shares_record(visitor: Visitor) -> Q:
    if visitor.sees_everything:
        return ~Q(pk="")
    if visitor.account is None:
        return Q(pk="")
    colleagues = Membership.objects.filter(group=OuterRef("group"), user=visitor.account)
    return Q(owner=visitor.account) | Q(is_open=True) | Q(Exists(colleagues))


def governs_record(visitor: Visitor, record: Instrument | Sample) -> bool:
    """Return whether the visitor decides about a record: its owner, managers of its group, and administrators."""
    account = visitor.account
    if account is None:
        return False
    if account.is_administrator or record.owner_id == account.pk:
        return True
    managers = Membership.objects.filter(group=record.group_id, user=account, role=Membership.Role.MANAGER)
    return managers.exists()


def may_change_record(visitor: Visitor, record: Instrument | Sample) -> bool:
    """Return whether the visitor changes a record as a member of its group, where its members may."""
    if visitor.account is None or not record.members_may_edit:
        return False
    return Membership.objects.filter(group=record.group_id, user=visitor.account).exists()


def sees_inside(visitor: Visitor, deposit: Deposit) -> bool:
    """Return whether `visible_deposits` has the deposit; the database is asked only for what the rows do not say."""
    if visitor.sees_everything or (visitor.account is not None and deposit.owner_id == visitor.account.pk):
        return True
    return visible_deposits(visitor).filter(pk=deposit.pk).exists()


def sees_findings(visitor: Visitor, deposit: Deposit) -> bool:
    """Return whether the visitor is told what the checks found in a deposit into which it may look.

    Of a draft that is for those who look into it as somebody: owners, co-owners, their group, curators. Who reads by a
    link alone hears of it once it is published, as everybody does.
    """
    if deposit.state == Deposit.State.PUBLISHED:
        return True
    return sees_inside(Visitor(visitor.account), deposit)


def visible_versions(visitor: Visitor) -> QuerySet[DatasetVersion]:
    """Return the published versions, tombstones among them, whose description the visitor may read."""
    if not KEPT_BACK or visitor.sees_everything:
        return DatasetVersion.objects.all()
    return DatasetVersion.objects.filter(~_kept_back() | Q(dataset__deposit__in=visible_deposits(visitor)))


def _kept_back() -> Q:
    return reduce(or_, (rule() for rule in KEPT_BACK))


def sees_what_all_see(visitor: Visitor, dataset_id: str) -> bool:
    """Return whether the visitor sees no more versions of a dataset than everybody: others may keep the answer."""
    if not KEPT_BACK or visitor == NOBODY:
        return True
    return not visible_versions(visitor).filter(_kept_back(), dataset_id=dataset_id).exists()


def visible_measurements(visitor: Visitor) -> QuerySet[Measurement]:
    """Return the measurements of versions that the visitor may read, and of deposits into which it may look."""
    if visitor.sees_everything:
        return Measurement.objects.all()
    links = VersionMeasurement.objects.filter(measurement=OuterRef("pk"))
    if KEPT_BACK:
        links = links.filter(version__in=visible_versions(visitor))
    return Measurement.objects.filter(Q(Exists(links)) | Q(deposit__in=visible_deposits(visitor)))


def visible_products(visitor: Visitor) -> QuerySet[Product]:
    """Return what was made of the measurements that the visitor may know of; an embargo may keep the bytes."""
    return Product.objects.filter(measurement__in=visible_measurements(visitor))


def visible_entries(visitor: Visitor) -> QuerySet[SearchEntry]:
    """Return the rows among which the visitor searches and counts."""
    entries = SearchEntry.objects.all()
    return entries.filter(version__in=visible_versions(visitor)) if KEPT_BACK else entries


def visible_identifiers(visitor: Visitor) -> QuerySet[Identifier]:
    """Return the DOIs of versions that the visitor may read; a reserved one would give a draft away."""
    named = visible_versions(visitor).filter(dataset_id=OuterRef("dataset_id"))
    of_version = named.filter(number=OuterRef("version_number"))
    return Identifier.objects.filter(Q(Exists(named), version_number__isnull=True) | Exists(of_version))


def visible_uploads(visitor: Visitor) -> QuerySet[Upload]:
    """Return the transfers into deposits into which the visitor may look."""
    return Upload.objects.filter(data_file__deposit__in=visible_deposits(visitor))


def visible_jobs(visitor: Visitor) -> QuerySet[Job]:
    """Return the jobs of deposits into which the visitor may look."""
    return Job.objects.filter(deposit__in=visible_deposits(visitor))
