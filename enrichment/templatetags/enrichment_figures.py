"""Figures of the pages of enrichment."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def duration(seconds: float | None) -> str:
    """A time left in words of one unit; a dash for none."""
    if seconds is None:
        return "–"
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{round(seconds / size)} {name}"
    return f"{max(round(seconds), 1)} s"
