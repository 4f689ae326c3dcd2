"""Memory text for people: safe HTML, titles, the names of sources, and what changed between two texts."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

import nh3
from django.template.defaultfilters import filesizeformat
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

from memories.models import Memory

RENDERED_CHARS = 200_000
TITLE_CHARS = 120
DiffOp = tuple[str, str]

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "pre", "code"),
    *("em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "code": {"class"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}}
_LINK = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_CODE_CLASS = re.compile(r"language-[\w+#.-]{1,40}")
_TAG_OR_TEXT = re.compile(r'<[^>"]*(?:"[^"]*"[^>"]*)*>|[^<]+|<')
_MARKUP = re.compile(r"<[^>]*>")
_PLAIN = re.compile(r"[\w-]{1,12}")


def markdown_html(text: str) -> SafeString:
    """Safe HTML of Markdown (CommonMark, tables, strikethrough; a line break stays one).

    HTML in the text is shown, not used; pictures become links, so that opening a memory tells nobody; links
    go to http, https and mailto only. Beyond RENDERED_CHARS characters the text is cut, and a notice says so.
    """
    shown = text if len(text) <= RENDERED_CHARS else _cut(text)
    html = _sanitised(_markdown_html(shown))
    if not _has_words(_MARKUP.sub("", html)) and _has_words(shown):
        # Nothing but link definitions, or nested deeper than the parser follows.
        html = format_html("<pre><code>{}</code></pre>", shown)
    if shown is text:
        return html
    size = filesizeformat(len(text.encode()))
    notice = "Only the beginning of this memory ({} in all) is shown here; an export holds all of it."
    return html + format_html('<p class="muted"><em>{}</em></p>', notice.format(size))


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _cut(text: str) -> str:
    """The beginning, up to the end of a line where there is one near."""
    end = text.rfind("\n", RENDERED_CHARS - 2000, RENDERED_CHARS)
    return text[: end if end > 0 else RENDERED_CHARS]


def _markdown_html(text: str) -> str:
    parser = _parser()
    html: str = parser.renderer.render(_adapted(parser.parse(text)), parser.options, {})
    return html


def _sanitised(html: str) -> SafeString:
    return SafeString(
        nh3.clean(
            html,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            attribute_filter=_allowed,
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener nofollow ugc",
            set_tag_attribute_values={"a": {"target": "_blank"}},
        )
    )


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    options = {"html": False, "linkify": False, "breaks": True}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def _adapted(tokens: Sequence[Token]) -> list[Token]:
    return [_adapted_one(token) for token in tokens]


def _adapted_one(token: Token) -> Token:
    if token.type == "inline" and token.children:
        token.children = list(_without_images(token.children))
    elif token.type in ("th_open", "td_open") and "style" in token.attrs:
        # Our pages forbid inline style.
        token.attrs = {"align": str(token.attrs["style"]).rpartition(":")[2]}
    return token


def _without_images(tokens: Sequence[Token], *, in_link: bool = False) -> Iterator[Token]:
    for token in tokens:
        in_link = token.nesting > 0 if token.type in ("link_open", "link_close") else in_link
        if token.type != "image":
            yield token
            continue
        label = Token("text", "", 0, content=token.content.strip() or "image")
        if in_link:
            yield label
        else:
            yield Token("link_open", "a", 1, attrs={"href": token.attrs.get("src", "")})
            yield label
            yield Token("link_close", "a", -1)


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return value if _LINK.fullmatch(value) else None
    if attribute == "class":
        return value if _CODE_CLASS.fullmatch(value) else None
    if attribute in ("align", "start"):
        return value if _PLAIN.fullmatch(value) else None
    return value


_FENCE = re.compile(r"\s*(?:`{3,}|~{3,}|={3,}\s*$|-{3,}\s*$|\*{3,}\s*$)")
_LINE_MARK = re.compile(r"\s*(?:#{1,6}\s+|>\s?|[-*+]\s+(?:\[[ xX]\]\s+)?|\d{1,9}[.)]\s+)")
_HEADING = re.compile(r"#{1,6}\s+\S")
_SNIPPET_MARK = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+|&gt;[ \t]?|[-*+][ \t]+|\d{1,9}[.)][ \t]+)+|\*\*|~~|`{3}\w*|`", re.MULTILINE
)
_INLINE_LINK = re.compile(r"!?\[([^\[\]]{0,500})\](?:\([^()\s]{0,2000}(?:\s[^()]{0,500})?\)|\[[^\[\]]{0,200}\])")
_EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|~~|`{1,3})(?=\S)([^*~`]{1,500})(?<=\S)\1(?!\w)")
_UNDERSCORES = re.compile(r"(?<!\w)(_{1,3})(?=\S)([^_]{1,500})(?<=\S)\1(?!\w)")


SEALED = "Sealed memory"


def plain_title(memory: Memory, max_chars: int = TITLE_CHARS) -> str:
    """What a memory is called: its document's title, else its first line without marks, cut at a word."""
    named = memory.metadata.get("title")
    title = " ".join(named[: max_chars * 8].split()) if isinstance(named, str) else ""
    return _shortened(title or (SEALED if memory.is_sealed else first_line(memory.content)), max_chars)


