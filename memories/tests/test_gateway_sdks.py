"""The vendors' own SDKs talk through the gateway with servers that speak the vendors' wire formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import anthropic
import httpx
import openai
import pytest
from google import genai
from google.genai import errors as genai_errors
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.gateway.afterwards import afterwards
from memories.gateway.relaying.loop import relays
from memories.models import Conversation, GatewayCall, GatewayUpstream, Memory
from memories.services.capture import capture_memory
from tests.model_servers import ModelServer

pytestmark = pytest.mark.django_db(transaction=True)

ALLERGY = "My daughter's allergy is hazelnuts."
SCOPES = ("gateway", "memories:read", "memories:write")
PNG = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture
def models() -> Iterator[ModelServer]:
    with ModelServer().running() as server:
        yield server


@pytest.fixture
def product(live_server: LiveServer, models: ModelServer, settings: Settings) -> str:
    settings.GATEWAY_UPSTREAMS = dict.fromkeys(("openai", "anthropic", "google"), models.url)
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    settings.GATEWAY_MEMORY_S = 20.0  # a busy machine is no slow database
    settings.ALLOWED_HOSTS = ["*"]
    return live_server.url


@pytest.fixture
def key(owner: User, api_key: Callable[..., str]) -> str:
    return api_key(owner, SCOPES)


@pytest.fixture
def ours(key: str) -> dict[str, str]:
    """The header that carries our key beside the vendor's own."""
    return {"X-Memshadow-Key": key}


def turns(conversation: Conversation) -> list[tuple[str, str]]:
    rows = Memory.objects.filter(conversation=conversation).order_by("occurred_at", "id")
    return [(row.role, row.content) for row in rows]


def settled() -> None:
    relays.drain(20)
    afterwards.drain(20)


def openai_client(product: str, ours: dict[str, str]) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{product}/v1", api_key="sk-theirs", default_headers=ours, max_retries=0)


def test_openai_chat(product: str, models: ModelServer, ours: dict[str, str], owner: User) -> None:
    """Whole and streamed: both sides are turns of one conversation, the next prompt brings what was said elsewhere."""
    capture_memory(owner=owner, draft=MemoryDraft(content=ALLERGY))
    client = openai_client(product, ours)
    first = {"role": "user", "content": "What must I avoid when baking for my daughter?"}
    raw = client.chat.completions.with_raw_response.create(model="gpt-test", messages=[first])  # type: ignore[list-item]
    answer = raw.parse().choices[0].message.content
    assert answer == models.words and raw.content == models.sent
    assert (raw.headers["X-Memshadow-Memory"], raw.headers["X-Memshadow-Memories"]) == ("used", "1")
    assert int(raw.headers["X-Memshadow-Tokens"]) > 10
    sent = models.last
    assert sent.headers["authorization"] == "Bearer sk-theirs" and "x-memshadow-key" not in sent.headers
    assert ALLERGY in sent.body["messages"][0]["content"]
    assert sent.body["messages"][0]["content"].endswith(f"</memshadow-memories>\n\n{first['content']}")
    settled()

    messages: Any = [first, {"role": "assistant", "content": answer}, {"role": "user", "content": "Thank you!"}]
    with client.chat.completions.with_streaming_response.create(
        model="gpt-test", messages=messages, stream=True
    ) as streamed:
        assert b"".join(streamed.iter_bytes()) == models.sent and b"data: [DONE]" in models.sent
        assert streamed.headers["X-Memshadow-Conversation"] == raw.headers["X-Memshadow-Conversation"]
        assert streamed.headers["x-request-cost"] == "7"
    assert models.last.body["messages"][:2] == messages[:2]
    settled()
    chat = Conversation.objects.get(owner=owner)
    assert str(chat.id) == raw.headers["X-Memshadow-Conversation"] and chat.title == first["content"]
    said = [("user", first["content"]), ("assistant", answer), ("user", "Thank you!"), ("assistant", answer)]
    assert turns(chat) == said, "neither our block nor a turn twice"
    whole, stream = GatewayCall.objects.order_by("created_at")
    assert (whole.input_tokens, whole.output_tokens, whole.estimated, whole.memories_used) == (21, 9, False, 1)
    assert stream.estimated and stream.output_tokens > 5


