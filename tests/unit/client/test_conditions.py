import pytest

from stemma.conditions import Condition, Facet, build_conditions, build_parameters, parse_condition
from stemma.errors import UsageError


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("voltage=80..300 kV", "voltage=80..300 kV"),
        ("dose>1000 e/Å²", "dose>1000 e/Å²"),
        ("acceleration_voltage >= 80kV ", "acceleration_voltage>=80kV"),
        ("alpha=21,4±0,3 mrad", "alpha=21,4±0,3 mrad"),
        ("alpha=about 20 mrad", "alpha=about 20 mrad"),
        ("voltage:80..300:kV", "voltage:80..300:kV"),
        ("voltage=300..80 kV", "voltage=300..80 kV"),
        ("voltage=..", "voltage=.."),
        ("voltage=abc", "voltage=abc"),  # "There is no search parameter 'voltage'" would be untrue
        ("voltage>high", "voltage>high"),
    ],
)
def test_amounts_go_to_the_server_as_they_are_typed(text: str, parameter: str) -> None:
    """The server reads and refuses them: there is one parser."""
    condition = parse_condition(text)
    assert isinstance(condition, Condition)
    assert condition.as_parameter() == parameter


@pytest.mark.parametrize(
    ("text", "facet"),
    [
        ("format=empad", Facet("format", "empad")),
        ("instrument=Titan Themis 300", Facet("instrument", "Titan Themis 300")),
        ("instrument=300 kV Titan", Facet("instrument", "300 kV Titan")),
        ("technique=eels", Facet("modality", "eels")),
        ("outcome=not_reached", Facet("outcome", "not_reached")),
    ],
)
def test_words_ask_for_equality(text: str, facet: Facet) -> None:
    assert parse_condition(text) == facet


@pytest.mark.parametrize("text", ["voltage", "=80", "format>empad", "instrument>300", ""])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_condition(text)


def test_all_forms_of_where_give_the_same_parameters() -> None:
    expected = [("where", "voltage=80..300 kV")]
    for where in ("voltage=80..300 kV", ["voltage=80..300 kV"], {"voltage": (80, 300, "kV")}):
        assert build_parameters(build_conditions(where)) == expected


def test_empty_mapping_range_is_refused() -> None:
    with pytest.raises(UsageError):
        build_conditions({"scan_step": (None, None)})
    with pytest.raises(UsageError):
        build_conditions({"scan_step": (float("nan"), 2.0)})
    with pytest.raises(UsageError, match="lower end comes first"):
        build_conditions({"scan_step": (2.0, 1.0, "nm")})