def first_line(text: str) -> str:
    """The first line with words in it, without Markdown's marks."""
    for line in text[:8000].splitlines():
        if _FENCE.match(line):
            continue
        plain = _without_marks(line[:2000])
        if _has_words(plain):
            return plain
    return " ".join(text[:2000].split())


def preview(text: str, max_chars: int) -> str:
    """The beginning of a text on one line, without Markdown's marks, cut at a word."""
    lines = (_without_marks(line) for line in text[: max_chars * 8].splitlines() if not _FENCE.match(line))
    return _shortened(" ".join(filter(None, lines)), max_chars) or first_line(text)[:max_chars]


def split_heading(text: str) -> tuple[str, str]:
    """The heading that a Markdown text opens with, without its mark, and the rest; ("", text) where there is none."""
    opening, _, rest = text.lstrip().partition("\n")
    if not _HEADING.match(opening) or not rest.strip() or len(opening) > TITLE_CHARS * 2:
        return "", text
    return _without_marks(opening), rest


def marked_html(html: SafeString, marks: Mapping[str, str]) -> SafeString:
    """Safe HTML in which words (the keys) stand in links to addresses (their values), but within other links.

    The words are found as whole words of the text, the longest first.
    """
    if not marks:
        return html
    addresses = {str(escape(words)): address for words, address in marks.items()}
    wanted = "|".join(map(re.escape, sorted(addresses, key=len, reverse=True)))
    words = re.compile(rf"(?<![\w&])(?:{wanted})(?!\w)")
    linked = 0
    pieces = []
    for piece in _TAG_OR_TEXT.findall(html):
        linked += piece.startswith("<a ") - (piece == "</a>")
        is_text = not piece.startswith("<") and not linked
        pieces.append(words.sub(lambda found: _link_to(found[0], addresses), piece) if is_text else piece)
    return SafeString("".join(pieces))


def _link_to(words: str, addresses: Mapping[str, str]) -> str:
    # `words` is a piece of escaped HTML already.
    return format_html('<a class="entity" href="{}">{}</a>', addresses[words], SafeString(words))


def snippet_html(html: SafeString) -> SafeString:
    """A search snippet (escaped, with <mark>) without Markdown's marks; nothing that it removes can open a tag."""
    return SafeString(_SNIPPET_MARK.sub("", html))


def _without_marks(line: str) -> str:
    for _ in range(4):
        line = _LINE_MARK.sub("", line, count=1) if _LINE_MARK.match(line) else line
    line = _INLINE_LINK.sub(r"\1", line)
    line = _UNDERSCORES.sub(r"\2", _EMPHASIS.sub(r"\2", line))
    return " ".join(line.strip("#").split())


