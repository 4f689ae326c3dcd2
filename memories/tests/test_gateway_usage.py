"""What language models took, on the page and in the API, and limits that are kept, in each vendor's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import anthropic
import openai
import pytest
from django.test import Client
from django.urls import reverse
from google import genai
from google.genai import errors as genai_errors
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.flows.api_keys import create_api_key
from accounts.models import AuditEvent, User
from memories.drafts import ConversationRef, MemoryDraft
from memories.gateway.usage import today
from memories.models import GatewayCall, GatewayLimit
from memories.services.capture import capture_memory
from memories.views.gateway_usage import chart_of
from memshadow.lib.clock import now
from tests.api_client import ApiClient
from tests.model_servers import ModelServer

CHAT: Any = [{"role": "user", "content": "x"}]


def called(owner: User, model: str = "gpt-4o", days_ago: int = 0, **more: Any) -> GatewayCall:
    """A call that has ended."""
    values = {"input_tokens": 1000, "output_tokens": 500, "cost_microusd": 7500, "status": 200, "ending": "complete"}
    at = now() - timedelta(days=days_ago)
    return GatewayCall.objects.create(owner=owner, model=model, dialect="openai-chat", created_at=at, **values | more)


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner, ("*",))


@pytest.fixture
def models(settings: Settings) -> Iterator[ModelServer]:
    with ModelServer().running() as server:
        settings.GATEWAY_UPSTREAMS = dict.fromkeys(("openai", "anthropic", "google"), server.url)
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        settings.ALLOWED_HOSTS = ["*"]
        settings.GATEWAY_MEMORY_S = 20.0
        yield server


@pytest.mark.django_db
def test_usage_by_model_and_day(api: ApiClient, owner: User, other: User) -> None:
    called(owner)
    called(owner, days_ago=3)
    called(owner, "llama", cost_microusd=None)
    called(owner, days_ago=60)
    called(owner, ending="", status=0)
    called(other, "secret-model")
    found = api.get("/gateway/usage", days=10).json()
    by_day = [(day["day"], day["model"], day["calls"], day["input_tokens"]) for day in found["days"]]
    this_day, before = now().date().isoformat(), (now() - timedelta(days=3)).date().isoformat()
    assert by_day == [
        (before, "gpt-4o", 1, 1000),
        (this_day, "gpt-4o", 1, 1000),
        (this_day, "llama", 1, 1000),
    ]
    llama = next(one for one in found["models"] if one["model"] == "llama")
    assert (llama["cost_usd"], llama["unpriced_calls"]) == (None, 1)
    in_month = GatewayCall.objects.filter(owner=owner, created_at__gte=today().replace(day=1)).exclude(ending="")
    assert found["month"]["calls"] == in_month.count()
    assert found["month"]["cost_usd"] == pytest.approx(sum(row.cost_microusd or 0 for row in in_month) / 1e6)


@pytest.mark.django_db
def test_the_page_shows_totals_calls_and_their_conversations(
    owner: User, other: User, client_for: Callable[[User], Client]
) -> None:
    turn = MemoryDraft(content="Hello", kind="turn", conversation=ConversationRef(external_id="c", title="Talk"))
    chat = capture_memory(owner=owner, draft=turn).memory.conversation_id
    theirs = capture_memory(owner=other, draft=turn).memory.conversation_id
    called(owner, conversation_id=chat, memory_state="used", memories_used=3)
    called(owner, "gone", conversation_id=theirs, ending="client_gone")
    client = client_for(owner)
    page = client.get(reverse("memories:gateway_usage")).content.decode()
    assert "3 used" in page and "the client hung up" in page and "$0.0075" in page and "$0.02" in page
    assert f"/conversations/{chat}/" in page and f"/conversations/{theirs}/" not in page
    assert "style=" not in page.partition("<main")[2] and page.count("<rect") >= 4
    nobody = client_for(other).get(reverse("memories:gateway_usage")).content.decode()
    assert "Nothing went through" in nobody and "gpt-4o" not in nobody


@pytest.mark.django_db
def test_many_calls_cost_no_more_queries(
    owner: User, client_for: Callable[[User], Client], django_assert_max_num_queries: Any
) -> None:
    client, counts = client_for(owner), []
    for _ in range(2):
        for _ in range(5):
            called(owner)
        with django_assert_max_num_queries(60) as seen:
            client.get(reverse("memories:gateway_usage"))
        counts.append(len(seen))
    assert counts[1] <= counts[0]


def test_bars_stack_to_the_top_and_small_models_share_a_colour(owner: User) -> None:
    from memories.gateway.usage import days_for

    for n, model in enumerate(("a", "b", "c", "d", "e")):
        called(owner, model, input_tokens=1000 - n, output_tokens=0)
    called(owner, "a", days_ago=29, input_tokens=10, output_tokens=0)
    chart = chart_of(days_for(owner), now().date())
    assert chart.names == ["a", "b", "c", "others"] and chart.most == 4990
    last = [bar for bar in chart.bars if bar.x > 500]
    assert [bar.tone for bar in last] == [1, 2, 3, 4]
    assert last[-1].y == pytest.approx(8, abs=0.05) and sum(bar.height for bar in last) == pytest.approx(164, abs=0.1)
    assert min(bar.x for bar in chart.bars) < 20


@pytest.mark.django_db(transaction=True)
def test_a_limit_is_told_in_each_vendors_own_shape(live_server: LiveServer, models: ModelServer, owner: User) -> None:
    key = create_api_key(owner=owner, name="k", scopes=("gateway",))[1]
    GatewayLimit.objects.create(owner=owner, tokens_a_day=1500)
    ours, here = {"X-Memshadow-Key": key}, live_server.url
    gpt = openai.OpenAI(base_url=f"{here}/v1", api_key="sk-x", default_headers=ours, max_retries=0)
    gpt.chat.completions.create(model="gpt-test", messages=CHAT)
    called(owner)
    asked = len(models.seen)
    with pytest.raises(openai.RateLimitError, match="1,500 tokens a day of yours are used up") as limited:
        gpt.chat.completions.create(model="gpt-test", messages=CHAT)
    assert limited.value.code == "usage-limit" and 0 < int(limited.value.response.headers["Retry-After"]) <= 86400
    claude = anthropic.Anthropic(base_url=here, api_key="sk-x", default_headers=ours, max_retries=0)
    with pytest.raises(anthropic.RateLimitError, match="used up") as refused:
        claude.messages.create(model="claude-test", max_tokens=5, messages=CHAT)
    assert refused.value.body["error"]["type"] == "rate_limit_error"  # type: ignore[index]
    gemini = genai.Client(api_key="g", http_options={"base_url": here, "headers": ours})
    with pytest.raises(genai_errors.ClientError) as exhausted:
        gemini.models.generate_content(model="gemini-test", contents="x")
    assert (exhausted.value.code, exhausted.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert len(models.seen) == asked, "nothing was passed on"


@pytest.mark.django_db(transaction=True)
def test_a_keys_limit_is_that_keys_alone(live_server: LiveServer, models: ModelServer, owner: User) -> None:
    keys = [create_api_key(owner=owner, name=name, scopes=("gateway",)) for name in ("a", "b")]
    api = ApiClient(owner, ("*",))
    limit = {"key_id": str(keys[0][0].id), "usd_a_month": 0.01}
    assert api.put("/gateway/limits", limit).status_code == 200
    called(owner, api_key=keys[0][0], cost_microusd=20_000)

    def asked(text: str) -> int:
        client = openai.OpenAI(base_url=f"{live_server.url}/v1", api_key=text, max_retries=0)
        try:
            client.models.list()
        except openai.RateLimitError:
            return 429
        return 200

    assert [asked(text) for _, text in keys] == [429, 200]
    standing = api.get("/gateway/limits").json()["items"][0]
    assert (standing["key_id"], standing["usd_this_month"]) == (str(keys[0][0].id), 0.02)
    assert api.delete(f"/gateway/limits/{standing['id']}").status_code == 204
    assert asked(keys[0][1]) == 200


@pytest.mark.django_db
def test_a_limit_is_replaced_and_judged(api: ApiClient, owner: User, other: User) -> None:
    theirs = create_api_key(owner=other, name="k", scopes=("gateway",))[0]
    assert api.put("/gateway/limits", {}).status_code == 422
    assert api.put("/gateway/limits", {"tokens_a_day": -1}).status_code == 422
    assert api.put("/gateway/limits", {"tokens_a_day": 1, "key_id": str(theirs.id)}).status_code == 404
    for tokens in (10, 20):
        assert api.put("/gateway/limits", {"tokens_a_day": tokens}).json()["tokens_a_day"] == tokens
    assert GatewayLimit.objects.get().tokens_a_day == 20
    assert ApiClient(owner, ("gateway",)).put("/gateway/limits", {"tokens_a_day": 9}).status_code == 403
    assert AuditEvent.objects.filter(action="model_limit.set").count() == 2


@pytest.mark.django_db
def test_who_manages_the_server_limits_people_who_cannot_lift_it(owner: User, staff: User, other: User) -> None:
    manager, person = ApiClient(staff, ("*",)), ApiClient(other, ("*",))
    given = {"person_id": str(other.id), "tokens_a_day": 5}
    assert person.put("/gateway/person-limits", given).status_code == 403
    assert manager.put("/gateway/person-limits", {**given, "person_id": str(owner.id)}).status_code == 403
    assert manager.put("/gateway/person-limits", given).status_code == 200
    person.put("/gateway/limits", {"tokens_a_day": 100})
    mine, set_for_me = person.get("/gateway/limits").json()["items"]
    assert (mine["by_administrator"], set_for_me["by_administrator"]) == (False, True)
    assert person.delete(f"/gateway/limits/{set_for_me['id']}").status_code == 404
    assert [one["person_id"] for one in manager.get("/gateway/person-limits").json()["items"]] == [str(other.id)]
    manager.put("/gateway/person-limits", {"person_id": str(other.id)})
    assert [one["by_administrator"] for one in person.get("/gateway/limits").json()["items"]] == [False]


@pytest.mark.django_db
def test_the_pages_set_and_lift_limits(owner: User, other: User, client_for: Callable[[User], Client]) -> None:
    client, url = client_for(owner), reverse("memories:gateway_limits")
    assert (
        b"Give a number of tokens" in client.post(url, {"tokens_a_day": ""}).content
        and not GatewayLimit.objects.exists()
    )
    key = create_api_key(owner=owner, name="Laptop", scopes=("gateway",))[0]
    assert client.post(url, {"key_id": str(key.id), "usd_a_month": "2.50"}).status_code == 302
    called(owner, api_key=key, cost_microusd=1_250_000)
    page = client.get(url).content.decode()
    assert "Laptop" in page and "$1.25 of $2.50" in " ".join(page.split())
    row = GatewayLimit.objects.get()
    remove = reverse("memories:gateway_limit_remove", args=[row.id])
    assert client_for(other).post(remove, {"confirmed": "1"}).status_code == 404
    assert b"Lift this limit?" in client.post(remove).content and GatewayLimit.objects.exists()
    client.post(remove, {"confirmed": "1"})
    assert not GatewayLimit.objects.exists()
    people = reverse("memories:gateway_people")
    assert client.post(people, {"person_id": str(other.id), "usd_a_month": "3"}).status_code == 302
    assert GatewayLimit.objects.get().usd_a_month == Decimal(3) and other.email in client.get(people).content.decode()
    assert client_for(other).get(people).status_code == 403
