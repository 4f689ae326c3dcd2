"""Which conversation a request belongs to: named by the client, or found again by what was said before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.keys import keyring
from accounts.models import User
from memories.fingerprints import conversation_key
from memories.gateway.dialects import Asked, Said
from memories.gateway.relaying.calls import Ending
from memories.models import Conversation
from memshadow.lib.clock import now
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.ids import hashed_id, new_id

SOURCE = "gateway"
_REPEATED_WITHIN = timedelta(minutes=10)
# Asked before every chat, so written out: to have Django put them together took longer than to run them.
_LAST = """
    SELECT conversation_id FROM memories_gatewaycall WHERE owner_id = %s AND conversation_id IS NOT NULL AND {}
    ORDER BY created_at DESC LIMIT 1
"""
_ANSWERED = _LAST.format("reply_key = %s")
_ASKED = _LAST.format("prompt_key = %s")
# The answer before may be on its way to the database still.
_SAID_BEFORE = _LAST.format("(reply_key = %s OR (prompt_key = %s AND ending = ''))")
_FAILED = _LAST.format(
    "prompt_key = %s AND created_at >= %s AND ending <> '' AND (ending <> %s OR status >= 400 OR status = 0)"
)


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation's id. `known`: earlier turns went through here; `external_id` as the client calls it."""

    id: UUID
    known: bool
    external_id: str = ""


def chat_of(owner: User, asked: Asked, named: str = "") -> Chat:
    """The conversation that the request goes on with, or a new one's id."""
    if named:
        return _named(owner, named)
    found = _continued(owner, asked) or _repeated(owner, asked)
    return Chat(found, known=True) if found else Chat(new_id(), known=False)


def _named(owner: User, named: str) -> Chat:
    """By our id, or by the client's own name for it, which leads to the same id whoever asks first."""
    known = Conversation.objects.filter(owner=owner)
    if (given := _uuid(named)) is not None and known.filter(id=given).exists():
        return Chat(given, known=True)
    key = conversation_key(owner.id, SOURCE, named)
    found = known.filter(external_key=key).values_list("id", flat=True).first()
    return Chat(found, known=True) if found else Chat(hashed_id(key), known=False, external_id=named)


def _continued(owner: User, asked: Asked) -> UUID | None:
    """By the words before the prompt, or with it when tools answered since, or by the answer's id."""
    if asked.previous:
        return _last(_ANSWERED, owner, reply_key(owner, (), answer_id=asked.previous))
    if asked.goes_on:
        return _last(_ASKED, owner, prompt_key(owner, asked))
    before = asked.until_prompt[:-1]
    if not before:
        return None
    return _last(_SAID_BEFORE, owner, reply_key(owner, before), prompt_key(owner, Asked(said=before)))


def _repeated(owner: User, asked: Asked) -> UUID | None:
    """The same request again, a moment after it failed."""
    return _last(_FAILED, owner, prompt_key(owner, asked), now() - _REPEATED_WITHIN, Ending.COMPLETE.value)


def _last(statement: str, owner: User, *values: Any) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [owner.id, *values])
        found = cursor.fetchone()
    return found[0] if found else None


def prompt_key(owner: User, asked: Asked) -> bytes:
    """The keyed hash of all that was said up to the prompt; with a server that keeps the turns, of its last one too."""
    return _key(owner, "prompt", asked.until_prompt, asked.previous)


def reply_key(owner: User, said: Iterable[Said], *, answer_id: str = "") -> bytes:
    """The keyed hash of all that was said, the answer included; or of the answer's id where the server keeps it."""
    return _key(owner, "reply", said, answer_id)


def _key(owner: User, purpose: str, said: Iterable[Said], name: str = "") -> bytes:
    words = [part for one in said for part in (one.role, " ".join(one.text.split()))]
    return keyed_hash(keyring(owner.id).fingerprint_key, f"gateway-{purpose}", name, *words)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
