"""What the database itself refuses of calibrations, whoever asks: they are only ever added to, in order."""

import pytest
from django.db import IntegrityError, connection, transaction

from repository.models import Calibration
from tests.calibrations import make_calibration
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def execute(statement: str, row: Calibration) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {"row": row.pk})
        assert cursor.rowcount == 1, statement


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE repository_calibration SET value = '3' WHERE id = %(row)s",
        "UPDATE repository_calibration SET number = 2 WHERE id = %(row)s",
        "DELETE FROM repository_calibration WHERE id = %(row)s",
    ],
)
def test_what_was_said_stays(statement: str) -> None:
    row = make_calibration(make_user())
    with pytest.raises(IntegrityError, match="only ever added to"):
        execute(statement, row)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"number": 3}, "not the next one"),
        ({"number": 1}, "not the next one"),
        ({"quantity": "pixel_size"}, "another record or quantity"),
        ({"instrument": None}, "another record or quantity"),
        ({"series": "zzzz-zzzz", "number": 1, "instrument": None}, "calibration_of_one_record"),
        ({"method": "dreamt"}, "calibration_method_known"),
        ({"rests_on": "itself"}, "rest on itself"),
    ],
)
def test_only_the_next_number_of_the_same_is_added(changed: dict[str, object], words: str) -> None:
    row = make_calibration(make_user())
    fields = {field.name: getattr(row, field.name) for field in Calibration._meta.concrete_fields}
    said = {**changed, "rests_on": [row.series]} if "rests_on" in changed else changed
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        Calibration.objects.create(**{**fields, "id": None, "number": 2, **said})
    following = Calibration.objects.create(**{**fields, "id": None, "number": 2})
    assert following.reference == f"{row.series}/2"
