"""Authorisation: the object, or NotFound for one that does not exist or is someone else's."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from memories.models import Conversation, ImportJob, Memory, Tag
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
