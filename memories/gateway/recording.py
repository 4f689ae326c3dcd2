"""After a chat had its answer: both sides become turns of a conversation, and what it cost is noted."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from memories.context import count_tokens, strip_injected
from memories.drafts import ConversationRef, MemoryDraft
from memories.gateway.chats import SOURCE, Chat, chat_of, prompt_key, reply_key
from memories.gateway.dialects import Asked, Dialect, Reply, Said
from memories.gateway.holding import tokens_sent
from memories.gateway.prices import cost_microusd
from memories.gateway.relaying.calls import Outcome
from memories.gateway.remembering import Remembered
from memories.gateway.wishes import Wishes
from memories.models import GatewayCall, Kind
from memories.services.capture import capture_memories
from memories.services.conversations import open_conversation
from memshadow.lib.row_wall import confine

_HISTORY_MAX = 200  # turns of a chat that began elsewhere
_CAPTURED_STATUSES = range(200, 300)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A request, what memory did for it, and what was answered. The asked words are as the client sent them."""

    owner_id: UUID
    dialect: Dialect
    asked: Asked
    wishes: Wishes
    may_write: bool
    call: GatewayCall
    remembered: Remembered
    outcome: Outcome


def record(done: Exchanged) -> None:
    """Store it; doing so twice changes nothing. Raises DatabaseError while there is no database."""
    owner = User.objects.filter(id=done.owner_id, is_active=True).first()
    if owner is None:
        return
    confine(owner.id)
    reply = reply_of(done)
    with transaction.atomic():
        if _is_captured(done, owner):
            chat = done.remembered.chat or chat_of(owner, done.asked, done.wishes.conversation)
            _capture(owner, done, chat, reply)
        _note(owner, done, reply)


def reply_of(done: Exchanged) -> Reply:
    """What was answered, as far as it came."""
    content = _unzipped(done.outcome)
    return done.dialect.reply(content, streamed=done.asked.streamed) if content else Reply()


def _is_captured(done: Exchanged, owner: User) -> bool:
    wanted = done.may_write and owner.may_write and done.wishes.writes and bool(done.asked.said)
    return wanted and done.outcome.status in _CAPTURED_STATUSES


def _capture(owner: User, done: Exchanged, chat: Chat, reply: Reply) -> None:
    drafts = list(_drafts(done, chat, reply))
    if not drafts:
        return
    model = reply.model or done.asked.model
    ref = ConversationRef(id=chat.id, external_id=chat.external_id, title=_title(drafts[0].content), model=model)
    conversation = open_conversation(owner=owner, ref=ref, source=SOURCE, persona_id=done.remembered.persona_id)
    done.call.conversation_id = conversation
    inside = ConversationRef(id=conversation)
    capture_memories(owner=owner, drafts=[replace(draft, conversation=inside) for draft in drafts])


def _drafts(done: Exchanged, chat: Chat, reply: Reply) -> Iterator[MemoryDraft]:
    """What is new in this request, and the answer. Of a chat that began elsewhere, all that it holds."""
    said, prompt_at = done.asked.said, len(done.asked.until_prompt) - 1
    begin = max(0, prompt_at) if chat.known or done.asked.goes_on else max(0, len(said) - _HISTORY_MAX)
    turns = list(enumerate(said))[begin:]
    if reply.text:
        turns.append((len(said), Said("assistant", reply.text)))
    for place, one in turns:
        text = strip_injected(one.text).strip()
        if text:
            yield _turn(done, place, replace(one, text=text), reply)


def _turn(done: Exchanged, place: int, one: Said, reply: Reply) -> MemoryDraft:
    digest = hashlib.sha256(" ".join(one.text.split()).encode("utf-8", "replace")).hexdigest()[:24]
    answers = one.role == "assistant"
    limit = settings.MEMORY_MAX_BYTES
    return MemoryDraft(
        content=one.text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore"),
        kind=Kind.TURN,
        role=one.role,
        author=(reply.model or done.asked.model)[:200] if answers else "",
        source=SOURCE,
        external_id=f"{place}:{one.role}:{digest}:{done.asked.previous}"[:500],
        persona_id=done.remembered.persona_id,
    )


def _note(owner: User, done: Exchanged, reply: Reply) -> None:
    call, asked, outcome = done.call, done.asked, done.outcome
    model = reply.model or asked.model
    read, written = _tokens(done, reply)
    said = (*asked.said, Said("assistant", reply.text)) if reply.text else asked.said
    call.model = model[:120]
    call.status, call.ending = outcome.status, outcome.ending
    call.memories_used, call.memory_tokens = done.remembered.memories, done.remembered.tokens
    call.memory_state = done.remembered.state
    call.input_tokens, call.output_tokens = read, written
    call.estimated = outcome.status in _CAPTURED_STATUSES and (
        reply.input_tokens is None or reply.output_tokens is None
    )
    call.cost_microusd = cost_microusd(model, read, written)
    call.first_byte_ms, call.took_ms = round(outcome.first_byte_s * 1000), round(outcome.took_s * 1000)
    call.prompt_key = prompt_key(owner, asked)
    # A server that keeps the turns is asked by the answer's id; every other client sends all that was said.
    kept_there = done.dialect.name == "openai-responses" and reply.id and (asked.previous or not _repeats(asked))
    call.reply_key = reply_key(owner, (), answer_id=reply.id) if kept_there else reply_key(owner, said)
    call.save()


def _repeats(asked: Asked) -> bool:
    """Whether the client sends the turns before along."""
    return any(one.role == "assistant" for one in asked.said)


def _tokens(done: Exchanged, reply: Reply) -> tuple[int, int]:
    """Tokens read and written: the server's own count, else an estimate of what passed. An error costs nothing."""
    if done.outcome.status not in _CAPTURED_STATUSES:
        return 0, 0
    read, written = reply.input_tokens, reply.output_tokens
    if read is None:
        read = tokens_sent(done.asked, done.remembered.tokens)
    return read, count_tokens(reply.text, done.asked.model) if written is None else written


def _title(text: str) -> str:
    """A conversation is called by how it begins."""
    first = " ".join(text.split())
    return first if len(first) <= 80 else first[:79].rpartition(" ")[0] + "…"


def _unzipped(outcome: Outcome) -> bytes:
    """The content, as far as it can be unpacked: an answer that broke off is worth what came of it."""
    encoding = next((value for name, value in outcome.headers if name.lower() == b"content-encoding"), b"identity")
    if encoding.lower() not in (b"gzip", b"x-gzip", b"deflate"):
        return outcome.content
    unpacking = zlib.decompressobj(wbits=47)
    try:
        return unpacking.decompress(outcome.content, 64 * 1024**2)
    except zlib.error:
        return b""
