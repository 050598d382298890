import datetime as dt
from dataclasses import dataclass

from repository.selectors import addresses
from repository.selectors.visibility import NOBODY, visible_entries

LARGEST_SITEMAP = 50_000


@dataclass(frozen=True, slots=True)
class PublishedPage:
    """A landing page and when it last changed."""

    url: str
    changed: dt.datetime


def list_published_pages() -> list[PublishedPage]:
    """Return the landing pages of all that anybody can find, newest first, as many as a sitemap holds."""
    rows = visible_entries(NOBODY).order_by("-published_at").values_list("dataset_id", "published_at")
    return [PublishedPage(addresses.dataset_page(pk), moment) for pk, moment in rows[:LARGEST_SITEMAP]]
