"""Pages that belong to no app: health for machines, and what people see when something is refused."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

logger = logging.getLogger(__name__)


@login_not_required
@never_cache
def health_live(request: HttpRequest) -> JsonResponse:
    """200 while this process answers at all."""
    return JsonResponse({"status": "live"})


@login_not_required
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


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came without its token: tell the person to go back and send it again."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
