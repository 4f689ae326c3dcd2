"""Embedding models through the API, the pages and the command: for managers only, keys never shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from memories import embedding_usage
from memories.embedding.statistics import statistics
from memories.models import EmbeddingModel, EmbeddingUsage
from memories.tests.embedding_server import EmbeddingServer
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    """A server of a model with 64 dimensions."""
    running = EmbeddingServer(64)
    yield running
    running.close()


def body(server: EmbeddingServer, **more: object) -> dict[str, object]:
    return {"provider": "openai", "model": "words", "endpoints": [server.url], "api_keys": ["hush"], **more}


def test_a_model_is_added_followed_and_switched_to(owner: User, server: EmbeddingServer) -> None:
    api = ApiClient(owner, ("admin",))
    added = api.post("/embedding-models", body(server))
    assert added.status_code == 201, added.content
    assert (added.json()["name"], added.json()["dimension"], added.json()["state"]) == ("words", 64, "added")
    assert added.json()["has_api_keys"] and b"hush" not in added.content
    assert server.requests[-1][1]["Authorization"] == "Bearer hush"
    activated = api.post("/embedding-models/words/activate")
    assert (activated.status_code, activated.json()["state"]) == (202, "building")
    assert api.post("/embedding-models/words/pause").json()["paused"] is True
    assert api.post("/embedding-models/words/resume").json()["paused"] is False
    assert api.post("/embedding-models/rollback").status_code == 409
    assert api.delete("/embedding-models/words").status_code == 202
    assert api.get("/embedding-models/words").json()["state"] == "dropping"
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {f"embedding_model.{verb}" for verb in ("added", "activated", "paused", "resumed", "dropped")} <= actions


def test_the_active_one_cannot_be_dropped(owner: User) -> None:
    api = ApiClient(owner, ("admin",))
    assert api.delete("/embedding-models/all-MiniLM-L6-v2").status_code == 409
    assert EmbeddingModel.objects.get(id=1).state == "active"


def test_a_model_that_is_not_there_is_a_clear_error_and_is_not_added(owner: User, server: EmbeddingServer) -> None:
    api = ApiClient(owner, ("admin",))
    server.next_answers.append(404)
    response = api.post("/embedding-models", body(server))
    assert response.status_code == 503 and "does not know the model words" in response.json()["detail"]
    missing = api.post("/embedding-models", {"provider": "sentence-transformers", "model": "/no/such/folder"})
    assert missing.status_code == 503
    assert EmbeddingModel.objects.count() == 1


def test_a_server_of_ones_own_network_is_asked_only_if_the_administrator_named_it(
    owner: User, server: EmbeddingServer, settings: LazySettings
) -> None:
    settings.OUTBOUND_ALLOW = []
    response = ApiClient(owner, ("admin",)).post("/embedding-models", body(server))
    assert (response.status_code, response.json()["code"]) == (503, "outbound-refused")
    assert "MEMSHADOW_OUTBOUND_ALLOW=127.0.0.1" in response.json()["detail"]
    assert not server.requests and EmbeddingModel.objects.count() == 1


def test_endpoints_and_keys_change_only_to_what_answers(owner: User, server: EmbeddingServer) -> None:
    api = ApiClient(owner, ("admin",))
    api.post("/embedding-models", body(server))
    dead = api.patch("/embedding-models/words", {"endpoints": ["http://127.0.0.1:9/v1"]})
    assert dead.status_code == 503
    assert EmbeddingModel.objects.get(name="words").config["endpoints"] == [server.url]
    fine = api.patch("/embedding-models/words", {"endpoints": [server.url + "/"], "api_keys": ["other"]})
    assert fine.status_code == 200
    assert server.requests[-1][1]["Authorization"] == "Bearer other"


@pytest.mark.parametrize("endpoint", ["ftp://x/v1", "localhost:11434", "http://user:pass@x/v1"])
def test_odd_addresses_are_refused(owner: User, endpoint: str) -> None:
    given = {"provider": "openai", "model": "words", "endpoints": [endpoint]}
    assert ApiClient(owner, ("admin",)).post("/embedding-models", given).status_code == 422


def test_members_see_and_change_nothing(other: User, client_for: Callable[[User], Client]) -> None:
    api = ApiClient(other, ("admin",))
    for path in ("", "/statistics", "/all-MiniLM-L6-v2"):
        assert api.get(f"/embedding-models{path}").status_code == 403
    assert api.post("/embedding-models/all-MiniLM-L6-v2/pause").status_code == 403
    assert client_for(other).get(reverse("memories:embedding_models")).status_code == 403
    assert b"Embedding models" not in client_for(other).get("/").content


def test_the_page_adds_and_switches(owner: User, server: EmbeddingServer, client_for: Callable[[User], Client]) -> None:
    client, url = client_for(owner), reverse("memories:embedding_models")
    given = {"provider": "openai", "model": "words", "endpoints": server.url, "api_keys": "hush"}
    assert client.post(url, {**given, "endpoints": "nonsense"}).status_code == 200
    assert not EmbeddingModel.objects.filter(name="words").exists()
    assert client.post(url, given).status_code == 302
    action = reverse("memories:embedding_model_action", args=["words"])
    client.post(action, {"action": "activate"})
    page = client.get(url).content.decode()
    assert "Being built" in page and 'hx-trigger="every 2s"' in page and "hush" not in page
    asked = client.post(action, {"action": "drop"})
    assert asked.status_code == 200 and EmbeddingModel.objects.get(name="words").state == "building"
    client.post(action, {"action": "drop", "confirmed": "1"})
    assert EmbeddingModel.objects.get(name="words").state == "dropping"


def test_the_command_does_it_too(server: EmbeddingServer, tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("hush\n")

    def run(*words: str) -> str:
        out = StringIO()
        call_command("embedding_model", *words, stdout=out)
        return out.getvalue()

    added = run("add", "openai", "words", "--endpoint", server.url, "--api-key-file", str(key_file))
    assert added == "words: not in use · openai, 64 dimensions\n"
    assert "being built" in run("activate", "words")
    assert "paused" in run("pause", "words")
    assert "paused" not in run("resume", "words")
    assert run("list").count("\n") == 2
    assert "being dropped" in run("drop", "words")
    with pytest.raises(CommandError, match="no embedding model nothing"):
        run("activate", "nothing")
    with pytest.raises(CommandError, match="no model to go back to"):
        run("rollback")


def test_counters_of_all_processes_are_summed(owner: User) -> None:
    statistics.drain()
    for tokens in (10, 32):
        statistics.count("test-model", "query", texts=2, tokens=tokens, cached=1)
        with statistics.timed("test-model", "query"):
            pass
        embedding_usage.flush()
    (row,) = EmbeddingUsage.objects.filter(model_name="test-model")
    assert (row.texts, row.tokens, row.cached, row.calls, sum(row.latency_counts)) == (4, 42, 2, 2, 2)
    given = ApiClient(owner, ("admin",)).get("/embedding-models/statistics").json()
    (shown,) = [usage for usage in given["last_day"] if usage["model_name"] == "test-model"]
    assert (shown["hit_rate"], shown["errors"]) == (0.5, 0) and 0 < shown["p95_ms"] <= 2
