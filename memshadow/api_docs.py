"""The browsable documentation of the API: Swagger UI from our own static files, under our own CSP."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase


@ensure_csrf_cookie
def _page(request: HttpRequest, openapi_url: str) -> HttpResponse:
    return render(request, "api/docs.html", {"openapi_url": openapi_url})


class Docs(DocsBase):
    """Swagger UI; a signed-in person can try operations with the session."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """The page. It sets the CSRF cookie that trying an operation needs."""
        return _page(request, self.get_openapi_url(api, kwargs))
