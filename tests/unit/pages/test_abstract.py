import pytest

from frontend.templatetags.stemma import render_markdown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        "![x](https://tracker.example/pixel.png)",
        '<img src=x onerror="alert(1)">',
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
    ],
)
def test_nothing_of_the_authors_runs_or_loads(text: str) -> None:
    html = render_markdown(text)
    for forbidden in ("<script", "<img", 'href="javascript', 'href="data'):
        assert forbidden not in html


def test_emphasis_and_links_are_kept() -> None:
    html = render_markdown("A *careful* scan, see [the paper](https://doi.org/10.1000/1).")
    assert "<em>careful</em>" in html
    assert 'href="https://doi.org/10.1000/1"' in html