def _shortened(text: str, max_chars: int) -> str:
    if len(text) <= max_chars:
        return text
    head = text[: max_chars - 1]
    at_word = head if text[max_chars - 1] == " " else head.rpartition(" ")[0]
    return (at_word if len(at_word) > max_chars // 2 else head).rstrip(" ,;:.-") + "…"


_SOURCES = {
    "api": "API",
    "cli": "Command line",
    "mcp": "MCP",
    "chatgpt": "ChatGPT",
    "claude": "Claude",
    "gemini": "Gemini",
    "grok": "Grok",
    "deepseek": "DeepSeek",
    "perplexity": "Perplexity",
    "lechat": "Le Chat",
    "claude-code": "Claude Code",
    "codex": "Codex",
    "gemini-cli": "Gemini CLI",
    "jsonl": "JSON Lines",
    "pdf": "PDF",
    "docx": "Word",
    "html": "HTML",
    "csv": "CSV",
    "memshadow": "MEMSHADOW",
}


def source_label(source: str) -> str:
    """A source in words: 'import:chatgpt' is ChatGPT, 'extension:claude' is Claude (extension)."""
    way, _, name = source.strip().rpartition(":")
    label = _SOURCES.get(name.lower()) or name[:1].upper() + name[1:].replace("-", " ").replace("_", " ")
    return label if way in ("", "import") else f"{label} ({way})"


_WORDS = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
# Steps that one diff may take word by word, and four times as many line by line: about two seconds at worst.
_STEPS = 2_000_000


class _TooLong(Exception):
    """The comparison would take more steps than are left."""


@dataclass(slots=True)
class _Steps:
    left: int = _STEPS

    def take(self, steps: int) -> None:
        """Raises _TooLong, and takes nothing, where too few are left."""
        if steps > self.left:
            raise _TooLong
        self.left -= steps


class _Matcher(difflib.SequenceMatcher[str]):
    """Counts its steps and stops, where difflib's own takes cubic time on hostile texts."""

    def __init__(self, old: list[str], new: list[str], steps: _Steps) -> None:
        super().__init__(None, old, new, autojunk=False)
        counts = Counter(new)
        self._costs = [0, *accumulate(1 + counts[piece] for piece in old)]
        self._steps = steps

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> difflib.Match:
        """As difflib's, counted."""
        end = len(self._costs) - 1 if ahi is None else ahi
        self._steps.take(self._costs[end] - self._costs[alo])
        return super().find_longest_match(alo, ahi, blo, bhi)


def diff_words(before: str, after: str) -> list[DiffOp]:
    """(op, text) with op 'equal', 'insert' or 'delete'.

    Without the insertions it is `before`, without the deletions `after`. Compared word by word; where that
    would take long, line by line and then within what changed; where even that would, the whole middle that
    changed is one deletion and one insertion.
    """
    head = _common_start(before, after)
    tail = _common_start(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    # The cut must not split a word that only begins or ends the same.
    start = head - len(_partial_word(before[:head][::-1])) if (old[:1] + new[:1]).strip() else head
    stop = tail - len(_partial_word(before[len(before) - tail :])) if (old[-1:] + new[-1:]).strip() else tail
    middle = _compared(before[start : len(before) - stop], after[start : len(after) - stop])
    return list(_joined([("equal", before[:start]), *middle, ("equal", before[len(before) - stop :])]))


def fold_equal(diff: Sequence[DiffOp], keep_chars: int = 600) -> list[DiffOp]:
    """The same with long unchanged stretches shortened around what changed, for a page."""
    return [
        (op, _folded(text, keep_chars, is_first=number == 0, is_last=number == len(diff) - 1))
        if op == "equal" and len(text) > 3 * keep_chars
        else (op, text)
        for number, (op, text) in enumerate(diff)
    ]


def _folded(text: str, keep: int, *, is_first: bool, is_last: bool) -> str:
    left = "" if is_first else text[:keep]
    right = "" if is_last else text[-keep:]
    return f"{left}\n\n… {len(text) - len(left) - len(right):,} characters unchanged …\n\n{right}".strip("\n")


def _common_start(one: str, two: str) -> int:
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == two[low:middle] else (low, middle - 1)
    return low


def _partial_word(text: str) -> str:
    found = re.match(r"\w+", text[:200])
    return found.group() if found else ""


def _compared(old: str, new: str) -> list[DiffOp]:
    if not old or not new:
        return _replaced(old, new)
    try:
        return _matched(_WORDS.findall(old), _WORDS.findall(new), _Steps())
    except _TooLong:
        pass
    try:
        return _by_word(_matched(_LINES.findall(old), _LINES.findall(new), _Steps(4 * _STEPS)))
    except _TooLong:
        return _replaced(old, new)


def _matched(old: list[str], new: list[str], steps: _Steps) -> list[DiffOp]:
    """The comparison of two lists of pieces. Raises _TooLong."""
    found: list[DiffOp] = []
    for op, a, b, c, d in _Matcher(old, new, steps).get_opcodes():
        gone, come = "".join(old[a:b]), "".join(new[c:d])
        found += [("equal", gone)] if op == "equal" else _replaced(gone, come)
    return found


def _by_word(by_line: list[DiffOp]) -> list[DiffOp]:
    """A comparison of lines with those that changed compared word by word, as far as the steps go."""
    found: list[DiffOp] = []
    steps = _Steps()
    for op, text in by_line:
        if op == "insert" and text and found[-1][1]:
            with contextlib.suppress(_TooLong):
                found[-1:] = _matched(_WORDS.findall(found[-1][1]), _WORDS.findall(text), steps)
                continue
        found.append((op, text))
    return found


def _replaced(old: str, new: str) -> list[DiffOp]:
    return [("delete", old), ("insert", new)]


def _joined(diff: Sequence[DiffOp]) -> Iterator[DiffOp]:
    """Neighbours of one kind become one; empty ones go."""
    kept: list[Any] = []
    for op, text in diff:
        if text and kept and kept[-1][0] == op:
            kept[-1] = (op, kept[-1][1] + text)
        elif text:
            kept.append((op, text))
    return iter(kept)
