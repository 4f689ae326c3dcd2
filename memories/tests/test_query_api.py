"""POST /query: a stored model is asked with memories, whole and as events, and says clearly what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.gateway.afterwards import afterwards
from memories.gateway.relaying.loop import relays
from memories.gateway.upstreams import add_upstream
from memories.models import Conversation, GatewayCall, GatewayLimit, Memory
from memories.services.capture import capture_memory
from tests.api_client import ApiClient
from tests.model_servers import ModelServer

pytestmark = pytest.mark.django_db(transaction=True)

ALLERGY = "My daughter's allergy is hazelnuts."
ASKED = "What is my daughter's allergy?"
SERVERS = {"openai": "gpt-4o-mini", "anthropic": "claude-sonnet-4-5", "google": "gemini-2.5-pro"}
SCOPES = ("gateway", "memories:read", "memories:write")


@pytest.fixture
def models(settings: Settings, owner: User) -> Iterator[ModelServer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with ModelServer().running() as server:
        for provider in SERVERS:
            add_upstream(
                owner=owner, name=f"My {provider}", provider=provider, base_url=server.url, api_key=f"key-of-{provider}"
            )
        yield server


@pytest.fixture
def api(owner: User) -> ApiClient:
    capture_memory(owner=owner, draft=MemoryDraft(content=ALLERGY))
    return ApiClient(owner, SCOPES)


def settled() -> None:
    relays.drain(20)
    afterwards.drain(20)


def events(answer: Any) -> list[tuple[str, dict[str, Any]]]:
    assert answer["Content-Type"].startswith("text/event-stream")
    found = [part.split("\n") for part in b"".join(answer.streaming_content).decode().split("\n\n") if part]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in found]


@pytest.mark.parametrize("provider", SERVERS)
def test_a_whole_answer(api: ApiClient, models: ModelServer, owner: User, provider: str) -> None:
    asked = {"prompt": ASKED, "model": SERVERS[provider], "system": "Be brief."}
    answer = api.post("/query", asked)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["answer"], told["upstream"]) == (models.words, f"My {provider}")
    assert len(told["used"]) == 1 and told["used"][0]["tokens"] > 0 and told["tokens"]["memories"] > 0
    assert told["tokens"]["input"] and told["tokens"]["output"] and told["strategy_reason"]
    sent = models.last
    assert ALLERGY in sent.raw.decode() and "Be brief." in sent.raw.decode()
    assert f"key-of-{provider}" in str(sent.headers) and api.key not in str(sent.headers)
    settled()
    chat = Conversation.objects.get(owner=owner)
    assert str(chat.id) == told["conversation_id"]
    turns = Memory.objects.filter(conversation=chat).order_by("occurred_at", "id")
    assert [(row.role, row.content) for row in turns] == [("user", ASKED), ("assistant", models.words)]
    call = GatewayCall.objects.get()
    assert (call.memories_used, call.input_tokens, call.ending) == (1, told["tokens"]["input"], "complete")


@pytest.mark.parametrize("provider", SERVERS)
def test_the_answer_as_events(api: ApiClient, models: ModelServer, provider: str) -> None:
    heard = events(api.post("/query", {"prompt": ASKED, "model": SERVERS[provider], "stream": True}))
    assert heard[0][0] == "memories" and len(heard) > 4
    assert len(heard[0][1]["used"]) == 1 and heard[0][1]["conversation_id"]
    words = [data["text"] for name, data in heard if name == "words"]
    assert "".join(words) == models.words == heard[-1][1]["answer"]
    assert (heard[-1][0], heard[-1][1]["tokens"]["memories"] > 0) == ("done", True)
    settled()
    assert Memory.objects.filter(role="assistant").get().content == models.words


def test_events_of_a_server_that_breaks_off_or_refuses(api: ApiClient, models: ModelServer) -> None:
    heard = events(api.post("/query", {"prompt": "x", "model": "gpt-drop", "stream": True}))
    assert heard[-1][0] == "error" and "broke off" in heard[-1][1]["detail"]
    refused = api.post("/query", {"prompt": "x", "model": "gpt-429", "stream": True})
    assert (refused.status_code, refused["Content-Type"]) == (502, "application/problem+json")
    problem = json.loads(b"".join(refused.streaming_content))
    assert problem["code"] == "model-server-refused" and "Told so: 429" in problem["detail"]


def test_what_goes_wrong_is_said(api: ApiClient, models: ModelServer, owner: User, other: User) -> None:
    refused = api.post("/query", {"prompt": "x", "model": "gpt-500"})
    assert (refused.status_code, refused.json()["upstream_status"]) == (502, 500)
    assert "Told so: 500" in refused.json()["detail"]
    unknown = api.post("/query", {"prompt": "x", "model": "gpt-test", "upstream": "Nowhere"})
    assert unknown.status_code == 400 and "Nowhere" in unknown.json()["detail"]
    assert api.post("/query", {"prompt": "x", "model": "gpt-test", "persona": "Nobody"}).status_code == 400
    assert api.post("/query", {"prompt": "x", "model": "gpt-test", "strategy": "odd"}).status_code == 422
    assert api.post("/query", {"prompt": "x"}).status_code == 422
    nothing = ApiClient(other, SCOPES).post("/query", {"prompt": "x", "model": "gpt-test"})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "no-model-server")
    assert "under Gateway in the dashboard" in nothing.json()["detail"]
    for scopes in (("gateway",), ("memories:read",)):
        assert ApiClient(owner, scopes).post("/query", {"prompt": "x", "model": "gpt-test"}).status_code == 403
    GatewayLimit.objects.create(owner=owner, tokens_a_day=0)
    assert api.post("/query", {"prompt": "x", "model": "gpt-test"}).json()["code"] == "usage-limit"


def test_a_question_that_is_not_remembered(api: ApiClient, models: ModelServer) -> None:
    asked = {"prompt": ASKED, "model": "gpt-test", "remember": False, "budget_tokens": 0}
    told = api.post("/query", asked).json()
    assert (told["conversation_id"], told["used"], told["tokens"]["memories"]) == (None, [], 0)
    settled()
    assert not Conversation.objects.exists() and Memory.objects.count() == 1
    assert ASKED in models.last.raw.decode() and ALLERGY not in models.last.raw.decode()


def test_what_is_not_passed_on_is_not_under_way(
    api: ApiClient, models: ModelServer, owner: User, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOW = ()
    GatewayLimit.objects.create(owner=owner, tokens_a_day=1_000_000)
    refused = api.post("/query", {"prompt": ASKED, "model": "gpt-test"})
    assert refused.status_code == 400 and "no public address" in refused.json()["detail"]
    settled()
    assert not GatewayCall.objects.filter(owner=owner).exists()
