"""Toasts: short messages beside an htmx answer, with an undo where there is one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def toast_oob(
    request: HttpRequest, response: HttpResponse, text: str, *, level: str = "success", **extra: str
) -> HttpResponse:
    """Append a toast to an htmx answer; `extra` is undo_url and undo_action, or link_url and link_label."""
    context = {"toasts": [{"text": text, "level": level, **extra}]}
    response.content += render(request, "components/_toasts_oob.html", context).content
    return response
