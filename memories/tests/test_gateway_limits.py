"""Calls that are under way count against limits: they hold room until their server has counted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import openai
import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.flows.api_keys import create_api_key
from accounts.models import User
from memories.gateway.afterwards import afterwards
from memories.gateway.relaying.loop import relays
from memories.models import GatewayCall, GatewayLimit
from memshadow.lib.clock import now
from tests.api_client import ApiClient
from tests.model_servers import ModelServer

CHAT: Any = [{"role": "user", "content": "What must I avoid?"}]

pytestmark = pytest.mark.django_db(transaction=True)


def settled() -> None:
    """Answers end before what they cost is noted."""
    relays.drain(20)
    afterwards.drain(20)


@pytest.fixture
def models(settings: Settings) -> Iterator[ModelServer]:
    with ModelServer().running() as server:
        settings.GATEWAY_UPSTREAMS = dict.fromkeys(("openai", "anthropic", "google"), server.url)
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        settings.ALLOWED_HOSTS = ["*"]
        settings.GATEWAY_MEMORY_S = 20.0
        yield server


@pytest.fixture
def gpt(live_server: LiveServer, models: ModelServer, owner: User) -> openai.OpenAI:
    key = create_api_key(owner=owner, name="k", scopes=("gateway",))[1]
    return openai.OpenAI(
        base_url=f"{live_server.url}/v1", api_key="sk-x", default_headers={"X-Memshadow-Key": key}, max_retries=0
    )


def test_a_call_under_way_holds_room_until_it_has_ended(gpt: openai.OpenAI, models: ModelServer, owner: User) -> None:
    GatewayLimit.objects.create(owner=owner, tokens_a_day=400)
    stream = gpt.chat.completions.create(model="gpt-wait", messages=CHAT, max_tokens=500, stream=True)
    next(iter(stream))
    call = GatewayCall.objects.get(owner=owner)
    assert call.ending == "" and call.estimated and call.output_tokens == 500 and 0 < call.input_tokens < 50
    with pytest.raises(openai.RateLimitError, match="calls that are under way") as refused:
        gpt.chat.completions.create(model="gpt-test", messages=CHAT)
    assert int(refused.value.response.headers["Retry-After"]) < 60 and len(models.seen) == 1
    assert ApiClient(owner, ("*",)).get("/gateway/limits").json()["items"][0]["tokens_today"] == 0
    models.proceed.set()
    assert sum(1 for _ in stream)
    settled()
    call.refresh_from_db()
    assert call.ending == "complete" and call.input_tokens + call.output_tokens < 400
    gpt.chat.completions.create(model="gpt-test", messages=CHAT)


def test_of_many_calls_at_once_no_more_begin_than_there_is_room_for(
    gpt: openai.OpenAI, models: ModelServer, owner: User
) -> None:
    GatewayLimit.objects.create(owner=owner, tokens_a_day=1500)

    def asked(_: int) -> int:
        try:
            gpt.chat.completions.create(model="gpt-wait", messages=CHAT, stream=True)
        except openai.RateLimitError:
            return 429
        return 200

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(asked, range(6)))
    assert sorted(answers) == [200, 200, 429, 429, 429, 429], "each is expected to take a little over 1,000"
    assert GatewayCall.objects.filter(owner=owner).count() == len(models.seen) == 2, "nothing is kept of those refused"
    models.proceed.set()
    settled()


def test_embeddings_hold_room_by_their_size(gpt: openai.OpenAI, models: ModelServer, owner: User) -> None:
    GatewayLimit.objects.create(owner=owner, usd_a_month=1)
    gpt.embeddings.create(model="text-embedding-3-small", input="Hazelnuts " * 400)
    settled()
    call = GatewayCall.objects.get(owner=owner)
    assert call.ending == "complete" and call.output_tokens == 0


def test_a_call_that_never_ended_is_forgotten_after_an_hour(gpt: openai.OpenAI, owner: User) -> None:
    GatewayLimit.objects.create(owner=owner, tokens_a_day=100)
    cut_off = GatewayCall.objects.create(owner=owner, dialect="openai-chat", output_tokens=1000)
    with pytest.raises(openai.RateLimitError):
        gpt.chat.completions.create(model="gpt-test", messages=CHAT)
    GatewayCall.objects.filter(id=cut_off.id).update(created_at=now() - timedelta(minutes=61))
    gpt.chat.completions.create(model="gpt-test", messages=CHAT)
    settled()


def test_what_is_not_passed_on_is_not_under_way(gpt: openai.OpenAI, owner: User, live_server: LiveServer) -> None:
    away = gpt.with_options(base_url=f"{live_server.url}/gateway/https://10.0.0.7/v1")
    with pytest.raises(openai.BadRequestError, match="no public address"):
        away.chat.completions.create(model="gpt-test", messages=CHAT)
    settled()
    assert not GatewayCall.objects.filter(owner=owner).exists()
