"""The maximum of all patterns of a scan or series."""

from processing.declarations.recipe import Output, Recipe

RECIPE = Recipe(
    name="max_diffraction_pattern",
    version=1,
    title="Maximum diffraction pattern",
    description="Maximum of each detector pixel over all patterns; NaN counts as absent.",
    applies_to=("pattern_scan", "pattern_series"),
    gathers=("pixel_maxima", "valid"),
    outputs=(
        Output(
            "max_diffraction_pattern",
            "Maximum diffraction pattern",
            "pattern",
            "(detector_y, detector_x) in the type of the patterns; NaN where no pattern has a number.",
        ),
    ),
    run="processing.reductions.mean_pattern:make_maximum",
    rank=20,
)
