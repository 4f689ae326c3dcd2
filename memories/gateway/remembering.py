"""Before a request goes on: its conversation, and the memories that it needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from accounts.models import User
from memories.context import ContextRequest, PreparedContext, prepare
from memories.gateway.admission import Caller
from memories.gateway.chats import Chat, chat_of, prompt_key
from memories.gateway.dialects import Asked
from memories.gateway.refusals import GatewayRefused
from memories.gateway.wishes import Wishes
from memories.models import Conversation, GatewayCall, Via
from memshadow.lib.ids import new_id
from memshadow.lib.row_wall import confine
from memshadow.lib.unhurried import insert
from personas.models import Persona
from personas.selectors import personas_for

USED, NONE, OFF, FAILED = "used", "none", "off", "failed"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What memory has to say about a request. `state` says in one word how it went, `why` in a few."""

    state: str
    why: str = ""
    block: str = ""
    memories: int = 0
    tokens: int = 0
    chat: Chat | None = None
    persona_id: UUID | None = None
    call_id: UUID | None = None
    context: PreparedContext | None = None


def remembered_for(caller: Caller, asked: Asked, wishes: Wishes, call: GatewayCall) -> Remembered:
    """The memories for this request; its call is noted, so that the next one finds its conversation.

    Raises GatewayRefused for a persona or strategy that does not exist, and whatever goes wrong with the database.
    """
    owner = caller.owner
    if owner is None:
        return Remembered(FAILED, "database")
    confine(owner.id)
    persona_id = _persona(owner, wishes.persona)
    chat = chat_of(owner, asked, wishes.conversation)
    call.conversation_id = chat.id if caller.may_write and wishes.writes else None
    call.prompt_key = prompt_key(owner, asked)
    _note(call)
    known = Remembered(OFF, chat=chat, persona_id=persona_id, call_id=call.id)
    if not wishes.reads or not caller.may_read:
        return _with(known, OFF, "asked" if caller.may_read else "scope")
    if not asked.prompt.strip():
        return _with(known, NONE, "no-prompt")
    found = _prepared(owner, asked, wishes, chat, persona_id)
    if not found.block:
        return replace(_with(known, NONE), context=found)
    return Remembered(USED, "", found.block, len(found.used), found.tokens.memories, chat, persona_id, call.id, found)


def _note(call: GatewayCall) -> None:
    """Store the call for the next request to find. The chat waits for it, so it does not wait for the disk."""
    fields = GatewayCall._meta.concrete_fields
    insert(GatewayCall._meta.db_table, [(str(field.column), getattr(call, field.attname)) for field in fields])
    call._state.adding = False  # saving it once more changes this row


def new_call(caller: Caller, *, dialect: str, upstream: str, model: str) -> GatewayCall:
    """A call's row, not stored yet."""
    return GatewayCall(
        id=new_id(),
        owner_id=caller.owner_id,
        api_key_id=caller.key_id,
        dialect=dialect,
        upstream=upstream[:255],
        model=model[:120],
    )


def unplaced(known: Remembered) -> Remembered:
    """The same when the request has no place for the block: nothing goes along, and nothing else is said."""
    return _with(known, NONE, "no-place")


def _with(known: Remembered, state: str, why: str = "") -> Remembered:
    return Remembered(state, why, chat=known.chat, persona_id=known.persona_id, call_id=known.call_id)


def _prepared(owner: User, asked: Asked, wishes: Wishes, chat: Chat, persona_id: UUID | None) -> PreparedContext:
    said = [one.text for one in asked.said]
    stored = chat.known and Conversation.objects.filter(owner=owner, id=chat.id).exists()
    return prepare(
        owner,
        ContextRequest(
            prompt=asked.prompt,
            model=asked.model,
            persona=persona_id,
            conversation=chat.id if stored else None,
            strategy=wishes.strategy,
            budget=wishes.budget,
            system=asked.system,
            history=said,
            format="openai-chat",  # only the block is taken, and it is the target's in every format
            history_tokens=sum(map(len, said)) // 3,
            via=Via.GATEWAY,
        ),
    )


def _persona(owner: User, named: str) -> UUID | None:
    if not named:
        return None
    found = next((one for one in personas_for(owner) if _is_named(one, named)), None)
    if found is None:
        raise GatewayRefused(f"You have no persona “{named[:60]}”.")
    return found.id


def _is_named(persona: Persona, named: str) -> bool:
    return named.casefold() in (persona.name.casefold(), str(persona.id))
