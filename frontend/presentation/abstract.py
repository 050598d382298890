"""Abstracts are written in Markdown; what is shown holds no HTML, images or scripts of the author's."""

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "typographer": False}).disable(
    ["image", "html_block", "html_inline"]
)


def render_markdown(text: str) -> SafeString:
    """Return safe HTML of a person's text; links of unsafe schemes are left as text by the renderer."""
    return SafeString(_MARKDOWN.render(text))  # HTML is off: everything of the author's is escaped
