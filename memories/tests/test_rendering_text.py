"""Memory text on a page: hostile markup does nothing, honest markup looks right, and nothing takes long."""

from __future__ import annotations

import re
import time

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from memories.models import Memory
from memories.rendering import RENDERED_CHARS, first_line, markdown_html, plain_title, source_label

_ALLOWED = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "pre", "code"),
    *("em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td", "div"),
}


def _assert_harmless(html: str) -> None:
    for element in lxml_html.fragment_fromstring(html, create_parent="div").iter():
        assert element.tag in _ALLOWED, element.tag
        for name, value in element.attrib.items():
            assert name in ("href", "title", "class", "start", "align", "rel", "target")
            if name == "href":
                assert re.match(r"(https?://|mailto:)", value, re.IGNORECASE), value
        if element.tag == "a":
            assert element.get("rel") == "noopener nofollow ugc"
            assert element.get("target") == "_blank"


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](vbscript:x) [y](file:///etc/passwd) [z](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](https://tracker.example/pixel.gif)",
    "[![x](https://a.example/i.png)](https://b.example)",
    "[x](//evil.example) [y](/accounts/logout) [z](#top) [w](?q=1)",
    '<a href="https://x.example" onclick="x()" style="position:fixed">x</a>',
    "<div><div><p><b>nested <style>*{display:none}</style>",
    "</div></div></body></html><h1>out",
    "<svg><g/onload=alert(2)//<p>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<!-- <img --> <b>x --!>",
    '```html onload=x" class="evil\n<script>alert(1)</script>\n```',
    '```" onmouseover="x\ncode\n```',
    "~~~ <b>\nunclosed fence <script>",
    '[a]: https://x.example "title\\" onclick=\\"x"\n\n[a]',
    "|a|\n|:-:|\n|<script>x</script>|",
    "<iframe src=https://x.example></iframe><object data=x><embed src=x><base href=//x><meta http-equiv=refresh>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#x3C;img&#x3E;",
    "\u202e[x](https://x.example/\u202egpj.exe)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markup_does_nothing(text: str) -> None:
    html = markdown_html(text)
    _assert_harmless(html)
    assert not re.search(r"<(script|img|svg|style|iframe|math|form|object|base|meta)", html)


@given(st.text(alphabet="<>[]()!\"'`*_~#|-=/\\:&;. \n\tabjs1", max_size=120))
def test_no_text_makes_harmful_html(text: str) -> None:
    _assert_harmless(markdown_html(text))


@given(st.text(max_size=60))
def test_plain_text_is_all_shown(text: str) -> None:
    words = re.findall(r"[a-z]{3,}", text)
    shown = lxml_html.fragment_fromstring(markdown_html(text), create_parent="div").text_content()
    assert all(word in shown for word in words)


def test_html_is_shown_as_text() -> None:
    assert markdown_html("use <b>bold</b>") == "<p>use &lt;b&gt;bold&lt;/b&gt;</p>\n"


def test_what_people_write_looks_right() -> None:
    html = markdown_html(
        "# Title\n\nline one\nline two **bold** ~~gone~~ `code` <https://x.example>\n\n"
        "3. three\n\n```python\nprint(1 < 2)\n```\n\n|a|b|\n|-|-:|\n|1|2|\n"
    )
    assert "<h1>Title</h1>" in html
    assert "line one<br>\nline two <strong>bold</strong> <s>gone</s> <code>code</code>" in html
    assert '<a href="https://x.example" target="_blank" rel="noopener nofollow ugc">https://x.example</a>' in html
    assert '<ol start="3">' in html
    assert '<pre><code class="language-python">print(1 &lt; 2)\n</code></pre>' in html
    assert '<td align="right">2</td>' in html


def test_pictures_become_links() -> None:
    assert '<a href="https://x.example/i.png"' in markdown_html("see ![the *map*](https://x.example/i.png)")
    assert ">the map</a>" in markdown_html("![the map](https://x.example/i.png)")
    assert markdown_html("[![pic](https://a.example/i.png)](https://b.example)").count("<a ") == 1
    assert ">image</a>" in markdown_html("![](https://x.example/i.png)")


def test_text_that_markdown_swallows_is_shown() -> None:
    assert "[a]: https://x.example" in markdown_html("[a]: https://x.example")
    assert "word" in markdown_html("> " * 60 + "word")
    assert markdown_html("") == "" == markdown_html("  \n ")


def test_only_the_beginning_of_a_very_long_memory_is_rendered() -> None:
    text = "word line\n" * 105_000
    html = markdown_html(text)
    assert len(html) < 2 * RENDERED_CHARS
    assert html.endswith("an export holds all of it.</em></p>")
    assert "1.0\xa0MB" in html
    assert "an export holds" not in markdown_html(text[:RENDERED_CHARS])
    _assert_harmless(html)


@pytest.mark.parametrize(
    "piece", ["[", "![", "*a ", "_a_*", "a**b", "[a](", "> ", "- ", "`a", "<a@b.c>", "|a", "![l", "\\`", "[[a](b"]
)
def test_pathological_text_is_rendered_in_bounded_time(piece: str) -> None:
    text = (piece * RENDERED_CHARS)[: RENDERED_CHARS // 4]
    started = time.process_time()
    html = markdown_html(text)
    assert time.process_time() - started < 8
    _assert_harmless(html)


def test_filters_in_a_template() -> None:
    template = Template("{% load memory_text %}{{ text|markdown }}|{{ source|source_label }}|{{ none|markdown }}")
    page = template.render(Context({"text": "<b>*x*", "source": "import:chatgpt", "none": None}))
    assert page == "<p>&lt;b&gt;<em>x</em></p>\n|ChatGPT|"


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("import:chatgpt", "ChatGPT"),
        ("import:claude-code", "Claude Code"),
        ("extension:claude", "Claude (extension)"),
        ("dashboard", "Dashboard"),
        ("api", "API"),
        ("my_own-tool", "My own tool"),
        ("", ""),
    ],
)
def test_sources_in_words(source: str, label: str) -> None:
    assert source_label(source) == label


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# A *great* title #\nmore", "A great title"),
        ("\n\n---\n> - [ ] **Buy** [milk](https://x.example) at `shop`", "Buy milk at shop"),
        ("```python\nprint()\n```", "print()"),
        ("![alt](x.png)", "alt"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("1. first", "first"),
        ("__init__.py", "init.py"),
        ("!!!", "!!!"),
        ("日本語のタイトル\nx", "日本語のタイトル"),
    ],
)
def test_first_lines_without_marks(text: str, line: str) -> None:
    assert first_line(text) == line


def test_titles_are_cut_at_a_word() -> None:
    class Plain:
        metadata: dict[str, object] = {}  # noqa: RUF012
        content = "some words that go on and on"
        is_sealed = False

    memory: Memory = Plain()  # type: ignore[assignment]
    assert plain_title(memory, 16) == "some words that…"
    assert plain_title(memory) == "some words that go on and on"
    memory.content = "x" * 1_000_000
    assert plain_title(memory, 10) == "x" * 9 + "…"
    memory.metadata = {"title": "  Named\n twice "}
    assert plain_title(memory) == "Named twice"
    memory.metadata = {"title": ["odd"]}
    assert plain_title(memory, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("text", ["[" * 9000, "*" * 9000, "_a" * 4000, "`" * 9000, "[a](" * 2000, "> " * 4000])
def test_titles_take_no_time(text: str) -> None:
    started = time.process_time()
    first_line(text)
    assert time.process_time() - started < 1
