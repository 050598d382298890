"""Of the techniques that are proposed as sure over the real files, at least 95 % are right."""

from functools import cache
from typing import Any

import pytest

from repository.schema.questions.fields import load_catalogue
from tests.realdata import find_realdata, need_realdata
from tests.technique_bar import BAR, Judged, describe, judge_all, load_truth, measure_share

LEAST_SURE = 40


@cache
def judge() -> list[Judged]:
    root = find_realdata()
    assert root is not None
    return judge_all(root)


def test_sure_proposals_are_right_and_not_few() -> None:
    need_realdata()
    report = "\n".join(describe(judge()))
    assert measure_share(judge()) >= BAR, report
    assert sum(one.proposal.sure for one in judge()) >= LEAST_SURE, report


def test_the_pictures_of_real_patterns_are_told_from_other_pictures() -> None:
    need_realdata()
    by_picture = [one for one in judge() if one.proposal.why.startswith("Only the picture tells")]
    assert by_picture, "no picture was like a pattern"
    assert all(one.is_right and not one.proposal.sure for one in by_picture), [one.path for one in by_picture]


@pytest.mark.parametrize("truth", load_truth(), ids=lambda truth: truth.files)
def test_the_truth_has_words_and_reasons(truth: Any) -> None:
    assert truth.why
    assert truth.techniques is None or truth.techniques <= set(load_catalogue().words("technique"))
