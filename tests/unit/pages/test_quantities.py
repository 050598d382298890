import pytest

from frontend.presentation.quantities import show_value


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"value": 200, "unit": "kV"}, "200 kV"),
        ({"value": 21.4000001, "unit": "mrad", "uncertainty": 0.4}, "21.4 ± 0.4 mrad"),
        ({"range": [20, 22.5], "unit": "mrad"}, "20–22.5 mrad"),
        ({"value": 0.2, "unit": "Ao-1"}, "0.2 Å⁻¹"),
        ({"value": [0.5, 0.25], "unit": "nm"}, "0.5, 0.25 nm"),
        ({"value": "Titan", "source": "header"}, "Titan"),
        ({"value": "2025-03-01T14:20:00", "zone": "unknown"}, "2025-03-01T14:20:00 (time zone unknown)"),
        ({"values": list(range(30)), "unit": "s"}, "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …, 29 s"),
        (["Mo", "S"], "Mo, S"),
        (True, "yes"),
        (3, "3"),
    ],
)
def test_a_value_reads_as_people_write_it(entry: object, text: str) -> None:
    assert show_value(entry).text == text


def test_source_and_basis_are_words() -> None:
    shown = show_value({"value": 200, "unit": "kV", "source": "header", "basis": "nominal"})
    assert (shown.source, shown.basis) == ("Read from the file", "nominal (as set)")


def test_a_declared_gap_is_no_value() -> None:
    shown = show_value({"missing": "not_recorded", "note": "log book lost"})
    assert (shown.gap, shown.note, shown.source) == ("Not recorded", "log book lost", "")


def test_a_word_of_a_closed_list_is_explained() -> None:
    assert show_value({"value": "raw"}, vocabulary="level").text == "As the detector gave it"
