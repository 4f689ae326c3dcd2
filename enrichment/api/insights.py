"""The profile, for programs that tell a model about its user, and insights."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Router

from accounts.scopes import ApiRequest, scope
from enrichment.insight_schemas import InsightsOut, ProfileOut, ProfileQuery
from enrichment.insights.found import insights_of
from enrichment.insights.profile import as_text, profile_of
from memshadow.lib.strict import StrictQuery

router = Router(tags=["Profile"])
_OR_TEXT: dict[str, Any] = {"responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}}


@router.get("/profile", auth=scope("memories:read"), response=ProfileOut, openapi_extra=_OR_TEXT)
def get_profile(request: ApiRequest, query: Annotated[ProfileQuery, StrictQuery(...)]) -> ProfileOut | HttpResponse:
    """Read what memories say of their owner: facts, preferences, people, projects, commitments, each with its memories.

    `format=text` gives plain text to put into a prompt.
    """
    found = profile_of(request.auth.owner)
    if query.format == "text":
        return HttpResponse(as_text(found, query.max_chars), content_type="text/plain; charset=utf-8")
    return ProfileOut.of(found, query.max_chars)


@router.get("/insights", auth=scope("memories:read"), response=InsightsOut)
def get_insights(request: ApiRequest) -> InsightsOut:
    """Read what stands out: themes over time, open questions, commitments, dates ahead, this day of other years."""
    return InsightsOut.of(insights_of(request.auth.owner))
