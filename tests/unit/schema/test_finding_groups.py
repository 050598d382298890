"""One cause in many files and measurements is one finding with its places."""

from hypothesis import given
from hypothesis import strategies as st

from repository.schema.findings import Finding, Place, group_findings


def _missing(pointer: str, message: str = "No voltage.") -> Finding:
    return Finding("error", "required_field_missing", message, pointer=pointer, hint="Give it.")


def test_four_hundred_findings_of_ten_causes_are_ten() -> None:
    found = [
        (f"scan_{number:02}.mib", f"m{number}", _missing(f"/field_{field}", f"Field {field} is missing."))
        for number in range(40)
        for field in range(10)
    ]
    grouped = group_findings(found)
    assert [finding.pointer for finding in grouped] == [f"/field_{field}" for field in range(10)]
    for field, finding in enumerate(grouped):
        assert (finding.severity, finding.code, finding.hint) == (
            "error",
            "required_field_missing",
            "Give it.",
        )
        assert finding.message == f"Field {field} is missing."
        assert [place.path for place in finding.where] == [f"scan_{number:02}.mib" for number in range(40)]
        assert [place.measurement for place in finding.where] == [f"m{number}" for number in range(40)]


def test_what_differs_is_kept_at_each_place() -> None:
    cut = [Finding("error", "file_truncated", f"{name} is cut short.") for name in ("a", "b", "c")]
    (finding,) = group_findings((one.message[0], None, one) for one in cut)
    assert finding.message == "a is cut short. The same in 2 more."
    assert [place.message for place in finding.where] == [one.message for one in cut]
    assert finding.as_dict()["where"][1] == {
        "path": "b",
        "measurement": None,
        "message": "b is cut short.",
        "hint": "",
    }


def test_findings_about_the_whole_stand_as_they_are() -> None:
    whole = Finding("info", "doi_reserved", "A DOI is reserved.")
    grouped = group_findings([("", None, whole), ("a.raw", None, _missing(""))])
    assert [finding.code for finding in grouped] == ["required_field_missing", "doi_reserved"], "errors first"
    assert grouped[1] == whole
    assert "where" not in grouped[1].as_dict()


FOUND = st.builds(
    Finding,
    st.sampled_from(["error", "warning", "info"]),
    st.sampled_from(["one", "two"]),
    st.sampled_from(["It is so.", "It is otherwise."]),
    pointer=st.sampled_from(["", "/a"]),
)
PLACED = st.lists(
    st.tuples(st.sampled_from(["", "a", "b"]), st.sampled_from([None, "m1", "m2"]), FOUND), max_size=20
)


@given(found=PLACED)
def test_nothing_is_lost_and_no_cause_said_twice(found: list[tuple[str, str | None, Finding]]) -> None:
    grouped = group_findings(found)
    placed = sorted(
        (one.severity, one.code, one.pointer, str(place.measurement), place.path, place.message)
        for one in grouped
        for place in one.where
    )
    assert placed == sorted(
        (one.severity, one.code, one.pointer, str(measurement), path, one.message)
        for path, measurement, one in found
        if path or measurement
    )
    keys = [(one.severity, one.code, one.pointer) for one in grouped if one.where]
    assert len(set(keys)) == len(keys)
    assert sum(not one.where for one in grouped) == sum(
        not path and not measurement for path, measurement, _ in found
    )
    assert all(isinstance(place, Place) for one in grouped for place in one.where)
