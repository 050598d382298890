"""One small picture per measurement, for lists."""

from collections.abc import Sequence

from repository.models import Product
from repository.selectors import addresses

_LIKED = (
    "high_angle_annular_dark_field",
    "outer_virtual_dark_field",
    "annular_dark_field",
    "image",
    "summed_intensity",
    "virtual_bright_field",
    "mean_diffraction_pattern",
    "sum_spectrum",
)


def find_thumbnails(measurement_ids: Sequence[str]) -> dict[str, str]:
    """Return the address of the preview that says most, by measurement, where there is one."""
    previews = Product.objects.filter(measurement_id__in=measurement_ids, kind="preview").select_related(
        "signal"
    )
    ranked = sorted(previews, key=lambda preview: _rank(preview.recipe))
    best: dict[str, str] = {}
    for preview in ranked:
        signal = preview.signal.name if preview.signal else ""
        address = addresses.product_address(preview.measurement_id, signal, preview.recipe, "preview")
        best.setdefault(preview.measurement_id, address)
    return best


def _rank(recipe: str) -> int:
    return _LIKED.index(recipe) if recipe in _LIKED else len(_LIKED)
