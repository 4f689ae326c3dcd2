"""Asking before what cannot be undone: confirm.js asks in a dialog, and who runs no script gets a page instead."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_NOT_SENT_ON = ("csrfmiddlewaretoken", "confirmed")


def ask_first(request: HttpRequest, *, question: str, text: str, yes: str, back_url: str) -> HttpResponse | None:
    """The page that asks, or None once the person has said yes. It POSTs the same fields to the same address again."""
    if request.POST.get("confirmed"):
        return None
    sent = [(name, value) for name, values in request.POST.lists() for value in values if name not in _NOT_SENT_ON]
    context = {
        "question": question,
        "text": text,
        "yes": yes,
        "url": request.get_full_path(),
        "fields": sent,
        "back_url": back_url,
    }
    return render(request, "confirm.html", context)
