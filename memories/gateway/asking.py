"""A question to a model of the person's, with their memories: what is sent, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import h11
import httpcore
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import User
from accounts.scopes import Access
from memories.context import target_for
from memories.gateway import answering
from memories.gateway.admission import Caller, Upstream, caller_of
from memories.gateway.afterwards import afterwards
from memories.gateway.credentials import key_header
from memories.gateway.dialects import AnthropicMessages, Asked, Dialect, GeminiContent, OpenAIChat, Reply
from memories.gateway.dialects.dialect import JsonObject
from memories.gateway.event_stream import EventStream
from memories.gateway.forwarding import Destination, sent
from memories.gateway.holding import hold, release
from memories.gateway.recording import Exchanged, record
from memories.gateway.refusals import GatewayRefused, ModelRefused, NoModelServer
from memories.gateway.relaying.calls import Call, Ending, Header, Outcome, Refusal
from memories.gateway.relaying.loop import relays
from memories.gateway.relaying.sinks import QueueSink, Sink
from memories.gateway.remembering import Remembered, new_call, remembered_for
from memories.gateway.routing import joined
from memories.gateway.trying import said_in
from memories.gateway.wishes import Wishes
from memories.models import GatewayCall
from memshadow.lib.errors import MemshadowError, Unavailable
from memshadow.lib.net import OutboundRefused

_SPEAKS = {"anthropic": "anthropic", "google": "google"}  # a target's provider; every other speaks as OpenAI does


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which model. `wishes` say what memory does, and which stored server is meant."""

    prompt: str
    model: str
    system: str
    wishes: Wishes
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """A question on its way: its memories, and the request that carries both."""

    caller: Caller
    question: Question
    upstream: Upstream
    dialect: Dialect
    asked: Asked
    call: GatewayCall
    remembered: Remembered
    request: Call

    @property
    def conversation_id(self) -> str | None:
        """Where both sides will be found; None when they are not remembered."""
        chat = self.remembered.chat
        return str(chat.id) if chat is not None and self.call.conversation_id else None

    def finished(self, outcome: Outcome) -> None:
        """Store both sides and what they cost."""
        caller, question = self.caller, self.question
        done = Exchanged(
            caller.owner_id,
            self.dialect,
            self.asked,
            question.wishes,
            caller.may_write,
            self.call,
            self.remembered,
            outcome,
        )
        afterwards.add(lambda: record(done))

    def refusal(self, ending: Ending) -> Refusal:
        """What is answered when the server gives nothing."""
        what = "does not answer in time" if ending is Ending.TIMED_OUT else "cannot be reached"
        host = urlsplit(self.upstream.base_url).netloc
        error = {"error": {"message": f"The model's server at {host} {what}."}}
        return Refusal(504 if ending is Ending.TIMED_OUT else 502, json.dumps(error).encode())


def prepared(access: Access, question: Question) -> Asking:
    """The question with its memories, ready to be sent.

    Raises NoModelServer, GatewayRefused, UsedUp, Unavailable, and ValidationFailed for an unknown strategy.
    """
    if relays.running >= settings.GATEWAY_STREAMS_MAX:
        raise Unavailable("Too many answers are under way; try again in a moment.", retry_after_s=5)
    caller = caller_of(access)
    upstream = _upstream(access.owner, caller, question)
    dialect, path, body = _worded(access.owner, upstream.provider, question)
    asked = dialect.read(body)
    host = urlsplit(upstream.base_url).netloc
    call = new_call(caller, dialect=dialect.name, upstream=host, model=question.model)
    remembered = remembered_for(caller, asked, question.wishes, call)
    changed = dialect.with_block(body, remembered.block) if remembered.block else None
    try:
        request = _request(upstream, path, changed or body, question)
    except MemshadowError:
        afterwards.add(partial(release, call))  # it does not go on, and is not under way
        raise
    if caller.limited:
        hold(call, asked, memory_tokens=remembered.tokens, size_bytes=len(request.body))
    return Asking(caller, question, upstream, dialect, asked, call, remembered, request)


