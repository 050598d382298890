"""What a dataset's description says before its depositor says otherwise; both defaults are shown."""

from collections.abc import Mapping
from typing import Any

from repository.schema.documents.normalization import normalize_document

DEFAULT_LICENSE = "CC-BY-4.0"


def fill_dataset_defaults(dataset: Any, *, account: Mapping[str, str]) -> dict[str, Any]:
    """Return the description with the account as creator and CC-BY-4.0 where nothing else was said.

    Parameters
    ----------
    dataset
        What the person supplied under `dataset`.
    account
        `name`, `orcid` and `affiliation` of the depositor; empty ones are left out.
    """
    described = normalize_document(dataset, kind="dataset") if isinstance(dataset, Mapping) else {}
    if not described.get("creators"):
        described["creators"] = [{key: value for key, value in account.items() if value}]
    described.setdefault("license", DEFAULT_LICENSE)
    return described
