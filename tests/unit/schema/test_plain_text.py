"""Behind the border no sentence shows a folder of this machine, a class of the program or an address of an object."""

import builtins
import re
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.environment import CHECKOUT
from repository import errors
from repository.schema.plain_text import UNKNOWN_FAULT, describe_reason, hide_internals

PLACES = (
    str(CHECKOUT / "repository"),
    sys.prefix,
    tempfile.gettempdir() + "/x",
    "/usr/lib/python3",
    "/proc/self/fd",
)
FAULTS = [
    fault
    for fault in vars(builtins).values()
    if isinstance(fault, type) and issubclass(fault, BaseException) and fault.__name__ != "ExceptionGroup"
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "sentence", ["cannot open '{}'", "{} is away", "see {}, line 3", 'File "{}"', "({})"]
)
def test_no_folder_of_this_machine_is_told(place: str, sentence: str) -> None:
    told = hide_internals(sentence.format(f"{place}/scan.raw"))
    assert place not in told
    assert str(Path(place).parent) not in told
    assert "…/scan.raw" in told


@pytest.mark.parametrize(
    "sentence",
    [
        "The documentation at /api/v1/docs lists every address.",
        "Read https://example.org/tmp/x or /datasets/7q2m-x4dn.",
        "The pointer /dataset/creators/0/name is empty.",
        "The unit 1/nm2 is not e-/Å2; 3 s/frame of scan/a.raw.",
        "<MoS2> at 80 kV; an Error of 5 %: fine.",
        "Use a relative path with forward slashes, without `..`.",
    ],
)
def test_what_is_meant_for_people_stays_as_it_is(sentence: str) -> None:
    assert hide_internals(sentence) == describe_reason(sentence) == sentence


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_an_exception_that_nobody_foresaw_says_nothing(fault: type[BaseException]) -> None:
    name = fault.__name__
    for text in (f"{name}: 'NoneType' object", f"django.db.utils.{name}: host 10.0.0.1", name):
        if name.endswith("Error"):
            assert name not in hide_internals(text)
        assert describe_reason(text) == UNKNOWN_FAULT


@given(st.text(max_size=60), st.sampled_from(FAULTS))
def test_whatever_a_worker_wrote_down_names_no_class(words: str, fault: type[BaseException]) -> None:
    assert describe_reason(f"{fault.__name__}: {words}") == UNKNOWN_FAULT


def test_objects_and_numbers_of_the_system_are_no_words() -> None:
    told = hide_internals(
        "[Errno 2] <h5py.File object at 0x7f12> of <class 'numpy.float64'> failed: ValueError"
    )
    assert not re.search(r"0x|class|Errno|ValueError|h5py|numpy", told)


def test_every_refusal_speaks_without_its_class() -> None:
    """The registry of refusals: hints are written for people, and pass the border unchanged."""
    refusals = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.RepositoryError)
    ]
    assert len(refusals) > 15
    for refusal in refusals:
        assert hide_internals(refusal.hint) == refusal.hint
        assert refusal.__name__ not in refusal.hint
