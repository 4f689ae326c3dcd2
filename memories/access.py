"""Authorisation: the object, or NotFound for one that does not exist or is someone else's."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from memories.models import (
    ContextTarget,
    Conversation,
    Feedback,
    GatewayLimit,
    GatewayUpstream,
    ImportJob,
    LearntRule,
    Memory,
    MemoryMove,
    Retrieval,
    SavedSearch,
    Tag,
    Webhook,
    WebhookDelivery,
)
from memshadow.lib.errors import NotFound


def memory_or_404(owner: User, memory_id: UUID) -> Memory:
    """One of the owner's memories, in any state, with its persona and conversation."""
    found = (
        Memory.objects.filter(owner=owner, id=memory_id)
        .select_related("owner", "persona", "conversation")
        .prefetch_related("tags")
        .first()
    )
    if found is None:
        raise NotFound("There is no memory of yours with this id.")
    return found


def lock_memory(owner: User, memory_id: UUID) -> Memory:
    """One of the owner's memories, locked until the transaction ends."""
    found = Memory.objects.select_for_update().filter(owner=owner, id=memory_id).first()
    if found is None:
        raise NotFound("There is no memory of yours with this id.")
    found.owner = owner
    return found


def conversation_or_404(owner: User, conversation_id: UUID) -> Conversation:
    """One of the owner's conversations."""
    found = Conversation.objects.filter(owner=owner, id=conversation_id).select_related("persona").first()
    if found is None:
        raise NotFound("There is no conversation of yours with this id.")
    return found


def tag_or_404(owner: User, tag_id: UUID) -> Tag:
    """One of the owner's tags."""
    found = Tag.objects.filter(owner=owner, id=tag_id).select_related("owner").first()
    if found is None:
        raise NotFound("There is no tag of yours with this id.")
    return found


def import_or_404(owner: User, job_id: UUID) -> ImportJob:
    """One of the owner's imports."""
    found = ImportJob.objects.filter(owner=owner, id=job_id).select_related("persona").first()
    if found is None:
        raise NotFound("There is no import of yours with this id.")
    return found


def move_or_404(owner: User, space_id: UUID, move_id: UUID) -> MemoryMove:
    """One of the moves between the owner's own memories and a space that they asked for."""
    found = MemoryMove.objects.filter(owner=owner, space_id=space_id, id=move_id).select_related("space").first()
    if found is None:
        raise NotFound("There is no move of yours with this id.")
    return found


def retrieval_or_404(owner: User, retrieval_id: UUID) -> Retrieval:
    """One of the owner's questions, while it is in the log."""
    found = Retrieval.objects.filter(owner=owner, id=retrieval_id).first()
    if found is None:
        raise NotFound("There is no search of yours with this id; it may be older than the log reaches back.")
    return found


def feedback_or_404(owner: User, feedback_id: UUID) -> Feedback:
    """One verdict that the owner gave or that was seen from use."""
    found = Feedback.objects.filter(owner=owner, id=feedback_id).select_related("memory").first()
    if found is None:
        raise NotFound("There is no feedback of yours with this id.")
    return found


def rule_or_404(owner: User, rule_id: UUID) -> LearntRule:
    """A rule that search has learnt for the owner and told them of."""
    rules = LearntRule.objects.filter(owner=owner).exclude(state=LearntRule.State.CANDIDATE)
    found = rules.filter(id=rule_id).first()
    if found is None:
        raise NotFound("Search has learnt no rule with this id for you.")
    return found


def saved_search_or_404(owner: User, search_id: UUID) -> SavedSearch:
    """One of the owner's saved searches."""
    found = SavedSearch.objects.filter(owner=owner, id=search_id).select_related("owner").first()
    if found is None:
        raise NotFound("There is no saved search of yours with this id.")
    return found


def webhook_or_404(owner: User, webhook_id: UUID) -> Webhook:
    """One of the owner's webhooks."""
    found = Webhook.objects.filter(owner=owner, id=webhook_id).select_related("owner").first()
    if found is None:
        raise NotFound("There is no webhook of yours with this id.")
    return found


def delivery_or_404(owner: User, delivery_id: UUID) -> WebhookDelivery:
    """One message of the owner's webhooks, while it is kept."""
    found = WebhookDelivery.objects.filter(owner=owner, id=delivery_id).select_related("webhook").first()
    if found is None:
        raise NotFound("There is no message of yours with this id; it may be older than messages are kept.")
    return found


def context_target_or_404(owner: User, target_id: UUID) -> ContextTarget:
    """One of the owner's own targets; the server's and the shipped ones are not theirs to change."""
    found = ContextTarget.objects.filter(owner=owner, id=target_id).select_related("owner").first()
    if found is None:
        raise NotFound("There is no model of your own with this id; the server's are changed in the administration.")
    return found


def upstream_or_404(owner: User, upstream_id: UUID) -> GatewayUpstream:
    """One of the servers of language models that the owner named."""
    found = GatewayUpstream.objects.filter(owner=owner, id=upstream_id).select_related("owner").first()
    if found is None:
        raise NotFound("There is no model server of yours with this id.")
    return found


def gateway_limit_or_404(owner: User, limit_id: UUID) -> GatewayLimit:
    """A limit that the owner set for themselves or for one of their keys."""
    rows = GatewayLimit.objects.filter(owner=owner, by_administrator=False)
    found = rows.filter(id=limit_id).select_related("owner", "api_key").first()
    if found is None:
        raise NotFound("You have set no limit with this id.")
    return found
