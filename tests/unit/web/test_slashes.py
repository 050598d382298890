"""An address answers with and without its last slash, and one that is there stays what it is."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path

from project.middleware import ForgivingSlashMiddleware


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path_info)


urlpatterns = [path("with/", answer), path("without", answer), path("both", answer), path("both/", answer)]


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/with/", "/with/"),
        ("/with", "/with/"),
        ("/without", "/without"),
        ("/without/", "/without"),
        ("/both", "/both"),
        ("/both/", "/both/"),
        ("/nowhere", "/nowhere"),
    ],
)
def test_the_twin_answers_where_only_it_is_there(asked: str, found: str) -> None:
    request = RequestFactory().post(asked)
    assert ForgivingSlashMiddleware(answer)(request).content.decode() == found
