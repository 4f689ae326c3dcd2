"""HTML to readable text in the manner of Markdown: headings, lists and code stay, scripts and styles go."""

from __future__ import annotations

import re

import lxml.html
from lxml import etree

from memories.importers._clean import clean, one_line
from memories.importers.items import Refused

DROPPED = {
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "head",
    "iframe",
    "object",
    "button",
    "select",
    "nav",
}
BLOCKS = {
    "p", "div", "section", "article", "main", "header", "footer", "aside", "ul", "ol", "table", "tr",
    "blockquote", "figure", "figcaption", "dl", "dt", "dd", "form", "fieldset", "details", "summary",
    "address",
    "hr", "body",
}  # fmt: skip
LISTS = {"ol", "ul"}
HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
SPACES = re.compile(r"[ \t\n\r\f]+")
NUL_REFERENCE = re.compile(r"&#(?:x0+|0+);?", re.IGNORECASE)
DEPTH = 400


def parse(markup: str) -> lxml.html.HtmlElement:
    """The tree; raises Refused where nothing in it can be read."""
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    safe = NUL_REFERENCE.sub("", clean(markup)).encode()
    try:
        tree = lxml.html.document_fromstring(safe, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Refused("bad-html: nothing in it can be read") from error
    return tree


def to_text(element: lxml.html.HtmlElement) -> str:
    """Readable text of an element, its blocks parted by empty lines."""
    writer = Writer()
    writer.walk(element, 0)
    return writer.finish()


class Writer:
    """Collects text while it walks; `_verbatim` counts open <pre>."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._verbatim = 0
        self._numbers: list[int] = []

    def finish(self) -> str:
        """The text with at most one empty line in a row and no blanks at line ends, outside code."""
        text = "".join(self._parts).replace("\xa0", " ")
        text = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
        return clean(re.sub(r"\n{3,}", "\n\n", text).strip())

    def walk(self, element: lxml.html.HtmlElement, depth: int) -> None:
        """Writes an element and what follows it up to its parent's next child."""
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag and tag not in DROPPED and depth < DEPTH:
            before, after = self._around(element, tag)
            self._parts.append(before)
            self._verbatim += tag == "pre"
            if tag in LISTS:
                self._numbers.append(0)
            self._text(element.text)
            for child in element:
                self.walk(child, depth + 1)
                self._text(child.tail)
            self._verbatim -= tag == "pre"
            if tag in LISTS:
                self._numbers.pop()
            self._parts.append(after)

    def _text(self, text: str | None) -> None:
        if not text:
            return
        if self._verbatim:
            self._parts.append(text)
            return
        text = SPACES.sub(" ", text)
        if text.startswith(" ") and (not self._parts or self._parts[-1].endswith((" ", "\n"))):
            text = text[1:]
        if text:
            self._parts.append(text)

    def _bullet(self, element: lxml.html.HtmlElement) -> str:
        parent = element.getparent()
        if parent is None or parent.tag != "ol" or not self._numbers:
            return "-"
        self._numbers[-1] += 1
        return f"{self._numbers[-1]}."

    def _around(self, element: lxml.html.HtmlElement, tag: str) -> tuple[str, str]:
        if tag == "br":
            return "\n", ""
        if tag in HEADINGS:
            return f"\n\n{HEADINGS[tag]}", "\n\n"
        if tag == "pre":
            return "\n\n```\n", "\n```\n\n"
        if tag == "code" and not self._verbatim:
            return "`", "`"
        if tag == "li":
            return f"\n{self._bullet(element)} ", ""
        if tag in ("td", "th"):
            return ("" if element.getprevious() is None else " | "), ""
        if tag == "tr":
            return "\n", ""
        if tag == "img":
            alt = one_line(element.get("alt"), 200)
            return (f"[image: {alt}]" if alt else ""), ""
        return ("\n\n", "\n\n") if tag in BLOCKS and not _in_item(element) else ("", "")


def _in_item(element: lxml.html.HtmlElement) -> bool:
    """A block that opens a list item or a table cell stays on its line."""
    parent = element.getparent()
    return parent is not None and parent.tag in ("li", "td", "th") and element.getprevious() is None
