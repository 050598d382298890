"""One cause in forty files is read once."""

from dataclasses import replace

from frontend.presentation.finding_groups import group_findings
from repository.selectors.deposits import FindingView


def view(severity: str, code: str, message: str, hint: str = "Do this.") -> FindingView:
    return FindingView(severity, code, "", message, hint, "file", "recognition")


def test_same_cause_is_one_group_with_its_places() -> None:
    parts = [
        ("a/one.dm3", [view("warning", "picture", "A picture.")]),
        ("two.dm3", [view("warning", "picture", "two.dm3 is a picture.")]),
        ("", [view("error", "no_creator", "No creator."), view("warning", "picture", "Other.", "Else.")]),
    ]
    groups = group_findings(parts)
    assert [(group.severity, group.lines) for group in groups] == [
        ("error", ("No creator.",)),
        # A warning is acknowledged by its kind; what is asked elsewhere stands beside its place.
        ("warning", ("a/one.dm3: A picture.", "two.dm3 is a picture.", "Other. Else.")),
    ]
    assert [(group.code, group.count, group.is_accepted) for group in groups] == [
        ("no_creator", 1, False),
        ("picture", 3, False),
    ]
    assert [group.is_accepted for group in group_findings(parts, accepted={"picture"})] == [False, True]


def test_errors_that_ask_for_different_things_stand_apart() -> None:
    parts = [
        ("", [view("error", "wrong_form", "A.", "Write a."), view("error", "wrong_form", "B.", "Write b.")])
    ]
    assert [group.lines for group in group_findings(parts)] == [("A.",), ("B.",)]


def test_what_a_finding_rests_on_is_folded_away() -> None:
    finding = replace(view("warning", "odd", "Odd."), why="It stands in the header under a.b.")
    (group,) = group_findings([("one.dm3", [finding]), ("two.dm3", [finding])])
    assert "a.b" not in "".join(group.all_lines) + group.hint
    assert group.whys == (
        "one.dm3: It stands in the header under a.b.",
        "two.dm3: It stands in the header under a.b.",
    )


def test_long_lists_are_folded_and_nothing_is_said_twice() -> None:
    parts = [(f"{number}.h5", [view("info", "unread", f"{number}.h5 is not read.")]) for number in range(9)]
    (group,) = group_findings([*parts, parts[0]])
    assert (len(group.lines), len(group.more)) == (3, 6)
    (short,) = group_findings(parts[:4])
    assert (len(short.lines), short.more) == (4, ())
