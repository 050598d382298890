"""One small picture per measurement, for lists."""

from collections.abc import Sequence

from django.db.models import F

from repository.selectors import addresses
from repository.selectors.visibility import Visitor, visible_products


def find_thumbnails(visitor: Visitor, measurement_ids: Sequence[str]) -> dict[str, str]:
    """Return the address of the preview that says most, by measurement, where there is one."""
    previews = (
        visible_products(visitor)
        .filter(measurement_id__in=measurement_ids, kind="preview", is_added=False)
        .select_related("signal")
        .order_by(F("cover_rank").asc(nulls_last=True), "id")
    )
    best: dict[str, str] = {}
    for preview in previews:
        name = f"{preview.signal.name if preview.signal else ''}.{preview.output}"
        best.setdefault(
            preview.measurement_id, addresses.product_address(preview.measurement_id, name, "preview")
        )
    return best
