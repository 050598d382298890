"""A recipe is one file: dropped into the folder it stands in API, documentation and page, with its products."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from processing.declarations import book
from processing.declarations.recipe import RecipeRefusedError
from repository.models import Measurement, Product
from tests.api.conftest import WebClient
from tests.api.worlds import World, build_world, gather_people
from tests.factories import store_bytes
from tests.toy_recipe import TOY, recipes_from

ONE = 'Parameter("factor", "Factor", "1", 2.0, 0.5, 9.0),'


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put one file beside one that is broken, one that is no recipe, and one that repeats a name."""
    with recipes_from(
        tmp_path / "more",
        monkeypatch,
        toy=TOY,
        broken="RECIPE = 1 / 0\n",
        empty="RECIPE = 3\n",
        misnamed=TOY.replace("toy_image", "another_image"),
        zzz=TOY.replace('name="toy"', 'name="zzz"'),
        ranked=TOY.replace('name="toy"', 'name="ranked"').replace("rank=5", 'rank="5"'),
        loose=TOY.replace('name="toy"', 'name="loose"').replace("9.0),),", "9.0)),"),
        double=TOY.replace('name="toy"', 'name="double"').replace(ONE, f"{ONE} {ONE}"),
        shown=TOY.replace('name="toy"', 'name="shown"').replace("cover=1", 'cover="first"'),
        contradiction=TOY.replace('name="toy"', 'name="contradiction"').replace("version=3", "version=0"),
    ):
        yield


def test_one_file_is_found_and_bad_ones_are_named(toy: None) -> None:
    read = book.get_book()
    assert read.get("toy", 3).made == "request"
    assert {recipe.name for recipe in read.recipes} > {"toy", "virtual_detectors", "sum_spectrum"}
    assert read.problems == (
        "processing/recipes/broken.py: division by zero",
        "processing/recipes/contradiction.py: a version is 1 or higher",
        "processing/recipes/double.py: it has a parameter twice",
        "processing/recipes/empty.py: RECIPE is not a Recipe",
        "processing/recipes/loose.py: its parameters are no tuple of Parameter",
        "processing/recipes/misnamed.py: its recipe is called toy; file and recipe have the same name",
        "processing/recipes/ranked.py: its rank is no whole number",
        "processing/recipes/shown.py: the ranks of the output toy_image are whole numbers or None",
        "processing/recipes/zzz.py: toy_image is made by processing/recipes/toy.py too",
    )


def test_no_file_of_ours_is_left_out() -> None:
    assert book.get_book().problems == ()


def test_it_stands_in_the_api_and_in_the_documentation(toy: None, web: WebClient) -> None:
    listed = {one["name"]: one for one in web.get("/api/v1/recipes/").json()["results"]}
    assert listed["toy"]["parameters"] == [
        {
            "name": "factor",
            "title": "Factor",
            "unit": "1",
            "default": 2.0,
            "lowest": 0.5,
            "highest": 9.0,
            "is_whole": False,
        }
    ]
    assert [one["name"] for one in listed["toy"]["outputs"]] == ["toy_image"]
    page = web.get("/docs/recipes").text
    assert all(word in page for word in ("Toy recipe", "toy_image", "Twice the intensity.", "0.5 – 9"))
    assert set(listed) == {recipe.name for recipe in book.get_book().recipes}


def add_product(world: World, recipe: str, version: int, output: str, kind: str = "array") -> Product:
    measurement = Measurement.objects.get(pk=world.words["measurement_id"])
    sha256, size = store_bytes(f"{recipe} {version} {kind}".encode())
    return Product.objects.create(
        measurement=measurement,
        signal=measurement.signals.get(name="data"),
        recipe=recipe,
        recipe_version=version,
        output=output,
        digest=sha256,
        kind=kind,
        code_version="convert 1",
        media_type="image/png" if kind == "preview" else "application/x-npy",
        size=size,
        sha256=sha256,
        cover_rank=1 if kind == "preview" else None,
    )


def test_its_products_stand_on_the_page_and_stand_for_the_measurement(toy: None, web: WebClient) -> None:
    people = gather_people()
    world = build_world("ready", people)
    add_product(world, "toy", 3, "toy_image")
    add_product(world, "toy", 3, "toy_image", "preview")
    web.cookies.set("sessionid", people.sessions["owner"])
    page = web.get(f"/deposits/{world.words['deposit_id']}").text
    assert "data.toy_image/preview.png" in page
    web.cookies.clear()
    base = f"/api/v1/measurements/{world.words['measurement_id']}/reductions/"
    for name in ("toy", "toy_image", "data.toy", "data.toy_image"):
        answer = web.get(f"{base}{name}/", headers=people.headers["owner"])
        assert {one["kind"] for one in answer.json()["results"]} == {"array", "preview"}, name


def test_an_unknown_recipe_in_old_rows_is_shown_as_it_is(web: WebClient) -> None:
    people = gather_people()
    world = build_world("ready", people)
    product = add_product(world, "forgotten_recipe", 7, "forgotten_image")
    headers = people.headers["owner"]
    base = f"/api/v1/measurements/{world.words['measurement_id']}/reductions/"
    listed = {one["output"]: one for one in web.get(base, headers=headers).json()["results"]}
    assert (listed["forgotten_image"]["recipe"], listed["forgotten_image"]["recipe_version"]) == (
        "forgotten_recipe",
        7,
    )
    assert "mean_diffraction_pattern" in listed
    for name in ("data.forgotten_image", product.digest):
        answer = web.get(f"{base}{name}/data", headers=headers)
        assert (answer.status_code, answer.content) == (200, b"forgotten_recipe 7 array")
    web.cookies.set("sessionid", people.sessions["owner"])
    assert web.get(f"/deposits/{world.words['deposit_id']}").status_code == 200
    web.cookies.clear()


@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf"), True, None])
def test_a_parameter_that_is_no_finite_number_is_refused(value: object) -> None:
    with pytest.raises(RecipeRefusedError, match="ring_width is a number"):
        book.get_book().get("radial_profile").check_parameters({"ring_width": value})


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"recipe": "no_such"}, "There is no recipe 'no_such'"),
        ({"recipe": "radial_profile", "parameters": {"ring_width": 1000}}, "lies between 0.5 and 64"),
        ({"recipe": "radial_profile", "parameters": {"ring_width": "wide"}}, "ring_width is a number"),
        ({"recipe": "radial_profile", "parameters": {"size": 1}}, "has no parameter"),
        ({"recipe": "sum_spectrum"}, "is made of a spectrum scan"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_words(
    web: WebClient, body: dict[str, object], sentence: str
) -> None:
    people = gather_people()
    world = build_world("ready", people)
    base = f"/api/v1/measurements/{world.words['measurement_id']}/reductions/"
    answer = web.post(base, json=body, headers=people.headers["owner"])
    assert (answer.status_code, answer.json()["code"]) == (422, "reduction_refused")
    assert sentence in answer.json()["detail"]
