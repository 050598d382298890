"""Drafts of an earlier release knew only where headers name people: what stands there is looked up once."""

from importlib import import_module

import pytest
from django.db import connection

from repository.models import Measurement
from tests.deposits import add_measurement, make_published
from tests.factories import make_deposit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]
MIGRATION = import_module("repository.migrations.0028_personal_entries")


def test_places_of_drafts_get_their_texts_and_what_is_published_stays() -> None:
    published = make_published().measurements.get().measurement
    draft = add_measurement(make_deposit())
    header = {"a/b~c": {"user": "Ada Lovelace"}, "tags": [{"Value": 4711}], "note": "x" * 900}
    pointers = ["/a~1b~0c/user", "/tags/0/Value", "/note", "/gone"]
    Measurement.objects.filter(pk=draft.pk).update(header=header, personal_pointers=pointers)
    bare = add_measurement(make_deposit())
    Measurement.objects.filter(pk=bare.pk).update(personal_pointers=[])
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.LOOK_UP.replace("%", "%%"))
    draft.refresh_from_db()
    bare.refresh_from_db()
    assert draft.personal_pointers == {
        "/a~1b~0c/user": "Ada Lovelace",
        "/tags/0/Value": "4711",
        "/note": "x" * 300,
    }
    assert bare.personal_pointers == {}
    before = published.personal_pointers
    published.refresh_from_db()
    assert published.personal_pointers == before
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.FORGET)
    draft.refresh_from_db()
    assert sorted(draft.personal_pointers) == ["/a~1b~0c/user", "/note", "/tags/0/Value"]
