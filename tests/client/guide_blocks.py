"""The blocks of a guide, in order: what a reader would type or save, and what the guide says nobody tries."""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from frontend.presentation.guides import NOT_RUN
from project.environment import CHECKOUT

GUIDES = CHECKOUT / "docs" / "guides"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes
    ----------
    line
        Of the guide, from 1, where it begins.
    not_run
        Why no test runs it, as the guide says beneath it; empty where one does.
    """

    language: str
    text: str
    line: int
    not_run: str = ""

    @property
    def saved_as(self) -> str:
        """The name of the file that the reader is to save it as: its first line, as a comment."""
        first = self.text.partition("\n")[0]
        return first.removeprefix("# ") if self.language == "yaml" and first.startswith("# ") else ""


def list_guides() -> list[Path]:
    """Return the guides that hold blocks."""
    return sorted(guide for guide in GUIDES.glob("*.md") if list_blocks(guide.read_text(encoding="utf-8")))


def list_blocks(text: str) -> list[Block]:
    """Return the blocks of a guide; one without a language is of none."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    blocks = []
    for place, token in enumerate(tokens):
        if token.type not in {"fence", "code_block"}:
            continue
        below = tokens[place + 2].content if place + 2 < len(tokens) else ""
        is_note = tokens[place + 1].type == "paragraph_open" and below.startswith(NOT_RUN)
        line = token.map[0] + 1 if token.map else 0
        reason = below.removeprefix(NOT_RUN).strip() if is_note else ""
        blocks.append(Block(token.info.strip(), token.content, line, reason))
    return blocks
