from frontend.presentation.metadata_rows import build_metadata_groups

DOCUMENT = {
    "technique": ["four_d_stem"],
    "acceleration_voltage": {"value": 80, "unit": "kV", "source": "header"},
    "semi_convergence_angle": {"missing": "not_recorded"},
    "sample": {"name": "MoS2", "elements": ["Mo", "S"]},
    "annular_detectors": [
        {
            "name": "HAADF",
            "inner_angle": {"value": 60, "unit": "mrad"},
            "outer_angle": {"value": 200, "unit": "mrad"},
        }
    ],
    "looked_for": {"defocus": ["Defocus"]},
}


def test_everything_said_is_a_row_in_its_group() -> None:
    groups = {
        group.title: {row.title: row.value for row in group.rows} for group in build_metadata_groups(DOCUMENT)
    }
    assert groups["Beam"]["Acceleration voltage"].text == "80 kV"
    assert groups["Beam"]["Convergence semi-angle"].gap == "Not recorded"
    assert groups["Sample"]["Elements"].text == "Mo, S"
    assert groups["Detector"]["Annular detectors: HAADF"].text == "Inner angle 60 mrad; Outer angle 200 mrad"


def test_notes_to_the_server_are_not_shown() -> None:
    titles = [row.title for group in build_metadata_groups(DOCUMENT) for row in group.rows]
    assert "Places looked at" not in titles


def test_an_empty_document_has_no_groups() -> None:
    assert build_metadata_groups({}) == ()


def test_words_say_where_they_come_from() -> None:
    groups = build_metadata_groups({"technique": ["eels"], "scan": "raster"}, from_file=["scan"])
    sources = {row.title: row.value.source for group in groups for row in group.rows}
    assert sources == {"Technique": "Given by the depositor", "Scan": "Read from the file"}
