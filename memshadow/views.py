"""Pages that belong to no app: health for machines, and what people see when something is refused."""

from __future__ import annotations

import logging

from django.core.exceptions import DisallowedHost
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.access import needs_no_sign_in

logger = logging.getLogger(__name__)


@needs_no_sign_in
@never_cache
def health_live(request: HttpRequest) -> JsonResponse:
    """200 while this process answers at all."""
    return JsonResponse({"status": "live"})


@needs_no_sign_in
@never_cache
def health_ready(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and its schema is this code's; 503 with what is missing otherwise."""
    problem = _not_ready()
    return JsonResponse({"status": problem or "ready"}, status=503 if problem else 200)


def _not_ready() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM memories_embeddingmodel WHERE state = 'active'")
            return None if cursor.fetchone() else "no active embedding model: run manage.py migrate"
    except DatabaseError:
        logger.exception("The database does not answer")
        return "the database does not answer or is not migrated"


@needs_no_sign_in
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came without its token: tell the person to go back and send it again."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that makes no sense, or names a host that this server was not told it is."""
    reason = ""
    if isinstance(exception, DisallowedHost):
        host = request.META.get("HTTP_HOST", "")[:200]
        reason = (
            f"This server was not told that it is reached as {host or 'a server without a name'}. If it is yours, "
            "start it with MEMSHADOW_ALLOWED_HOSTS naming all its names and addresses, with commas between them."
        )
    return render(request, "400.html", {"reason": reason}, status=400)
