"""Capture that may be repeated: one Idempotency-Key makes its memories once, however often it is sent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction

from accounts.keys import keyring
from accounts.models import User
from memories.drafts import MemoryDraft
from memories.models import IdempotencyRecord, Memory
from memories.services.capture import capture_memories
from memshadow.lib.clock import now
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.errors import Conflict, ValidationFailed

KEEP = timedelta(hours=24)
KEY_MAX_CHARS = 255


@dataclass(frozen=True, slots=True)
class Outcome:
    """One memory of a request: its id, and whether the request made it (else it was there already)."""

    id: UUID
    created: bool


def capture_once(*, owner: User, drafts: Sequence[MemoryDraft], key: str | None) -> list[Outcome]:
    """Capture, all or none; with a key, a repetition within 24 hours returns what the first one did.

    Two requests with one key at the same time: the second waits for the first. Raises as `capture_memories`,
    and Conflict when the key was used for other memories.
    """
    if key is None:
        return _capture(owner, drafts)
    if not 0 < len(key) <= KEY_MAX_CHARS:
        raise ValidationFailed(
            f"Idempotency-Key has 1 to {KEY_MAX_CHARS} characters.",
            field="Idempotency-Key",
            location="header",
        )
    secret = keyring(owner.id).fingerprint_key
    key_hash = keyed_hash(secret, "idempotency-key", key)
    request_hash = keyed_hash(secret, "idempotent-request", json.dumps([asdict(d) for d in drafts], default=str))
    with transaction.atomic():
        _wait_for_turn(owner, key_hash)
        known = IdempotencyRecord.objects.filter(owner=owner, key_hash=key_hash).first()
        if known is not None and known.created_at > now() - KEEP:
            return _repeated(known, request_hash)
        if known is not None:
            known.delete()
        outcomes = _capture(owner, drafts)
        IdempotencyRecord.objects.create(
            owner=owner,
            key_hash=key_hash,
            request_hash=request_hash,
            memory_ids=[outcome.id for outcome in outcomes],
            created_flags=[outcome.created for outcome in outcomes],
            created_at=now(),
        )
    return outcomes


def prune_idempotency_records() -> int:
    """Forget requests older than 24 hours; returns how many."""
    return IdempotencyRecord.objects.filter(created_at__lte=now() - KEEP).delete()[0]


def _capture(owner: User, drafts: Sequence[MemoryDraft]) -> list[Outcome]:
    return [Outcome(c.memory.id, c.created) for c in capture_memories(owner=owner, drafts=drafts)]


def _wait_for_turn(owner: User, key_hash: bytes) -> None:
    """Hold this owner's key until the transaction ends."""
    lock = int.from_bytes(keyed_hash(owner.id.bytes, key_hash.hex())[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


def _repeated(record: IdempotencyRecord, request_hash: bytes) -> list[Outcome]:
    if not secrets.compare_digest(bytes(record.request_hash), request_hash):
        raise Conflict("This Idempotency-Key was used for another request; use a new key for a new request.")
    if Memory.objects.filter(id__in=record.memory_ids).count() != len(set(record.memory_ids)):
        raise Conflict("What this request made was erased since; use a new Idempotency-Key to add it again.")
    return [Outcome(*pair) for pair in zip(record.memory_ids, record.created_flags, strict=True)]
