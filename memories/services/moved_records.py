"""What belongs to a memory, handed from one owner to another: encrypted again, found again, or left behind by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db.models import Model, Q

from accounts.keys import keyring
from accounts.models import User
from accounts.models.user import Kind
from accounts.sealed import sealed_columns
from memories import indexing
from memories.drafts import TAGS_MAX
from memories.fingerprints import conversation_key, fingerprint_by, fingerprint_draft, same_by
from memories.models import (
    Conversation,
    Feedback,
    Memory,
    MemoryLink,
    MemoryRevision,
    MemoryTag,
    RuleEvidence,
    State,
)
from memories.services.derived import drop_derived
from memories.services.rules import forget_lessons
from memories.services.tagging import add_tags, resolve_tags
from memshadow.lib.clock import now
from memshadow.lib.crypto import keyed_hash
from personas.models import Persona
from personas.services import create_persona, name_key

# What becomes of each row that refers to a memory; a test finds the tables by itself.
HANGING_ON: Final = {
    "enrichment.enrichment.memory": "dropped, like all that apps above know of a memory: enrichment finds it again",
    "enrichment.duplicatepair.first": "dropped, like all that apps above know of a memory: enrichment finds it again",
    "enrichment.duplicatepair.second": "dropped, like all that apps above know of a memory: enrichment finds it again",
    "enrichment.textsketch.memory": "dropped, like all that apps above know of a memory: enrichment finds it again",
    "enrichment.placement.memory": "dropped, like all that apps above know of a memory: enrichment finds it again",
    "enrichment.mention.memory": "dropped, like all that apps above know of a memory: enrichment finds it again",
    "enrichment.relation.memory": "dropped, like all that apps above know of a memory: enrichment finds it again",
    "enrichment.llmcall.memory": "dropped: it was the old owner's question",
    "enrichment.proposal.memory": "dropped: it was made to the old owner",
    "enrichment.proposal.target": "dropped: it was made to the old owner",
    "enrichment.proposal.made": "dropped: it was made to the old owner",
    "enrichment.point.memory": "dropped, like all that apps above know of a memory: enrichment finds it again",
    "enrichment.rolluppart.memory": "dropped: it is cited where it is now, once that is summed up again",
    "memories.feedback.memory": "dropped: it judged answers to the questions of another owner",
    "memories.memorylink.from_memory": "goes along with both of its ends, else it is dropped and counted",
    "memories.memorylink.to_memory": "goes along with both of its ends, else it is dropped and counted",
    "memories.memoryrevision.memory": "encrypted again; it names the persona that goes along, or none",
    "memories.memorytag.memory": "written again, with the tag of that name that the new owner has or gets",
    "memories.ruleevidence.memory": "dropped, with what search learnt from it alone",
    "memories.sealedvectors.memory": "none: memories that their owner's client sealed do not move",
}


@dataclass(slots=True)
class Moved:
    """What became of a batch: memories that moved, that the new owner had already, and links with one end elsewhere."""

    moved: int = 0
    merged: int = 0
    links_dropped: int = 0


@dataclass(slots=True)
class _Personas:
    """The new owner's persona for each that goes along, found by its name or made; none for the others."""

    source: User
    target: User
    going: Collection[UUID]
    known: dict[UUID, UUID] = field(default_factory=dict)

    def of(self, persona_id: UUID | None) -> UUID | None:
        if persona_id is None or persona_id not in self.going:
            return None
        if persona_id not in self.known:
            persona = Persona.objects.filter(owner=self.source, id=persona_id).first()
            if persona is None:
                return None
            self.known[persona_id] = _persona_like(persona, self.target).id
        return self.known[persona_id]


def move_records(*, source: User, target: User, memory_ids: Collection[UUID], personas: Collection[UUID]) -> Moved:
    """Hand these memories of `source` to `target`, with all that belongs to them, in the caller's transaction.

    `personas` are those that go along. What is in the trash, or sealed by its owner, stays. A memory that the target
    has already is a sighting of it.
    """
    memories = _locked(source, memory_ids)
    ids, places = [memory.id for memory in memories], _Personas(source, target, personas)
    _drop_lessons(memories)
    drop_derived(ids)
    indexing.remove(source.id, ids)
    tags = {memory.id: [tag.name for tag in memory.tags.all()] for memory in memories}
    MemoryTag.objects.filter(memory__in=ids).delete()
    conversations = _conversations(target, memories, places)
    fresh = [memory for memory in memories if not _handed_over(memory, target, tags[memory.id], conversations, places)]
    _move_revisions(target, fresh, places)
    counts = Moved(moved=len(fresh), merged=len(memories) - len(fresh), links_dropped=_move_links(target, ids))
    Memory.objects.filter(owner=source, id__in=ids).delete()  # what the target had already
    _tag(target, fresh, tags)
    indexing.write_lexical(fresh)
    indexing.wake_if_pending(fresh)
    Conversation.objects.filter(owner=source, id__in=conversations, memories=None).delete()
    return counts


def _locked(source: User, memory_ids: Collection[UUID]) -> list[Memory]:
    rows = Memory.objects.select_for_update(of=("self",)).select_related("conversation").prefetch_related("tags")
    wanted = rows.filter(owner=source, id__in=memory_ids, is_sealed=False).exclude(state=State.DELETED)
    return list(wanted.order_by("id"))