def test_a_conversation_that_the_client_names(product: str, models: ModelServer, ours: dict[str, str]) -> None:
    """Two requests that repeat nothing of each other are one conversation, and another name is another one."""
    client = openai_client(product, ours)

    def ask(words: str, named: str) -> str:
        answer = client.chat.completions.with_raw_response.create(
            model="gpt-test",
            messages=[{"role": "user", "content": words}],
            extra_headers={"X-Memshadow-Conversation": named},
        )
        settled()
        assert not answer.headers["X-Memshadow-Memory"].startswith("failed")
        return str(answer.headers["X-Memshadow-Conversation"])

    first, second, other = ask("One", "allergies"), ask("Two", "allergies"), ask("Three", "else")
    assert first == second != other and UUID(first).version == 8
    assert [text for role, text in turns(Conversation.objects.get(id=first)) if role == "user"] == ["One", "Two"]
    assert ask("Four", first) == first, "our own id names it too"


def test_tools_and_images_pass_untouched(product: str, models: ModelServer, ours: dict[str, str], owner: User) -> None:
    capture_memory(owner=owner, draft=MemoryDraft(content="Anna lives in Oslo."))
    client = openai_client(product, ours)
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": schema}}]
    image = {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}
    asked: Any = {
        "role": "user",
        "content": [image, {"type": "text", "text": "The weather where Anna lives, in Oslo?"}],
    }
    reply = client.chat.completions.create(model="gpt-test", messages=[asked], tools=tools).choices[0].message
    sent = models.last.body
    assert sent["tools"] == tools and sent["messages"][0]["content"][0] == image
    assert "Anna lives in Oslo." in sent["messages"][0]["content"][1]["text"]
    assert sent["messages"][0]["content"][2] == asked["content"][1]
    assert reply.tool_calls is not None and reply.tool_calls[0].id == "call_1"
    results: Any = [asked, reply.model_dump(exclude_none=True)]
    results.append({"role": "tool", "tool_call_id": "call_1", "content": "4 degrees"})
    client.chat.completions.create(model="gpt-test", messages=results, tools=tools)
    assert models.last.body["messages"][1:] == results[1:]
    settled()
    chat = Conversation.objects.get(owner=owner)
    assert turns(chat) == [("user", "The weather where Anna lives, in Oslo?"), ("assistant", models.words)]


def test_openai_responses_embeddings_and_models(
    product: str, models: ModelServer, ours: dict[str, str], owner: User
) -> None:
    capture_memory(owner=owner, draft=MemoryDraft(content=ALLERGY))
    client = openai_client(product, ours)
    first = client.responses.create(model="gpt-test", input="What is my daughter's allergy?")
    assert first.output_text == models.words and ALLERGY in models.last.body["input"]
    settled()
    events = list(
        client.responses.create(model="gpt-test", input="And mine?", previous_response_id="resp_1", stream=True)
    )
    assert events[-1].type == "response.completed"
    settled()
    said = [("user", "What is my daughter's allergy?"), ("assistant", models.words)]
    assert turns(Conversation.objects.get()) == [*said, ("user", "And mine?"), ("assistant", models.words)]
    with client.responses.stream(model="gpt-test", input="In pieces?") as stream:
        assert stream.until_done().get_final_response().output_text == models.words
    settled()
    assert [model.id for model in client.models.list()] == ["gpt-test"]
    assert len(client.embeddings.create(model="text-embedding-3-small", input="x").data[0].embedding) == 2
    settled()
    assert GatewayCall.objects.get(model="text-embedding-3-small").input_tokens == 5
    assert GatewayCall.objects.count() == 4, "a list of models costs nothing"


