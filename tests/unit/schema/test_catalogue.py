import subprocess
import sys

import pytest

from repository.schema.quantities.units import UNITS
from repository.schema.questions.fields import Field, load_catalogue
from tests.ties import tie

CATALOGUE = load_catalogue()
FIELDS = [*CATALOGUE.measurement.values(), *CATALOGUE.dataset.values()]
QUANTITIES = [field for field in FIELDS if field.kind in {"quantity", "quantity_or_series"}]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.path)
def test_every_field_says_what_it_is(field: Field) -> None:
    assert field.title
    assert field.description
    assert field.vocabulary is None or field.vocabulary in CATALOGUE.vocabularies
    assert (field.kind in {"choice", "choices"}) == (field.vocabulary is not None)


@pytest.mark.parametrize("field", QUANTITIES, ids=lambda field: field.path)
def test_every_quantity_has_units_and_a_range_with_its_reason(field: Field) -> None:
    assert field.unit in field.units
    assert set(field.units) <= set(UNITS)
    assert field.hard is not None
    assert field.range_reason
    assert field.hard[0] < field.hard[1]
    if field.soft is not None:
        assert field.hard[0] <= field.soft[0] < field.soft[1] <= field.hard[1]


def test_rows_and_answers_name_fields() -> None:
    for row in CATALOGUE.rows:
        assert row.path in CATALOGUE.measurement
        for path in (path for paths in row.answers for path in paths):
            assert path.startswith("links:") or path.removesuffix("{}") in CATALOGUE.measurement


def test_no_alias_is_the_name_of_a_sibling() -> None:
    for field in CATALOGUE.measurement.values():
        group = field.path.rpartition(".")[0]
        for alias in field.aliases:
            sibling = f"{group}.{alias}".lstrip(".")
            assert sibling == field.path or sibling not in CATALOGUE.measurement, (field.path, alias)


def test_the_corrected_ranges_hold() -> None:
    soft = {path: field.soft for path, field in CATALOGUE.measurement.items()}
    hard = {path: field.hard for path, field in CATALOGUE.measurement.items()}
    assert hard["semi_convergence_angle"] == (0.005, 100.0)
    assert soft["semi_convergence_angle"] == (0.05, 60.0)
    assert soft["probe_current"] == (0.01, 20_000.0)
    assert soft["sample.thickness"] == (0.3, 2000.0)
    assert soft["energy_axis.bin_width"] == (1e-4, 40.0)


def test_the_package_is_light_to_import() -> None:
    code = (
        "import sys, repository.schema, repository.schema.findings;"
        "assert not {'jsonschema', 'django', 'numpy', 'lxml'} & set(sys.modules)"
    )
    subprocess.run(tie(sys.executable, "-c", code), check=True)
