"""One request through the gateway: who asks, what they remember, on to the other server, and what becomes of it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import h11
import httpcore
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from memories.gateway import answering
from memories.gateway.admission import Caller, admit, recalled
from memories.gateway.afterwards import afterwards
from memories.gateway.credentials import OWN_HEADER, credentials_of
from memories.gateway.deadline import deadline
from memories.gateway.dialects import Asked
from memories.gateway.dialects.dialect import JsonObject
from memories.gateway.forwarding import Destination, call_of, destination_of
from memories.gateway.holding import hold, release
from memories.gateway.recording import Exchanged, record
from memories.gateway.refusals import GatewayRefused, NotKnownNow
from memories.gateway.relaying.calls import Call, Ending, Header, Outcome, Refusal
from memories.gateway.relaying.loop import relays
from memories.gateway.remembering import FAILED, OFF, Remembered, new_call, remembered_for, unplaced
from memories.gateway.routing import Route
from memories.gateway.wishes import Wishes, wishes_of
from memories.models import GatewayCall
from memshadow.lib import request_context
from memshadow.lib.errors import MemshadowError, NotAuthenticated, Unavailable, ValidationFailed
from memshadow.lib.net import OutboundRefused

logger = logging.getLogger(__name__)

_TROUBLES = {
    Ending.TIMED_OUT: (504, "does not answer in time"),
    Ending.UNREACHABLE: (502, "cannot be reached"),
    Ending.UPSTREAM_BROKE: (502, "ended the connection before it answered"),
}


@dataclass(frozen=True, slots=True)
class _Ready:
    """What is known once a request may go on."""

    caller: Caller
    wishes: Wishes
    destination: Destination
    asked: Asked
    call: GatewayCall
    remembered: Remembered


def serve(request: HttpRequest, route: Route) -> HttpResponseBase:
    """Pass a request on and its answer back. Raises MemshadowError for what the gateway itself refuses."""
    until = time.monotonic() + settings.GATEWAY_MEMORY_S
    if relays.running >= settings.GATEWAY_STREAMS_MAX:
        raise Unavailable("Too many answers are under way; try again in a moment.", retry_after_s=5)
    raw, body = request.body, _json(request)
    ready = _ready(request, route, body, until)
    if ready.remembered.block and body is not None:
        changed = _with_block(route, body, ready.remembered.block)
        raw = changed or raw
        ready = ready if changed else replace(ready, remembered=unplaced(ready.remembered))
    try:
        call = _call(request, ready.destination, raw)
    except MemshadowError:
        afterwards.add(partial(release, ready.call))  # it does not go on, and is not under way
        raise
    if ready.caller.limited and request.method == "POST":
        _hold(ready, len(raw), until)
    return answering.answer(
        request,
        call,
        extra=_told(ready),
        refusal=partial(_refusal, route, ready.destination),
        finished=_finished(request, route, ready),
    )


def _call(request: HttpRequest, destination: Destination, raw: bytes) -> Call:
    try:
        return call_of(request, destination, raw)
    except httpcore.ConnectError as error:
        raise Unavailable(f"{error}; check the address of the model's server.") from error
    except OutboundRefused as error:
        raise GatewayRefused(error.message) from error
    except (ValueError, h11.LocalProtocolError) as error:
        raise GatewayRefused("The address or a header of this request cannot be passed on.") from error


def _json(request: HttpRequest) -> JsonObject | None:
    try:
        found = json.loads(request.body) if request.body else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _ready(request: HttpRequest, route: Route, body: JsonObject | None, until: float) -> _Ready:
    wishes, key = wishes_of(request), credentials_of(request).ours
    if not key:
        raise NotAuthenticated(
            f"Send a key of this server: in {OWN_HEADER} beside the model server's own key, or as the API key when "
            "the model server's is stored here (Gateway in the dashboard)."
        )
    caller = _caller(request, key, until)
    destination = destination_of(route, caller, wishes)
    asked = route.dialect.read(body) if body is not None else Asked()
    call = new_call(caller, dialect=route.dialect.name, upstream=destination.host, model=asked.model)
    remembered = _remembered(caller, asked, wishes, call, until) if asked.said else Remembered(OFF, "nothing-said")
    return _Ready(caller, wishes, destination, asked, call, remembered)


def _caller(request: HttpRequest, key: str, until: float) -> Caller:
    """The caller, from the database or, while that is away, from memory. Raises NotKnownNow for a stranger then."""
    try:
        return deadline.within(until - time.monotonic(), lambda: admit(request, key))
    except (DatabaseError, InterfaceError, TimeoutError) as error:
        if (known := recalled(key)) is not None:
            return known
        logger.warning("A key cannot be checked: %s", type(error).__name__)
        raise NotKnownNow("The database does not answer, so your key cannot be checked; try again.") from error


def _remembered(caller: Caller, asked: Asked, wishes: Wishes, call: GatewayCall, until: float) -> Remembered:
    """What memory has to say within the time; else the chat goes on without it."""
    if caller.owner is None:
        return Remembered(FAILED, "database")
    try:
        return deadline.within(until - time.monotonic(), lambda: remembered_for(caller, asked, wishes, call))
    except TimeoutError:
        return Remembered(FAILED, "timeout")
    except GatewayRefused:
        raise
    except Exception as error:
        if isinstance(error, ValidationFailed) and error.details.get("field") == "strategy":
            raise
        logger.warning("A chat goes on without memories: %s", type(error).__name__, exc_info=error)
        return Remembered(FAILED, "database" if isinstance(error, DatabaseError | InterfaceError) else "error")


def _hold(ready: _Ready, size_bytes: int, until: float) -> None:
    """Count the call against its person's limits before it ends; while the database is away it counts afterwards."""
    tokens = ready.remembered.tokens
    try:
        deadline.within(
            until - time.monotonic(),
            lambda: hold(ready.call, ready.asked, memory_tokens=tokens, size_bytes=size_bytes),
        )
    except (DatabaseError, InterfaceError, TimeoutError) as error:
        logger.warning("A call under way is not counted: %s", type(error).__name__)


