"""Guides become pages: anchors as forges write them, links of this house, and no HTML but the renderer's."""

import pytest

from frontend.presentation.guides import Guide, build_page, locate_document

GUIDE = Guide("operator", "guides/operator.md", "")


def test_headings_have_anchors_and_stand_in_the_contents() -> None:
    page = build_page(
        GUIDE, "# All of it\n\nA.\n\n## The `sandbox`, and more\n\nB.\n\n### Limits\n\n## Limits\n\nC.\n"
    )
    assert page.title == "All of it"
    assert [(one.anchor, one.level) for one in page.contents] == [
        ("the-sandbox-and-more", 2),
        ("limits", 3),
        ("limits-1", 2),
    ]
    assert '<h2 id="limits-1">Limits</h2>' in page.html
    assert page.sections[1].text == "B."


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("depositor.md", "/help/depositor"),
        ("depositor.md#groups", "/help/depositor#groups"),
        ("../glossary.md#x", "/help/words#x"),
        ("#limits", "#limits"),
        ("/api/v1/docs", "/api/v1/docs"),
        ("https://example.org/a.md", "https://example.org/a.md"),
        ("../adr/0001-licence.md", None),
        ("../../README.md", None),
    ],
)
def test_links_lead_to_pages_or_keep_only_their_words(target: str, address: str | None) -> None:
    assert locate_document(target, GUIDE) == address
    html = build_page(GUIDE, f"See [these words]({target}) and [more](#limits).").html
    assert "these words" in html
    assert ("<a " in html.split("these words")[0]) is (address is not None)
    assert html.count("<a ") == html.count("</a>")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<b onclick=x>",
        "![x](https://tracker.example/p.png)",
        "[a](javascript:x)",
    ],
)
def test_html_in_a_guide_is_text(text: str) -> None:
    html = build_page(GUIDE, text).html
    for forbidden in ("<script", "<b ", "<img", 'href="javascript'):
        assert forbidden not in html


def test_comments_for_those_who_edit_are_not_shown() -> None:
    html = build_page(GUIDE, "a\n\n<!-- written by\nmake -->\n| b | c |\n| --- | --- |\n| d | e |\n").html
    assert "written by" not in html
    assert "<td>d</td>" in html


def test_what_nobody_tries_is_marked() -> None:
    html = build_page(GUIDE, "```sh\nls\n```\n\nNot run by the tests: it needs a container engine.\n").html
    assert '<p class="not-run">Not run by the tests: it needs' in html
    assert '<pre tabindex="0"><code class="language-sh">' in html
