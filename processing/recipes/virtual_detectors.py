"""Sums over rings of the detector: bright field and dark fields, by the convergence angle."""

from processing.declarations.recipe import Output, Recipe

_RULE = (
    "Sum of the pixels whose centers lie at inner <= r < outer. Exact for counts, hot pixels too; NaN counts as "
    "absent, and a position without any number is NaN."
)

RECIPE = Recipe(
    name="virtual_detectors",
    version=2,
    title="Virtual detectors",
    description=(
        "Sums over rings about the center of the direct disk. Radii are multiples of the convergence semi-angle α, "
        "else of the measured disk, else fractions of the detector; each result says which."
    ),
    applies_to=("pattern_scan",),
    gathers=("detector_sums",),
    needs=("angles",),
    outputs=(
        Output("virtual_bright_field", "Central bright field", "image", f"0 to 0.5 α. {_RULE}", 60, 40),
        Output("annular_bright_field", "Annular bright field", "image", f"0.5 to 1 α. {_RULE}", None, 50),
        Output("annular_dark_field", "Annular dark field", "image", f"1.1 to 2.5 α. {_RULE}", 30, 10),
        Output(
            "high_angle_annular_dark_field",
            "High-angle annular dark field",
            "image",
            f"From 2.5 α outwards, where that is 50 mrad or more. {_RULE}",
            10,
            20,
        ),
        Output(
            "outer_virtual_dark_field",
            "Outer virtual dark field",
            "image",
            f"From 2.5 α outwards, where that is below 50 mrad or not known in mrad. {_RULE}",
            20,
            30,
        ),
    ),
    run="processing.reductions.virtual_detector:make_images",
    rank=30,
)