def whole_answer(asking: Asking) -> Reply:
    """The answer once it is there. Raises ModelRefused for what the server refuses or does not answer."""
    sink = QueueSink()
    relays.start(asking.request, sink, extra=[], refusal=asking.refusal, finished=asking.finished)
    try:
        status, _ = sink.wait_head()
        content = b"".join(sink.pieces())
    except BrokenPipeError as error:
        raise ModelRefused("The model's server broke off before its answer was whole.") from error
    if not 200 <= status < 300:
        raise refused(status, content)
    return asking.dialect.reply(content, streamed=False)


def streamed_answer(
    request: HttpRequest,
    asking: Asking,
    *,
    first: dict[str, Any],
    last: Callable[[Reply], dict[str, Any]],
    problem: Callable[[ModelRefused], bytes],
) -> HttpResponseBase:
    """The answer as events while it comes; holds no thread. `problem` words a refusal for the client."""

    def through(sink: Sink) -> Sink:
        return EventStream(
            sink,
            asking.dialect,
            first=first,
            last=last,
            refused=lambda status, body: (ModelRefused.status, problem(refused(status, body))),
        )

    return answering.answer(
        request, asking.request, extra=[], refusal=asking.refusal, finished=asking.finished, through=through
    )


def refused(status: int, body: bytes) -> ModelRefused:
    """What a model server's error means for who asked here."""
    message = f"The model's server answers with status {status}{said_in(body)}."
    return ModelRefused(message, upstream_status=status)


def _upstream(owner: User, caller: Caller, question: Question) -> Upstream:
    provider = _SPEAKS.get(target_for(owner, question.model).provider, "openai")
    found = caller.upstream(provider, question.wishes.upstream)
    if found is None:
        raise NoModelServer(
            f"No server is stored that has the model {question.model[:80]}: add one that speaks the API of "
            f"{provider} under Gateway in the dashboard, or name one as `upstream`."
        )
    return found


def _worded(owner: User, provider: str, question: Question) -> tuple[Dialect, str, JsonObject]:
    """The request in the language of a provider: its dialect, its path, its body."""
    said = [{"role": "user", "content": question.prompt}]
    if provider == "anthropic":
        most = min(target_for(owner, question.model).output, settings.CONTEXT_RESERVE_TOKENS)
        body: JsonObject = {"model": question.model, "max_tokens": most, "messages": said}
        body |= {"system": question.system} if question.system else {}
        return AnthropicMessages(), "/v1/messages", body | ({"stream": True} if question.streamed else {})
    if provider == "google":
        verb = "streamGenerateContent" if question.streamed else "generateContent"
        body = {"contents": [{"role": "user", "parts": [{"text": question.prompt}]}]}
        body |= {"systemInstruction": {"parts": [{"text": question.system}]}} if question.system else {}
        path = f"/v1beta/models/{quote(question.model, safe='')}:{verb}"
        return GeminiContent(question.model, streamed=question.streamed), path, body
    system = [{"role": "system", "content": question.system}] if question.system else []
    body = {"model": question.model, "messages": [*system, *said]}
    body |= {"stream": True, "stream_options": {"include_usage": True}} if question.streamed else {}
    return OpenAIChat(), "/v1/chat/completions", body


def _request(upstream: Upstream, path: str, body: JsonObject, question: Question) -> Call:
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers: list[Header] = [
        (b"Content-Type", b"application/json"),
        (b"Accept", b"text/event-stream" if question.streamed else b"application/json"),
        (b"Accept-Encoding", b"identity"),
        (b"Content-Length", str(len(raw)).encode()),
        *key_header(upstream.provider, upstream.api_key),
    ]
    if upstream.provider == "anthropic":
        headers.append((b"anthropic-version", b"2023-06-01"))
    destination = Destination(joined(upstream.base_url, path), upstream.provider, upstream.api_key)
    query = "alt=sse" if question.streamed and upstream.provider == "google" else ""
    try:
        return sent(destination, "POST", headers, raw, query=query)
    except httpcore.ConnectError as error:
        raise Unavailable(f"{error}; check the address of the model's server.") from error
    except OutboundRefused as error:
        raise GatewayRefused(error.message) from error
    except (ValueError, h11.LocalProtocolError) as error:
        raise GatewayRefused("The address of this model's server cannot be used.") from error
