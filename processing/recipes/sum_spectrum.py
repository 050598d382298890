"""The sum of all spectra of a spectrum image."""

from processing.declarations.recipe import Output, Recipe

RECIPE = Recipe(
    name="sum_spectrum",
    version=2,
    title="Sum spectrum",
    description=(
        "Sum of each channel over all positions. Exact for counts; NaN counts as absent."
        " A channel without any number is NaN."
    ),
    applies_to=("spectrum_scan",),
    gathers=("channel_sums", "channel_valid"),
    outputs=(Output("sum_spectrum", "Sum spectrum", "spectrum", "(energy) or (wavelength).", cover=80),),
    run="processing.reductions.spectra:make_sum_spectrum",
    rank=45,
)
