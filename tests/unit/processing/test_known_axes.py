"""What a conversion says of given steps and of stacks: `python -m tests.known_truth` prints the same as a table."""

from pathlib import Path

import pytest

from tests.known_axes import KnownArray, convert_array, list_given, list_stacks


@pytest.mark.parametrize("known", list_given(), ids=lambda known: known.name)
def test_a_given_step_is_that_of_array_and_bar(tmp_path: Path, known: KnownArray) -> None:
    found = convert_array(known, tmp_path)
    assert found.decision.kind == known.kind
    for name, (step, unit) in known.steps.items():
        assert found.axes[name]["scale"] == pytest.approx(step)
        assert found.axes[name]["unit"] == unit
    for name, start in known.starts.items():
        assert found.axes[name]["offset"] == pytest.approx(start)
    if known.picture:
        assert found.bar is not None
        step, _ = known.steps[known.along]
        assert found.bar_px * step == pytest.approx(float(found.bar.split()[0]), rel=0.02)


@pytest.mark.parametrize("known", list_stacks(), ids=lambda known: known.name)
def test_a_stack_is_what_unit_and_technique_say(tmp_path: Path, known: KnownArray) -> None:
    found = convert_array(known, tmp_path)
    assert found.decision.kind == known.kind
    assert bool(found.decision.contradiction) == known.contradicted
    assert found.makes == known.makes
