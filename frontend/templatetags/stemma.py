"""Filters of the templates.

Abstracts are written in Markdown; what is shown holds no HTML, images or scripts of the author's.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from frontend.presentation.finding_groups import FindingGroup, group_findings
from frontend.presentation.hits import short_term as name_technique
from frontend.presentation.quantities import describe_entry, format_number
from repository.schema.quantities.unit_symbols import get_symbol
from repository.selectors.deposits import FindingView
from repository.selectors.mail import sends_mail

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "typographer": False}).disable(
    ["image", "html_block", "html_inline"]
)


def render_markdown(text: str) -> SafeString:
    """Return safe HTML of a person's text; links of unsafe schemes are left as text by the renderer."""
    return SafeString(_MARKDOWN.render(text))  # HTML is off: everything of the author's is escaped


register = template.Library()

_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_KILO = 1000
_HUNDRED = 100


@register.simple_tag
def mail_leaves() -> bool:
    """Return whether this server sends mail."""
    return sends_mail()


@register.filter
def change_text(change: Mapping[str, Any], side: str) -> str:
    """Return what a correction says of a field before ("old") or after ("new"): terms by titles, units as printed."""
    entry, stored = change.get(side), str(change.get(f"{side}_text") or "")
    is_word = isinstance(entry, str | Mapping) and bool(change.get("measurement"))
    return describe_entry(str(change["field"]), entry) if stored and is_word else stored


@register.filter
def filesize(size: int | None) -> str:
    """Return bytes with decimal prefixes, as disks are sold and DOIs state sizes."""
    amount = float(size or 0)
    for unit in _BYTE_UNITS:
        if amount < _KILO or unit == _BYTE_UNITS[-1]:
            digits = 0 if unit == "B" or amount >= _HUNDRED else 1
            return f"{amount:.{digits}f} {unit}"
        amount /= _KILO
    raise AssertionError  # pragma: no cover  # the last unit always returns


@register.filter
def grouped(findings: Sequence[FindingView]) -> tuple[FindingGroup, ...]:
    """Return the findings about one thing by kind, errors first."""
    return group_findings([("", findings)])


@register.filter
def number(value: Any) -> str:
    """Return a number with at most six significant digits."""
    return format_number(value)


@register.filter
def symbol(unit: str | None) -> str:
    """Return a unit as it is printed."""
    return get_symbol(unit)


@register.filter
def short_term(technique: str) -> str:
    """Return a technique in the few words that a badge holds."""
    return name_technique(technique)


@register.filter
def here(address: str) -> str:
    """Return an address of this server without its host: the session holds where the visitor came in."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


@register.filter
def as_json(value: Any) -> str:
    """Return JSON for an attribute; the template escapes it."""
    return json.dumps(value, ensure_ascii=False, default=list)


@register.filter
def markdown(text: str) -> SafeString:
    """Return a person's Markdown as safe HTML."""
    return render_markdown(text)


@register.filter
def percent(fraction: float) -> int:
    """Return a fraction as whole percent."""
    return round(_HUNDRED * fraction)
