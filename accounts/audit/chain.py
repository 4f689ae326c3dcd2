"""The chain: each entry carries a hash of itself and the one before, under a key that no database holds open.

The key is random and stored sealed under the server's key (accounts/keys.py), so that somebody with the database alone
can neither forge an entry nor compute the chain anew, and rotating the master key changes nothing here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from functools import lru_cache
from typing import Any

from django.db import transaction

from accounts import keys
from accounts.models.audit import AuditChain, AuditCheckpoint, AuditEvent
from accounts.models.user import normalise_email
from memshadow.lib import crypto
from memshadow.lib.clock import now

START = bytes(32)
_BOUND_TO = b"audit-chain"
_FORMAT = 1
_COPY = 1000


def append(event: AuditEvent, *, email: str = "") -> AuditEvent:
    """Store an event as the chain's next entry. Waits for whoever is writing one, until that transaction ends."""
    with locked() as head:
        key = key_of(head)
        event.email_fingerprint = fingerprint(key, email)
        event.created_at = now()
        _link(head, key, event)
        event.save(force_insert=True)
        head.save(update_fields=["position", "mac", "seal"])
    return event


@contextmanager
def locked() -> Iterator[AuditChain]:
    """The chain's head, in a transaction, with everybody else waiting. The first caller founds the chain."""
    with transaction.atomic(savepoint=False):
        head = AuditChain.objects.select_for_update().first()
        yield head if head is not None else _found()


def adopt_older_entries() -> int:
    """Take entries from before there was a chain into it, oldest first; returns how many. Runs after migrating."""
    if AuditChain.objects.exists() or not AuditEvent.objects.exists():
        return 0
    with locked() as head:
        return head.position


def _found() -> AuditChain:
    """Make the head. Two at once: the second waits for the first one's row, then finds it."""
    key = crypto.random_key()
    first = AuditChain(
        sealed_key=keys.seal_for_server(key, bound_to=_BOUND_TO), mac=START, seal=head_seal(key, 0, START)
    )
    AuditChain.objects.bulk_create([first], ignore_conflicts=True)
    head = AuditChain.objects.select_for_update().get()
    if head.position == 0:
        _adopt(head)
    return head


def _adopt(head: AuditChain) -> None:
    key = key_of(head)
    for event in AuditEvent.objects.filter(position=None).order_by("created_at", "id").iterator(chunk_size=_COPY):
        _link(head, key, event)
        event.save(update_fields=["position", "previous", "mac"])
    head.save(update_fields=["position", "mac", "seal"])


def _link(head: AuditChain, key: bytes, event: AuditEvent) -> None:
    event.position, event.previous = head.position + 1, bytes(head.mac)
    event.mac = entry_mac(key, event)
    head.position, head.mac = event.position, event.mac
    head.seal = head_seal(key, head.position, head.mac)


def key_of(head: AuditChain) -> bytes:
    """The chain's key. Raises SealBroken when the server's keys are other ones."""
    return _opened(bytes(head.sealed_key))


@lru_cache(maxsize=4)
def _opened(sealed: bytes) -> bytes:
    return keys.open_for_server(sealed, bound_to=_BOUND_TO)


def reseal() -> int:
    """Seal the chain's key under the newest server key, when the master key is rotated; the chain stays as it is."""
    head = AuditChain.objects.select_for_update().first()
    if head is None:
        return 0
    head.sealed_key = keys.seal_for_server(key_of(head), bound_to=_BOUND_TO)
    head.save(update_fields=["sealed_key"])
    return 1


def fingerprint(key: bytes, email: str) -> str:
    """What is stored of an e-mail address: the same for the same address, meaningless without the key."""
    if not email:
        return ""
    return crypto.keyed_hash(key, "email", normalise_email(email)).hex()[:32]


def fingerprint_of(email: str) -> str:
    """The fingerprint under which events of this address are stored, or an empty string before the first one."""
    head = AuditChain.objects.first()
    return fingerprint(key_of(head), email) if head is not None else ""


def entry_mac(key: bytes, event: AuditEvent) -> bytes:
    """HMAC-SHA256 of the entry before and this one's canonical JSON. The place follows from the entry before."""
    return hmac.digest(key, bytes(event.previous or b"") + canonical_json(event), hashlib.sha256)


def canonical_json(event: AuditEvent) -> bytes:
    """Everything that an entry says, in one spelling whatever the database did to it."""
    said = {
        "format": _FORMAT,
        "id": str(event.id),
        "actor": str(event.actor_id) if event.actor_id else None,
        "email": event.email_fingerprint,
        "action": event.action,
        "result": event.result,
        "object": [event.object_type, event.object_id],
        "address": event.address,
        "agent": event.agent,
        "request": event.request_id,
        "details": _numbers_alike(event.details),
        "at": event.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def _numbers_alike(value: Any) -> Any:
    """1.0 and 1e0 are 1: PostgreSQL keeps the number and not how it was written."""
    if isinstance(value, dict):
        return {name: _numbers_alike(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_numbers_alike(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def head_seal(key: bytes, position: int, mac: bytes) -> bytes:
    """Seals where the chain ends."""
    return crypto.keyed_hash(key, "head", str(position), mac.hex())


def checkpoint_seal(key: bytes, position: int, mac: bytes, removed: int) -> bytes:
    """Seals where the chain begins."""
    return crypto.keyed_hash(key, "checkpoint", str(position), mac.hex(), str(removed))


def newest_checkpoint() -> AuditCheckpoint | None:
    """Where the chain begins, or None while nothing was ever removed."""
    return AuditCheckpoint.objects.order_by("-position").first()
