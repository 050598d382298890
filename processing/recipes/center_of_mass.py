"""Where the weight of each pattern lies."""

from processing.declarations.recipe import Output, Recipe

RECIPE = Recipe(
    name="center_of_mass",
    version=2,
    title="Center of mass",
    description=(
        "Σ k I / Σ I of each pattern over the whole detector but its hot and dead pixels: the position, not a shift."
    ),
    applies_to=("pattern_scan",),
    gathers=("clean_totals", "moments"),
    outputs=(
        Output(
            "center_of_mass",
            "Center of mass",
            "vector_image",
            "(…, 2) as (y, x) in detector pixels, y down and x right, pixel centers at integers; NaN where the "
            "pattern sums to zero.",
        ),
    ),
    run="processing.reductions.center_of_mass:make_center_of_mass",
    rank=40,
)