def _with_block(route: Route, body: JsonObject, block: str) -> bytes | None:
    changed = route.dialect.with_block(body, block)
    if changed is None:
        return None
    return json.dumps(changed, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _told(ready: _Ready) -> list[Header]:
    """What the client is told about memory, in headers beside the other server's."""
    known = ready.remembered
    told: dict[str, Any] = {
        "X-Memshadow-Memory": f"{known.state}; reason={known.why}" if known.why else known.state,
        "X-Memshadow-Memories": known.memories,
        "X-Memshadow-Tokens": known.tokens,
        "X-Memshadow-Request-ID": request_context.current().request_id,
    }
    if known.chat is not None and ready.call.conversation_id:
        told["X-Memshadow-Conversation"] = known.chat.id
    return [(name.encode(), str(value).encode()) for name, value in told.items()]


def _refusal(route: Route, destination: Destination, ending: Ending) -> Refusal:
    status, what = _TROUBLES[ending]
    message = f"The model's server at {destination.host} {what}."
    return Refusal(status, json.dumps(route.dialect.error(status, message, f"upstream-{ending}")).encode())


def _finished(request: HttpRequest, route: Route, ready: _Ready) -> Callable[[Outcome], None]:
    def finished(outcome: Outcome) -> None:
        done = Exchanged(
            ready.caller.owner_id,
            route.dialect,
            ready.asked,
            ready.wishes,
            ready.caller.may_write,
            ready.call,
            ready.remembered,
            outcome,
        )
        afterwards.add(lambda: record(done))

    # Reading the list of models costs nothing and says nothing.
    return finished if request.method == "POST" else lambda outcome: None
