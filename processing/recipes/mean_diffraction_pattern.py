"""The mean of all patterns of a scan or series."""

from processing.declarations.recipe import Output, Recipe

RECIPE = Recipe(
    name="mean_diffraction_pattern",
    version=1,
    title="Mean diffraction pattern",
    description="Mean of each detector pixel over all patterns; NaN counts as absent. Sums of counts are exact.",
    applies_to=("pattern_scan", "pattern_series"),
    gathers=("pixel_sums", "valid"),
    outputs=(
        Output(
            "mean_diffraction_pattern",
            "Mean diffraction pattern",
            "pattern",
            "(detector_y, detector_x), float64; NaN where no pattern has a number.",
            cover=70,
        ),
    ),
    run="processing.reductions.mean_pattern:make_mean",
    rank=10,
)