def _drop_lessons(memories: Sequence[Memory]) -> None:
    ids = [memory.id for memory in memories]
    about = Q(memory__in=ids) | Q(feedback__memory__in=ids)
    taught = set(RuleEvidence.objects.filter(about).values_list("memory_id", flat=True))
    for memory in Memory.objects.filter(id__in=taught).select_related("owner"):
        forget_lessons(memory)
    Feedback.objects.filter(memory__in=ids).delete()


def _handed_over(
    memory: Memory,
    target: User,
    tags: Sequence[str],
    conversations: Mapping[UUID, UUID],
    personas: _Personas,
) -> bool:
    """Make the memory the target's; True when they have it already, and it was seen again there."""
    draft, how = fingerprint_draft(memory), same_by(memory)
    place = conversations[memory.conversation_id] if memory.conversation_id else None
    fingerprint = fingerprint_by(how, target.id, memory.id, draft, place)
    known = Memory.objects.select_for_update().filter(owner=target, fingerprint=fingerprint).first()
    if known is not None and known.carried_text == draft.content:
        _see_again(known, memory, tags, personas.of(memory.persona_id))
        return True
    if known is not None:  # one source's id for two texts: both are kept
        fingerprint = fingerprint_by("id", target.id, memory.id, draft, place)
    persona_id = personas.of(memory.persona_id)
    memory.captured_by_id = memory.owner_id if target.kind == Kind.SPACE else None
    _seal_for(memory, target)
    memory.fingerprint, memory.conversation_id, memory.persona_id = fingerprint, place, persona_id
    memory.indexed_at = memory.learnt_at = None
    indexing.mark_pending(memory, first=False)
    memory.save()
    return False


def _see_again(known: Memory, memory: Memory, tags: Sequence[str], persona_id: UUID | None) -> None:
    known.sightings += memory.sightings
    known.last_seen_at = max(known.last_seen_at, memory.last_seen_at)
    known.persona_id = known.persona_id or persona_id
    if known.state == State.DELETED:  # somebody wants it there again
        known.state, known.state_changed_at = memory.state, now()
    known.save(update_fields=["sightings", "last_seen_at", "persona", "state", "state_changed_at"])
    room = TAGS_MAX - known.tags.count()
    add_tags(owner=known.owner, memories=[known], names=tags[: max(room, 0)])


def _seal_for(row: Any, target: User) -> None:
    """Open every sealed part of a row and seal it under the target's key; the caller saves.

    The text comes last: with it go what screening finds in it.
    """
    names = sorted(_sealed_names(type(row)), key=lambda name: name == "content")
    plain = {name: getattr(row, name) for name in names}
    row.owner = target
    row.__dict__.pop("_unsealed", None)
    for name, value in plain.items():
        setattr(row, name, value)


def _sealed_names(model: type[Model]) -> list[str]:
    return [place.column.removesuffix("_sealed") for place in sealed_columns() if place.model is model]


def _move_revisions(target: User, memories: Sequence[Memory], personas: _Personas) -> None:
    for revision in MemoryRevision.objects.filter(memory__in=memories):
        snapshot = revision.snapshot
        old = snapshot.get("persona_id")
        place = personas.of(UUID(old)) if old else None
        _seal_for(revision, target)
        revision.snapshot = snapshot | {"persona_id": str(place) if place else None}
        revision.save(update_fields=["owner", "snapshot_sealed"])


def _move_links(target: User, ids: Collection[UUID]) -> int:
    """Links between two that are the target's now go along; returns how many others were dropped."""
    links = MemoryLink.objects.filter(Q(from_memory__in=ids) | Q(to_memory__in=ids))
    links.filter(from_memory__owner=target, to_memory__owner=target).update(owner=target)
    dropped, _ = links.exclude(owner=target).delete()
    return dropped


def _tag(target: User, memories: Iterable[Memory], tags: Mapping[UUID, Sequence[str]]) -> None:
    memories = list(memories)
    names = {name for memory in memories for name in tags[memory.id]}
    if not names:
        return
    found = resolve_tags(owner=target, names=names)
    MemoryTag.objects.bulk_create(
        MemoryTag(owner=target, memory=memory, tag=found[name]) for memory in memories for name in tags[memory.id]
    )


def _conversations(target: User, memories: Sequence[Memory], personas: _Personas) -> dict[UUID, UUID]:
    """The target's conversation for each of these memories': known by its source's id for it, or made alike."""
    met = {memory.conversation_id: memory.conversation for memory in memories if memory.conversation}
    return {key: _conversation_like(target, row, personas.of(row.persona_id)) for key, row in met.items() if key}


def _conversation_like(target: User, conversation: Conversation, persona_id: UUID | None) -> UUID:
    made = Conversation(owner=target, persona_id=persona_id, external_key=_key_for(target, conversation))
    for name in ("source", "model", "started_at", "ended_at", "created_at", "external_id", "title"):
        setattr(made, name, getattr(conversation, name))
    Conversation.objects.bulk_create([made], ignore_conflicts=True)
    return Conversation.objects.values_list("id", flat=True).get(owner=target, external_key=made.external_key)


def _key_for(target: User, conversation: Conversation) -> bytes:
    if conversation.external_id:
        return conversation_key(target.id, conversation.source, conversation.external_id)
    return keyed_hash(keyring(target.id).name_key, "conversation-id", str(conversation.id))


def _persona_like(persona: Persona, target: User) -> Persona:
    found = Persona.objects.filter(owner=target, name_key=name_key(target, persona.name)).first()
    return found or create_persona(owner=target, name=persona.name, description=persona.description)
