"""Tags: made when first used, renamed, merged, removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from accounts.models import User
from memories import indexing
from memories.drafts import clean_tag
from memories.fingerprints import tag_key
from memories.models import Memory, MemoryTag, Tag


def resolve_tags(*, owner: User, names: Iterable[str]) -> dict[str, Tag]:
    """The tag of each name, made where it is new; names that differ in case only are one tag."""
    keys = {name: tag_key(owner.id, name) for name in map(clean_tag, names)}
    first_spelling = {key: name for name, key in reversed(keys.items())}
    fresh = {key: _new_tag(owner, name, key) for key, name in first_spelling.items()}
    Tag.objects.bulk_create(fresh.values(), ignore_conflicts=True)
    stored = {bytes(tag.name_key): tag for tag in Tag.objects.filter(owner=owner, name_key__in=list(fresh))}
    return {name: stored[key] for name, key in keys.items()}


def _new_tag(owner: User, name: str, key: bytes) -> Tag:
    tag = Tag(owner=owner, name_key=key)
    tag.name = name
    return tag


@transaction.atomic
def set_tags(*, memory: Memory, names: Sequence[str]) -> None:
    """Give the memory exactly these tags."""
    tags = resolve_tags(owner=memory.owner, names=names)
    wanted = {tag.id for tag in tags.values()}
    MemoryTag.objects.filter(memory=memory).exclude(tag_id__in=wanted).delete()
    MemoryTag.objects.bulk_create(
        (MemoryTag(owner_id=memory.owner_id, memory=memory, tag_id=tag_id) for tag_id in wanted),
        ignore_conflicts=True,
    )
    indexing.refresh_filters(memory.owner_id, [memory.id])


@transaction.atomic
def add_tags(*, owner: User, memories: Sequence[Memory], names: Iterable[str]) -> None:
    """Add tags to many memories of one owner."""
    tags = resolve_tags(owner=owner, names=names)
    MemoryTag.objects.bulk_create(
        (MemoryTag(owner=owner, memory=memory, tag=tag) for memory in memories for tag in tags.values()),
        ignore_conflicts=True,
    )
    indexing.refresh_filters(owner.id, [memory.id for memory in memories])


@transaction.atomic
def rename_tag(*, tag: Tag, name: str) -> Tag:
    """Rename a tag; when the new name is taken, the two become one. Returns the tag that remains."""
    name = clean_tag(name)
    key = tag_key(tag.owner_id, name)
    other = Tag.objects.select_for_update().filter(owner=tag.owner, name_key=key).exclude(id=tag.id).first()
    if other is None:
        tag.name, tag.name_key = name, key
        tag.save(update_fields=["name_sealed", "name_key"])
        return tag
    moved = list(MemoryTag.objects.filter(tag=tag).values_list("memory_id", flat=True))
    MemoryTag.objects.bulk_create(
        (MemoryTag(owner_id=tag.owner_id, memory_id=memory_id, tag=other) for memory_id in moved),
        ignore_conflicts=True,
    )
    delete_tag(tag=tag)
    return other


@transaction.atomic
def delete_tag(*, tag: Tag) -> None:
    """Remove a tag from every memory; the memories stay."""
    carried = list(MemoryTag.objects.filter(tag=tag).values_list("memory_id", flat=True))
    owner_id = tag.owner_id
    tag.delete()
    indexing.refresh_filters(owner_id, carried)
