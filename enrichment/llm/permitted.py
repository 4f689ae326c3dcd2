"""Which memories may be sent to which model: nothing, unless their owner said so."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q, QuerySet

from enrichment.llm.in_process import is_configured
from enrichment.llm.wire import Server
from enrichment.models import LlmSetting
from memories.models import Memory, State

# What accepting a proposal made is read by no model again.
SOURCE: Final = "proposal"


def settings_for(step: str) -> QuerySet[LlmSetting]:
    """The settings of people who let this step ask, with somebody to ask."""
    rows = LlmSetting.objects.filter(is_on=True, steps__contains=[step], owner__is_active=True)
    someone = Q(upstream__isnull=False) & ~Q(model="")
    return rows.filter(someone | Q(is_local=True)) if is_configured() else rows.filter(someone, is_local=False)


def sendable(setting: LlmSetting) -> QuerySet[Memory]:
    """The memories of its owner that may be sent: active, in the open, without secrets or words for a model."""
    rows = Memory.objects.filter(owner_id=setting.owner_id, state=State.ACTIVE, is_sealed=False)
    rows = rows.filter(has_secret=False, is_suspicious=False).exclude(source=SOURCE)
    if setting.since is not None:
        rows = rows.filter(created_at__gte=setting.since)
    if setting.excluded_personas:
        rows = rows.exclude(persona__in=setting.excluded_personas)
    if setting.excluded_tags:
        rows = rows.exclude(memory_tags__tag__in=setting.excluded_tags)
    return rows


def narrowed(step: str, memories: QuerySet[Any]) -> QuerySet[Any]:
    """Those of these memories that the step may send."""
    allowed = Q(pk__in=[])
    for setting in settings_for(step):
        allowed |= Q(id__in=sendable(setting).values("id"))
    return memories.filter(allowed)


def server_of(setting: LlmSetting) -> Server | None:
    """The server that is asked; None for the model in this process."""
    row = setting.upstream
    if setting.is_local or row is None:
        return None
    return Server(row.provider, row.base_url, setting.model, row.api_key)