def test_anthropic_messages(product: str, models: ModelServer, ours: dict[str, str], owner: User) -> None:
    capture_memory(owner=owner, draft=MemoryDraft(content=ALLERGY))
    client = anthropic.Anthropic(base_url=product, api_key="sk-ant", default_headers=ours, max_retries=0)
    asked: Any = {"role": "user", "content": "What should I avoid when baking for my daughter?"}
    reply = client.messages.create(model="claude-test", max_tokens=50, system="Be brief.", messages=[asked])
    assert reply.content[0].text == models.words and reply.usage.input_tokens == 25  # type: ignore[union-attr]
    assert ALLERGY in models.last.body["messages"][0]["content"] and models.last.body["system"] == "Be brief."
    result = {"type": "tool_result", "tool_use_id": "toolu_0", "content": "ok"}
    more: Any = [
        asked,
        {"role": "assistant", "content": [{"type": "text", "text": models.words}]},
        {"role": "user", "content": [result, {"type": "text", "text": "My daughter: what else?"}]},
    ]
    with client.messages.stream(model="claude-test", max_tokens=50, messages=more) as stream:
        assert stream.get_final_text() == models.words
    parts = models.last.body["messages"][2]["content"]
    assert [part["type"] for part in parts] == ["tool_result", "text", "text"] and parts[0] == result
    counted = client.messages.count_tokens(model="claude-test", messages=[asked])
    assert counted.input_tokens == 42 and models.last.body["messages"] == [asked]
    settled()
    chat = Conversation.objects.get()
    assert [role for role, _ in turns(chat)] == ["user", "assistant"] * 2
    assert {(call.input_tokens, call.output_tokens) for call in GatewayCall.objects.exclude(dialect="untouched")} == {
        (35, 12)
    }


def test_gemini(
    product: str, models: ModelServer, ours: dict[str, str], owner: User, index_all: Callable[[], int]
) -> None:
    capture_memory(owner=owner, draft=MemoryDraft(content=ALLERGY))
    client = genai.Client(api_key="g-key", http_options={"base_url": product, "headers": ours})
    chat = client.chats.create(model="gemini-test")
    assert chat.send_message("What is my daughter's allergy?").text == models.words
    assert ALLERGY in models.last.body["contents"][0]["parts"][0]["text"]
    assert models.last.headers["x-goog-api-key"] == "g-key"
    settled()
    assert "".join(part.text or "" for part in chat.send_message_stream("Thank you!")) == models.words
    assert client.models.count_tokens(model="gemini-test", contents="x").total_tokens == 11
    listed = httpx.post(  # the other form of a stream, which no SDK asks for
        f"{product}/v1beta/models/gemini-test:streamGenerateContent",
        headers=ours,
        json={"contents": [{"parts": [{"text": "Once more"}]}]},
    )
    assert listed.content == models.sent and len(listed.json()) > 3
    settled()
    first, second = Conversation.objects.order_by("created_at")
    assert [text for _, text in turns(first)] == [
        "What is my daughter's allergy?",
        models.words,
        "Thank you!",
        models.words,
    ]
    assert turns(second) == [("user", "Once more"), ("assistant", models.words)]
    index_all()
    one = {"contents": {"parts": [{"text": "What is my daughter's allergy?"}]}}  # as protocol buffers allow
    answer = httpx.post(f"{product}/v1beta/models/gemini-test:generateContent", headers=ours, json=one)
    assert answer.headers["X-Memshadow-Memory"] == "used" and ALLERGY in models.last.raw.decode()
    settled()
    with pytest.raises(genai_errors.ClientError, match="Told so: 429"):
        client.models.generate_content(model="gemini-429", contents="x")


