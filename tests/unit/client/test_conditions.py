import pytest

from stemma.conditions import Condition, Facet, build_conditions, build_parameters, parse_condition
from stemma.errors import UsageError


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("voltage=80..300 kV", "voltage:80..300:kV"),
        ("acceleration_voltage>=80 kV", "acceleration_voltage:80..:kV"),
        ("acceleration_voltage>=80kV", "acceleration_voltage:80..:kV"),
        ("alpha <= 30 mrad", "alpha:..30:mrad"),
        ("step<0.5 Ao", "step:..0.5:Ao"),
        ("step=1e-2..5e-1 nm", "step:0.01..0.5:nm"),
        ("diffraction_pixel_size=..0.5 nm-1", "diffraction_pixel_size:..0.5:nm-1"),
        ("dose=-1.5..2", "dose:-1.5..2"),
        ("voltage=200 kV", "voltage:199.9998..200.0002:kV"),
        ("defocus=-20 nm", "defocus:-20.00002..-19.99998:nm"),
        ("defocus=-20 .. -10 nm", "defocus:-20..-10:nm"),
    ],
)
def test_ranges(text: str, parameter: str) -> None:
    condition = parse_condition(text)
    assert isinstance(condition, Condition)
    assert condition.as_parameter() == parameter


@pytest.mark.parametrize(
    ("text", "facet"),
    [
        ("format=empad", Facet("format", "empad")),
        ("instrument=Titan Themis 300", Facet("instrument", "Titan Themis 300")),
    ],
)
def test_words_ask_for_equality(text: str, facet: Facet) -> None:
    assert parse_condition(text) == facet


@pytest.mark.parametrize(
    "text", ["voltage", "=80", "voltage=300..80 kV", "voltage=..", "voltage>80..90", "format>empad", ""]
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_condition(text)


def test_all_forms_of_where_give_the_same_parameters() -> None:
    expected = [("where", "voltage:80..300:kV")]
    for where in ("voltage=80..300 kV", ["voltage=80..300 kV"], {"voltage": (80, 300, "kV")}):
        assert build_parameters(build_conditions(where)) == expected


def test_empty_mapping_range_is_refused() -> None:
    with pytest.raises(UsageError):
        build_conditions({"scan_step": (None, None)})
    with pytest.raises(UsageError):
        build_conditions({"scan_step": (float("nan"), 2.0)})
