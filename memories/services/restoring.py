"""Restoring our own export: every record as it was, under its own id where that is free, and none twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from accounts.keys import keyring
from accounts.models import User
from memories import indexing
from memories.fingerprints import conversation_key, fingerprint_by, tag_key
from memories.importers.items import ParsedRecord
from memories.models import Conversation, Memory, MemoryLink, MemoryRevision, MemoryTag, SavedSearch, Tag
from memories.sealed_index import keep_vectors
from memories.services.restored_records import (
    READERS,
    ConversationLine,
    Fields,
    Line,
    LinkLine,
    MemoryLine,
    PersonaLine,
    RevisionLine,
    SavedSearchLine,
    TagLine,
)
from memories.services.saved_searches import search_key
from memories.services.tagging import resolve_tags
from memshadow.lib.clock import now
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.errors import MemshadowError, PermissionRefused
from memshadow.lib.ids import hashed_id, new_id
from personas.models import Persona
from personas.services import name_key

M = TypeVar("M", bound=Model)
_MISSING_MEMORY = "missing-memory: the memory that it belongs to is not here under this id"
_NEWER_HISTORY = "newer-history: its memory is here in an older version, which was kept"


@dataclass(slots=True)
class RestoreCounts:
    """What became of the records. `imported` and `duplicates` count memories; the lists hold (why, where).

    What is skipped includes fields of a later version that were left out of a record that was restored.
    """

    imported: int = 0
    duplicates: int = 0
    conversations: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


def restore_records(*, owner: User, records: Sequence[ParsedRecord], dry_run: bool = False) -> RestoreCounts:
    """Restore a run of an export's records, in one transaction; later calls go on where this one ended.

    A record that is there already (by id, name, or a memory's fingerprint) is not stored again. On a dry run,
    whose batches are rolled back, what refers to an earlier batch is not reported. Raises PermissionRefused.
    """
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot add memories; ask the owner for another role.")
    counts = RestoreCounts()
    lines = _read(records, counts)
    with transaction.atomic():
        _restore_personas(owner, lines["persona"])
        _restore_tags(owner, lines["tag"])
        counts.conversations = _restore_conversations(owner, lines["conversation"])
        _restore_memories(owner, lines["memory"], counts)
        _restore_revisions(owner, lines["revision"], counts, dry_run=dry_run)
        _restore_links(owner, lines["link"], counts, dry_run=dry_run)
        _restore_saved_searches(owner, lines["saved_search"])
    return counts


def _read(records: Sequence[ParsedRecord], counts: RestoreCounts) -> dict[str, list[Any]]:
    lines: dict[str, list[Line]] = defaultdict(list)
    for record in records:
        if "memshadow_export" in record.data:
            continue
        where, fields = _where(record), Fields(record.data)
        reader = READERS.get(record.type)
        if reader is None:
            counts.skipped.append(("unknown-record: a kind of record that this version does not know", where))
            continue
        try:
            lines[record.type].append(reader(fields))
        except MemshadowError as error:
            counts.failed.append((f"invalid-record: {error.message}", where))
            continue
        for name in fields.unknown()[:5]:
            counts.skipped.append((f"unknown-field: {record.type}.{name} is not known to this version", where))
    return lines


def _where(record: ParsedRecord) -> str:
    key = record.data.get("id")
    name = f"{record.type[:20]} {key[:40]}" if isinstance(key, str) else record.type[:20]
    return f"line {record.line} ({name})" if record.line else name


def own_id(owner: User, key: UUID) -> UUID:
    """The id that a record gets when its own belongs to somebody else here.

    Always the same, so that later batches and imports find it without a table of what was renamed; keyed, so
    that nobody else can occupy it.
    """
    return hashed_id(keyed_hash(keyring(owner.id).name_key, "restored", str(key)))


def _present(owner: User, rows: type[M], keys: Iterable[UUID]) -> dict[UUID, UUID]:
    """Those of the ids that were restored before (or were always here), each with the id it has here."""
    wanted = set(keys)
    renamed = {key: own_id(owner, key) for key in wanted}
    found = _ids(owner, rows, wanted | set(renamed.values()))
    here = {key: key if key in found else renamed[key] for key in wanted}
    return {key: place for key, place in here.items() if place in found}


def _ids(owner: User, rows: type[M], among: set[UUID]) -> set[UUID]:
    return set(rows._default_manager.filter(owner=owner, id__in=among).values_list("id", flat=True))


def _insert(owner: User, rows: type[M], makers: Mapping[UUID, Callable[[UUID], M]]) -> dict[UUID, M]:
    """Store the rows that are new, each under its own id or, where that is taken, under `own_id`.

    To try and see what stuck asks nothing about other people's rows, and is safe with two imports at once.
    """
    stored: dict[UUID, M] = {}
    for name in (lambda key: key, lambda key: own_id(owner, key)):
        fresh = {key: make(name(key)) for key, make in makers.items() if key not in stored}
        if not fresh:
            break
        rows._default_manager.bulk_create(fresh.values(), ignore_conflicts=True, batch_size=500)
        stuck = _ids(owner, rows, {row.pk for row in fresh.values()})
        stored |= {key: row for key, row in fresh.items() if row.pk in stuck}
    return stored


def _row(rows: type[M], key: UUID, fields: dict[str, Any], sealed: dict[str, Any]) -> M:
    """A row not yet stored. Sealed texts come after the id that they are bound to."""
    row = rows(id=key, **fields)
    for name, value in sealed.items():
        setattr(row, name, value)
    return row


def _restore_personas(owner: User, lines: Sequence[PersonaLine]) -> None:
    known = _persona_ids(owner, [line.name for line in lines])
    fresh = {line.id: line for line in lines if line.name not in known}
    present = _present(owner, Persona, fresh)
    _insert(
        owner,
        Persona,
        {key: _persona_maker(owner, line) for key, line in fresh.items() if key not in present},
    )


def _persona_maker(owner: User, line: PersonaLine) -> Callable[[UUID], Persona]:
    fields = {"owner": owner, "name_key": name_key(owner, line.name), "created_at": line.created_at}
    sealed = {"name": line.name, "description": line.description}
    return lambda key: _row(Persona, key, fields, sealed)


def _persona_ids(owner: User, names: Iterable[str]) -> dict[str, UUID]:
    keys = {name: name_key(owner, name) for name in names}
    if not keys:
        return {}
    found = Persona.objects.filter(owner=owner, name_key__in=list(keys.values())).values_list("name_key", "id")
    by_key = {bytes(key): persona_id for key, persona_id in found}
    return {name: by_key[key] for name, key in keys.items() if key in by_key}


def _personas_named(owner: User, names: Sequence[str | None]) -> dict[str | None, UUID | None]:
    """The persona of each name, made where there is none; None for no name."""
    wanted = {name for name in names if name}
    known = _persona_ids(owner, wanted)
    missing = [PersonaLine(new_id(), name, "", now()) for name in sorted(wanted - set(known))]
    if missing:
        _restore_personas(owner, missing)
        known = _persona_ids(owner, wanted)
    return {name: known[name] if name else None for name in names}


def _restore_tags(owner: User, lines: Sequence[TagLine]) -> None:
    keys = {line.id: tag_key(owner.id, line.name) for line in lines}
    found = Tag.objects.filter(owner=owner, name_key__in=list(keys.values())).values_list("name_key", flat=True)
    known = {bytes(key) for key in found} if keys else set()
    fresh = {line.id: line for line in lines if keys[line.id] not in known}
    present = _present(owner, Tag, fresh)
    missing = {key: line for key, line in fresh.items() if key not in present}
    _insert(owner, Tag, {key: _tag_maker(owner, line) for key, line in missing.items()})


def _tag_maker(owner: User, line: TagLine) -> Callable[[UUID], Tag]:
    fields = {"owner": owner, "name_key": tag_key(owner.id, line.name), "created_at": line.created_at}
    return lambda key: _row(Tag, key, fields, {"name": line.name})


def _restore_conversations(owner: User, lines: Sequence[ConversationLine]) -> int:
    return _conversation_ids(owner, {line.id: line for line in lines})[1]


def _conversation_ids(owner: User, lines: Mapping[UUID, ConversationLine]) -> tuple[dict[UUID, UUID], int]:
    """The id that each conversation has here, by its id or its source's name for it, and how many are new."""
    places = _present(owner, Conversation, lines)
    missing = {key: _key_of(owner, line) for key, line in lines.items() if key not in places}
    places |= _by_external_key(owner, missing)
    personas = _personas_named(owner, [lines[key].persona for key in missing if key not in places])
    made = _insert(
        owner,
        Conversation,
        {
            key: _conversation_maker(owner, lines[key], external_key, personas[lines[key].persona])
            for key, external_key in missing.items()
            if key not in places
        },
    )
    places |= {key: row.pk for key, row in made.items()}
    # Two lines of one batch may name one conversation.
    return places | _by_external_key(owner, {k: v for k, v in missing.items() if k not in places}), len(made)


def _by_external_key(owner: User, keys: Mapping[UUID, bytes]) -> dict[UUID, UUID]:
    if not keys:
        return {}
    found = Conversation.objects.filter(owner=owner, external_key__in=list(keys.values()))
    by_key = {bytes(key): place for key, place in found.values_list("external_key", "id")}
    return {key: by_key[external_key] for key, external_key in keys.items() if external_key in by_key}


def _key_of(owner: User, line: ConversationLine) -> bytes:
    if line.external_id:
        return conversation_key(owner.id, line.source, line.external_id)
    return keyed_hash(keyring(owner.id).name_key, "conversation-id", str(line.id))


def _conversation_maker(
    owner: User, line: ConversationLine, external_key: bytes, persona_id: UUID | None
) -> Callable[[UUID], Conversation]:
    fields = {
        "owner": owner,
        "persona_id": persona_id,
        "source": line.source,
        "external_key": external_key,
        "model": line.model,
        "started_at": line.started_at,
        "ended_at": line.ended_at,
        "created_at": line.created_at or now(),
    }
    sealed = {"external_id": line.external_id, "title": line.title}
    return lambda key: _row(Conversation, key, fields, sealed)


def _restore_memories(owner: User, lines: Sequence[MemoryLine], counts: RestoreCounts) -> None:
    by_id = {line.id: line for line in lines}
    present = _present(owner, Memory, by_id)
    missing = [line for key, line in by_id.items() if key not in present]
    conversations, made = _conversation_ids(
        owner, {line.conversation.id: line.conversation for line in missing if line.conversation}
    )
    counts.conversations += made
    fresh = _not_known(owner, missing, conversations)
    personas = _personas_named(owner, [line.persona for line in fresh.values()])
    stored = _insert(
        owner,
        Memory,
        {
            line.id: _memory_maker(owner, line, fingerprint, conversations, personas[line.persona])
            for fingerprint, line in fresh.items()
        },
    )
    _tag(owner, by_id, stored)
    for key, memory in stored.items():
        for model_name, vectors in by_id[key].vectors.items() if memory.is_sealed else ():
            keep_vectors(memory, model_name, vectors)
    indexing.write_lexical(list(stored.values()))
    indexing.wake_if_pending(list(stored.values()))
    counts.imported += len(stored)
    counts.duplicates += len(lines) - len(stored)


def _not_known(owner: User, lines: Sequence[MemoryLine], conversations: Mapping[UUID, UUID]) -> dict[bytes, MemoryLine]:
    """The lines by fingerprint, without those that are exact duplicates of what is here."""
    fresh: dict[bytes, MemoryLine] = {}
    for line in lines:
        fresh.setdefault(_fingerprint(owner, line, conversations), line)
    found = Memory.objects.filter(owner=owner, fingerprint__in=list(fresh)).values_list("fingerprint", flat=True)
    for fingerprint in found:
        del fresh[bytes(fingerprint)]
    return fresh


def _fingerprint(owner: User, line: MemoryLine, conversations: Mapping[UUID, UUID]) -> bytes:
    """As capture made it."""
    conversation_id = conversations[line.conversation.id] if line.conversation else None
    return fingerprint_by(line.same_by, owner.id, line.id, line.draft, conversation_id)


def _memory_maker(
    owner: User,
    line: MemoryLine,
    fingerprint: bytes,
    conversations: Mapping[UUID, UUID],
    persona_id: UUID | None,
) -> Callable[[UUID], Memory]:
    draft = line.draft
    fields = line.columns | {
        "owner": owner,
        "persona_id": persona_id,
        "conversation_id": conversations[line.conversation.id] if line.conversation else None,
        "kind": draft.kind,
        "role": draft.role,
        "source": draft.source,
        "importance": draft.importance,
        "pinned": draft.pinned,
        "fingerprint": fingerprint,
        "is_sealed": bool(draft.ciphertext),
        "size_bytes": len(draft.content.encode()) + len(draft.ciphertext),
        "occurred_at": draft.occurred_at,
        "index_due_at": now(),
    }
    sealed = {
        "content": draft.content,
        "ciphertext": draft.ciphertext,
        "author": draft.author,
        "external_id": draft.external_id,
        "metadata": draft.metadata,
    }
    return lambda key: _row(Memory, key, fields, sealed)


def _tag(owner: User, lines: Mapping[UUID, MemoryLine], stored: Mapping[UUID, Memory]) -> None:
    names = {name for key in stored for name in lines[key].tags}
    if not names:
        return
    tags = resolve_tags(owner=owner, names=names)
    MemoryTag.objects.bulk_create(
        (
            MemoryTag(owner=owner, memory=memory, tag=tags[name])
            for key, memory in stored.items()
            for name in lines[key].tags
        ),
        ignore_conflicts=True,
    )


def _restore_revisions(owner: User, lines: Sequence[RevisionLine], counts: RestoreCounts, *, dry_run: bool) -> None:
    places = _present(owner, Memory, {line.memory for line in lines})
    lengths = dict(Memory.objects.filter(owner=owner, id__in=set(places.values())).values_list("id", "revision_count"))
    kept = []
    for line in lines:
        place = places.get(line.memory)
        if place is None:
            _leave_out(counts, _MISSING_MEMORY, f"revision {line.id}", dry_run=dry_run)
        elif line.number > lengths[place]:
            _leave_out(counts, _NEWER_HISTORY, f"revision {line.id}", dry_run=dry_run)
        else:
            kept.append(line)
    present = _present(owner, MemoryRevision, {line.id for line in kept})
    personas = _personas_named(owner, [line.persona for line in kept])
    _insert(
        owner,
        MemoryRevision,
        {
            line.id: _revision_maker(owner, line, places[line.memory], personas[line.persona])
            for line in kept
            if line.id not in present
        },
    )


def _revision_maker(
    owner: User, line: RevisionLine, memory_id: UUID, persona_id: UUID | None
) -> Callable[[UUID], MemoryRevision]:
    snapshot = line.snapshot | ({"persona_id": str(persona_id)} if persona_id else {})
    fields = {
        "owner": owner,
        "memory_id": memory_id,
        "number": line.number,
        "action": line.action,
        "actor": owner if line.by_owner else None,
        "via": line.via,
        "reason": line.reason,
        "created_at": line.created_at,
    }
    return lambda key: _row(MemoryRevision, key, fields, {"snapshot": snapshot})


def _restore_links(owner: User, lines: Sequence[LinkLine], counts: RestoreCounts, *, dry_run: bool) -> None:
    places = _present(owner, Memory, {end for line in lines for end in (line.from_memory, line.to_memory)})
    present = _present(owner, MemoryLink, {line.id for line in lines})
    makers = {}
    for line in lines:
        if line.from_memory not in places or line.to_memory not in places:
            _leave_out(counts, _MISSING_MEMORY, f"link {line.id}", dry_run=dry_run)
        elif line.id not in present:
            makers[line.id] = _link_maker(owner, line, places)
    _insert(owner, MemoryLink, makers)


def _link_maker(owner: User, line: LinkLine, places: Mapping[UUID, UUID]) -> Callable[[UUID], MemoryLink]:
    return lambda key: MemoryLink(
        id=key,
        owner=owner,
        from_memory_id=places[line.from_memory],
        to_memory_id=places[line.to_memory],
        relation=line.relation,
        reason=line.reason,
        created_at=line.created_at,
    )


def _restore_saved_searches(owner: User, lines: Sequence[SavedSearchLine]) -> None:
    """One whose name is in use stays as it is here."""
    present = _present(owner, SavedSearch, {line.id for line in lines})
    _insert(
        owner,
        SavedSearch,
        {line.id: _saved_search_maker(owner, line) for line in lines if line.id not in present},
    )


def _saved_search_maker(owner: User, line: SavedSearchLine) -> Callable[[UUID], SavedSearch]:
    fields = {
        "owner": owner,
        "name_key": search_key(owner, line.name),
        "created_at": line.created_at,
        "last_used_at": line.last_used_at,
    }
    return lambda key: _row(SavedSearch, key, fields, {"name": line.name, "query": line.query})


def _leave_out(counts: RestoreCounts, reason: str, where: str, *, dry_run: bool) -> None:
    if not dry_run:
        counts.skipped.append((reason, where))
