"""One cause in forty files is read once."""

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
        ("warning", ("a/one.dm3: A picture.", "two.dm3 is a picture.")),
        ("warning", ("Other.",)),
    ]


def test_long_lists_are_folded_and_nothing_is_said_twice() -> None:
    parts = [(f"{number}.h5", [view("info", "unread", f"{number}.h5 is not read.")]) for number in range(9)]
    (group,) = group_findings([*parts, parts[0]])
    assert (len(group.lines), len(group.more)) == (3, 6)
    (short,) = group_findings(parts[:4])
    assert (len(short.lines), short.more) == (4, ())
