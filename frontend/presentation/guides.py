"""The guides of docs as pages: Markdown in, safe HTML with a table of contents and links of this house out.

The files are the source, of the pages as of the checkout. HTML in them is off; comments are for those who edit them.
"""

import functools
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

NOT_RUN = "Not run by the tests:"
"""How a paragraph begins that says why nobody tries the block above it."""
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_DEEPEST = 3
_TITLE_TOKENS = 3
# What is wider than a phone scrolls in a box of its own, by the keyboard too.
_SCROLLED: Mapping[str, str] = {
    "<pre>": '<pre tabindex="0">',
    "<table>": '<div class="scroll-x" tabindex="0" role="group" aria-label="Table"><table>',
    "</table>": "</table></div>",
}


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide before it is read.

    Attributes
    ----------
    slug
        Of its address, `/help/{slug}`.
    file
        Below `docs`.
    for_whom
        One line on the page that lists them.
    """

    slug: str
    file: str
    for_whom: str


GUIDES: tuple[Guide, ...] = (
    Guide("depositor", "guides/depositor.md", "You have the files of a session and a paper to publish."),
    Guide(
        "planner", "guides/planner.md", "You have microscope time next week, and others have done it before."
    ),
    Guide("modeller", "guides/modeller.md", "You want patterns with their conditions, in code."),
    Guide("operator", "guides/operator.md", "You run a Stemma: settings, limits, alarms, damage, recovery."),
    Guide(
        "header-keys",
        "guides/header-keys.md",
        "Which key of a vendor’s header is taken for which field, and why.",
    ),
    Guide(
        "formats", "guides/formats.md", "Which formats are read, how exactly, and what else is kept as it is."
    ),
    Guide(
        "add-a-format", "guides/add-a-format.md", "You write code, and know a format that is not read yet."
    ),
    Guide("words", "glossary.md", "What deposit, version, signal, fate and the other words mean here."),
    Guide(
        "states", "states.md", "Every state of a deposit, a measurement and a job, and the ways between them."
    ),
)


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below one heading; `level` is 1 for the title."""

    anchor: str
    title: str
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """A guide as it is shown."""

    guide: Guide
    title: str
    html: SafeString
    sections: tuple[Section, ...]

    @property
    def contents(self) -> tuple[Section, ...]:
        """The headings of its table of contents."""
        return tuple(one for one in self.sections if 1 < one.level <= _DEEPEST)


def find_guide(slug: str) -> Guide | None:
    """Return a guide by the name in its address, or None."""
    return next((guide for guide in GUIDES if guide.slug == slug), None)


@functools.cache
def read_page(guide: Guide) -> Page:
    """Return a guide, read once: a program brings its own."""
    text = (Path(settings.BASE_DIR) / "docs" / guide.file).read_text(encoding="utf-8")
    return build_page(guide, text)


def build_page(guide: Guide, text: str) -> Page:
    """Return the page of a Markdown text.

    Headings get the anchors that forges give them, so a link that works in the checkout works here. Links to files of
    `docs` that are pages lead there; of those that are none the words stay.
    """
    reader = (
        MarkdownIt("commonmark", {"html": False})
        .enable("table")
        .disable(["image", "html_block", "html_inline"])
    )
    tokens = _keep_ways(reader.parse(_COMMENT.sub("", text)), guide)
    anchors = _name_headings(tokens)
    _mark_not_run(tokens)
    shown = (
        tokens[_TITLE_TOKENS:] if tokens and tokens[0].tag == "h1" else tokens
    )  # the page writes the title
    html = reader.renderer.render(shown, reader.options, {})
    for tag, focusable in _SCROLLED.items():  # no text holds a tag: those of a guide are escaped
        html = html.replace(tag, focusable)
    sections = tuple(_divide(tokens, anchors))
    title = next((one.title for one in sections if one.level == 1), guide.slug)
    # HTML is off: all that is in it was written by the renderer, or escaped by it.
    return Page(guide, title, SafeString(html), sections)


def _name_headings(tokens: Sequence[Token]) -> Mapping[int, str]:
    """Give every heading an anchor of its own; return them by the place of the token."""
    taken: dict[str, int] = {}
    named = {}
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            words = _plain(tokens[place + 1])
            anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            number = taken[anchor] = taken.get(anchor, -1) + 1
            named[place] = f"{anchor}-{number}" if number else anchor
            token.attrSet("id", named[place])
    return named


def _mark_not_run(tokens: Sequence[Token]) -> None:
    """Show which commands nobody tries."""
    for place, token in enumerate(tokens):
        if token.type == "paragraph_open" and _plain(tokens[place + 1]).startswith(NOT_RUN):
            token.attrSet("class", "not-run")


def _keep_ways(tokens: Sequence[Token], guide: Guide) -> Sequence[Token]:
    """Rewrite links between documents; a link to what is no page loses its tags and keeps its words."""
    for token in tokens:
        if token.children is None:
            continue
        kept = []
        is_open = True
        for child in token.children:
            if child.type == "link_open":
                address = locate_document(str(child.attrGet("href") or ""), guide)
                is_open = address is not None
                child.attrSet("href", address or "")
            if is_open or child.type not in {"link_open", "link_close"}:
                kept.append(child)
            if child.type == "link_close":
                is_open = True
        token.children = kept
    return tokens


def locate_document(target: str, guide: Guide) -> str | None:
    """Return where a link of a guide leads in the running house, or None where that is no page of it."""
    if target.startswith(("#", "mailto:", "/")) or "://" in target:
        return target
    path, hash_, anchor = target.partition("#")
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(guide.file), path))
    found = next((one for one in GUIDES if one.file == wanted), None)
    return None if found is None else f"/help/{found.slug}{hash_}{anchor}"


def _divide(tokens: Sequence[Token], anchors: Mapping[int, str]) -> Iterator[Section]:
    """Yield the sections with their plain words, for those who search."""
    head: tuple[str, str, int] | None = None
    words: list[str] = []
    for place, token in enumerate(tokens):
        if place in anchors:
            if head is not None:
                yield Section(*head, " ".join(words))
            head, words = (anchors[place], _plain(tokens[place + 1]), int(token.tag[1:])), []
        elif token.type == "inline" and place - 1 not in anchors:
            words.append(_plain(token))
        elif token.type in {"fence", "code_block"}:
            words.append(token.content)
    if head is not None:
        yield Section(*head, " ".join(words))


def _plain(token: Token) -> str:
    return "".join(
        " " if child.type in {"softbreak", "hardbreak"} else child.content for child in token.children or ()
    )