def test_errors_of_the_server_pass_as_they_are(product: str, models: ModelServer, ours: dict[str, str]) -> None:
    chat: Any = [{"role": "user", "content": "x"}]
    client = openai_client(product, ours)
    with pytest.raises(openai.RateLimitError) as limited:
        client.chat.completions.create(model="gpt-429", messages=chat)
    assert limited.value.response.headers["Retry-After"] == "7" and limited.value.request_id == "req_openai"
    assert limited.value.response.content == models.sent
    with pytest.raises(openai.InternalServerError, match="Told so: 500"):
        client.chat.completions.create(model="gpt-500", messages=chat)
    claude = anthropic.Anthropic(base_url=product, api_key="sk-ant", default_headers=ours, max_retries=0)
    with pytest.raises(anthropic.APIStatusError) as overloaded:
        claude.messages.create(model="claude-529", max_tokens=5, messages=chat)
    assert overloaded.value.status_code == 529 and overloaded.value.response.content == models.sent
    # Django's test server cannot show that an answer broke off; tests/faults/test_gateway_product.py sees it.
    list(client.chat.completions.create(model="gpt-drop", messages=chat, stream=True))
    settled()
    assert [call.ending for call in GatewayCall.objects.order_by("created_at")][-1] == "upstream_broke"
    half = Memory.objects.get(role="assistant").content
    assert half and models.words.startswith(half) and half != models.words
    assert Memory.objects.count() == 2, "what a server refused was not said"


def test_a_server_that_is_silent_or_away(
    product: str, models: ModelServer, ours: dict[str, str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memories.gateway.relaying.exchange._LOOK_S", 0.05)
    settings.GATEWAY_SILENCE_S = 0.1
    client, chat = openai_client(product, ours), [{"role": "user", "content": "x"}]
    with pytest.raises(openai.InternalServerError, match="does not answer in time") as late:
        client.chat.completions.create(model="gpt-silent", messages=chat)  # type: ignore[arg-type]
    assert late.value.status_code == 504
    settings.GATEWAY_UPSTREAMS = {"openai": "http://127.0.0.1:1"}
    with pytest.raises(openai.InternalServerError, match="cannot be reached") as away:
        client.chat.completions.create(model="gpt-test", messages=chat)  # type: ignore[arg-type]
    assert (away.value.status_code, away.value.code) == (502, "upstream-unreachable")


def test_keys_in_every_place(
    product: str, models: ModelServer, key: str, ours: dict[str, str], owner: User, api_key: Callable[..., str]
) -> None:
    """Our key as the API key, with the server's stored here; its own header; none; without the scope; to any server."""
    row = GatewayUpstream(owner=owner, name="Work", provider="openai", base_url=f"{models.url}/v1")
    row.api_key = "sk-stored"
    row.save()
    chat: Any = [{"role": "user", "content": "x"}]
    for base in (f"{product}/v1", f"{product}/gateway/{models.url}/v1"):
        client = openai.OpenAI(base_url=base, api_key=key, max_retries=0)
        client.chat.completions.create(model="gpt-test", messages=chat)
        assert models.last.path == "/v1/chat/completions"
        assert models.last.headers["authorization"] == "Bearer sk-stored"
        assert key not in json.dumps(models.last.headers)
    openai_client(product, ours).chat.completions.create(model="gpt-test", messages=chat)
    assert models.last.headers["authorization"] == "Bearer sk-theirs", "what the client sends counts"
    other_server = models.url.replace("127.0.0.1", "127.0.0.2")
    elsewhere = openai.OpenAI(base_url=f"{product}/gateway/{other_server}/v1", api_key=key, max_retries=0)
    with pytest.raises(openai.BadRequestError, match="no public address"):
        elsewhere.chat.completions.create(model="gpt-test", messages=chat)
    asked = len(models.seen)
    for wrong in ("sk-x", "msh_wrong"):
        with pytest.raises(openai.AuthenticationError):
            openai.OpenAI(base_url=f"{product}/v1", api_key=wrong, max_retries=0).models.list()
    with pytest.raises(openai.PermissionDeniedError, match="scope gateway"):
        openai.OpenAI(base_url=f"{product}/v1", api_key=api_key(owner), max_retries=0).models.list()
    with pytest.raises(anthropic.AuthenticationError):
        anthropic.Anthropic(base_url=product, api_key="none", max_retries=0).models.list()
    assert len(models.seen) == asked, "a stranger reaches no server"
