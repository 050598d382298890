"""Environment variables: defaults, kinds, and refusals that name variable and remedy."""

import dataclasses
from pathlib import Path

import pytest

from project.environment import (
    CHECKOUT,
    EnvironmentVariableError,
    read_environment,
    read_stack_environment,
    require_readable_settings,
)

COMPLETE = {
    "DATABASE_URL": "postgresql://a:b@127.0.0.1:5432/stemma",
    "BROKER_URL": "redis://127.0.0.1:6379/0",
    "STEMMA_SECRET_KEY": "long and random",
}


def test_a_complete_environment_is_read_with_defaults() -> None:
    environment = read_environment(COMPLETE)
    assert environment.home == CHECKOUT / ".stemma"
    assert environment.public_url == "http://127.0.0.1:8000"
    assert environment.sandbox == "strict"
    assert environment.object_store is None
    assert environment.max_file_bytes == 2 * 10**12
    assert environment.collect_grace_hours == 24


def test_the_environment_cannot_be_changed_afterwards() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        read_environment(COMPLETE).debug = True  # type: ignore[misc]


@pytest.mark.parametrize("missing", sorted(COMPLETE))
def test_a_missing_required_variable_is_named(missing: str) -> None:
    with pytest.raises(EnvironmentVariableError, match=f"{missing} is not set.*make up"):
        read_environment({name: value for name, value in COMPLETE.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STEMMA_PORT", "eighty"),
        ("STEMMA_PORT", "70000"),
        ("STEMMA_SANDBOX", "off"),
        ("STEMMA_DEBUG", "perhaps"),
        ("STEMMA_JOB_LEASE_SECONDS", "0"),
        ("STEMMA_QUOTA", "much"),
        ("STEMMA_COLLECT_GRACE", "-1"),
        ("S3_ENDPOINT_URL", "http://127.0.0.1:9000"),
        ("DATACITE_REPOSITORY", "TEST.STEMMA"),
    ],
)
def test_a_malformed_or_half_set_variable_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(EnvironmentVariableError, match=rf"{name.partition('_')[0]}_\w+ is"):
        read_environment({**COMPLETE, name: value})


@pytest.mark.parametrize(
    ("text", "size"), [("500", 500), ("1.5 GB", 15 * 10**8), ("2TiB", 2 * 2**40), ("64 MiB", 64 * 2**20)]
)
def test_sizes_are_read_with_decimal_and_binary_units(text: str, size: int) -> None:
    assert read_environment({**COMPLETE, "STEMMA_QUOTA": text}).quota_bytes == size


def test_an_object_store_needs_its_keys() -> None:
    keys = {"S3_BUCKET": "stemma", "S3_ACCESS_KEY_ID": "a", "S3_SECRET_ACCESS_KEY": "b"}
    store = read_environment({**COMPLETE, **keys}).object_store
    assert store is not None
    assert store.bucket == "stemma"


def test_an_empty_variable_counts_as_unset() -> None:
    assert read_stack_environment({"DATABASE_URL": "", "BROKER_URL": " "}).database_url is None


def test_the_operators_addresses_switch_parts_off() -> None:
    environment = read_stack_environment({"BROKER_URL": COMPLETE["BROKER_URL"], "STEMMA_HOME": "/srv/stemma"})
    assert (environment.database_url, environment.broker_url) == (None, COMPLETE["BROKER_URL"])
    assert environment.home == Path("/srv/stemma")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"STEMMA_SMTP_URL": "smtp://mail.example.org"}, "STEMMA_MAIL_FROM"),
        ({"STEMMA_TRUSTED_PROXIES": "nobody"}, "STEMMA_TRUSTED_PROXIES"),
        ({"S3_BUCKET": "stemma"}, "S3_ACCESS_KEY_ID"),
    ],
)
def test_what_the_parts_would_refuse_is_refused_before_any_is_started(
    variables: dict[str, str], named: str
) -> None:
    read_stack_environment(variables)  # stopping and showing need none of it
    with pytest.raises(EnvironmentVariableError, match=named) as refused:
        require_readable_settings(variables)
    assert "make up" not in str(refused.value)
    require_readable_settings({"STEMMA_SECRET_KEY": " "})
