"""Filters for memory text in templates: markdown, marked, plain_title, source_label, fold_equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import template
from django.utils.safestring import SafeString

from memories import rendering
from memories.models import Memory

register = template.Library()


@register.filter
def markdown(text: str | None) -> SafeString:
    """Safe HTML of Markdown."""
    return rendering.markdown_html(text or "")


@register.filter
def marked(html: SafeString, marks: Mapping[str, str] | None) -> SafeString:
    """HTML with words in links to what they name."""
    return rendering.marked_html(html, marks or {})


@register.filter
def plain_title(memory: Memory, max_chars: int = rendering.TITLE_CHARS) -> str:
    """The memory's title or first line, plain."""
    return rendering.plain_title(memory, int(max_chars))


@register.filter
def source_label(source: str | None) -> str:
    """A source in words."""
    return rendering.source_label(source or "")


@register.filter
def fold_equal(diff: Sequence[rendering.DiffOp]) -> list[rendering.DiffOp]:
    """A diff with long unchanged stretches shortened."""
    return rendering.fold_equal(diff)
