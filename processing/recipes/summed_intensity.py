"""All that reached the detector, position by position."""

from processing.declarations.recipe import Output, Recipe

RECIPE = Recipe(
    name="summed_intensity",
    version=2,
    title="Summed intensity",
    description="Sum of all pixels or channels at each position. Exact for counts; NaN counts as absent.",
    applies_to=("pattern_scan", "pattern_series", "spectrum_scan", "channel_maps"),
    gathers=("totals",),
    outputs=(
        Output(
            "summed_intensity",
            "Summed intensity",
            "image",
            "One value for each position: uint64, int64 or float64; NaN where there is no number at all.",
            cover=50,
            navigator=60,
        ),
    ),
    run="processing.reductions.spectra:make_summed_intensity",
    rank=50,
)
