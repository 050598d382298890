"""Every table of Stemma."""

from repository.models.accounts import ApiToken, LimitCount, User
from repository.models.audit import AuditEvent
from repository.models.calibration import Calibration
from repository.models.data_file import DataFile, Upload
from repository.models.dataset import Dataset, DatasetVersion, Identifier, VersionFile, VersionMeasurement
from repository.models.deposit import AnswerChange, Deposit, DepositEdit, DepositMember
from repository.models.facts import Facts, SearchEntry
from repository.models.finding import Finding
from repository.models.group import Group, Membership
from repository.models.invitation import Invitation
from repository.models.job import Job, WorkerHeartbeat
from repository.models.measurement import ArrayObject, Measurement, MeasurementFile, Signal
from repository.models.message import Message
from repository.models.product import Product
from repository.models.record_change import RecordChange
from repository.models.reviewer_link import ReviewerLink
from repository.models.revision import MetadataRevision
from repository.models.shared_records import Instrument, InstrumentPreset, Sample
from repository.models.sorting import Sorting
from repository.models.stored_object import StoredObject, StoreWalk

__all__ = [
    "AnswerChange",
    "ApiToken",
    "ArrayObject",
    "AuditEvent",
    "Calibration",
    "DataFile",
    "Dataset",
    "DatasetVersion",
    "Deposit",
    "DepositEdit",
    "DepositMember",
    "Facts",
    "Finding",
    "Group",
    "Identifier",
    "Instrument",
    "InstrumentPreset",
    "Invitation",
    "Job",
    "LimitCount",
    "Measurement",
    "MeasurementFile",
    "Membership",
    "Message",
    "MetadataRevision",
    "Product",
    "RecordChange",
    "ReviewerLink",
    "Sample",
    "SearchEntry",
    "Signal",
    "Sorting",
    "StoreWalk",
    "StoredObject",
    "Upload",
    "User",
    "VersionFile",
    "VersionMeasurement",
    "WorkerHeartbeat",
]
