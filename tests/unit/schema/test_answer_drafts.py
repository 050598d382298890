"""Answers on their way into a deposit's document: what is written stands in one order, whoever answered first."""

from repository.services.answer_writes import Draft

PATH = "a.dm4"


def test_which_fields_differ_stands_in_one_order() -> None:
    """The same answers in another order make the same document, so that its digest is the same."""
    written = []
    for fields in (("probe_current", "defocus", "notes"), ("notes", "probe_current", "defocus")):
        draft = Draft({})
        for field in fields:
            draft.write("differs", PATH, field, True)  # noqa: FBT003 - an entry
        written.append(draft.document)
    assert written[0] == written[1] == {"differs": {PATH: ["defocus", "notes", "probe_current"]}}
    draft.write("differs", PATH, "notes", None)
    assert draft.document == {"differs": {PATH: ["defocus", "probe_current"]}}
    assert [one.field for one in draft.written] == ["notes", "probe_current", "defocus", "notes"]
