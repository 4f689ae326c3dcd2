"""Servers of language models that a person names, through the API, the page and the clients that they serve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from accounts.models import AuditEvent, User
from accounts.personal_rows import personal_tables, readable_rows
from memories.gateway.admission import admit
from memories.models import GatewayUpstream
from tests.api_client import ApiClient
from tests.model_servers import ModelServer

KEY = "sk-hush-hush-hush-7Qx9"


@pytest.fixture
def models(settings: Settings) -> Iterator[ModelServer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with ModelServer().running() as server:
        yield server


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner, ("*",))


def given(models: ModelServer, **more: Any) -> dict[str, Any]:
    return {"name": "Work", "provider": "openai", "base_url": f"{models.url}/v1", "api_key": KEY, **more}


def test_a_server_is_stored_and_its_key_never_shown_again(api: ApiClient, models: ModelServer, owner: User) -> None:
    made = api.post("/gateway/upstreams", given(models))
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["key_ending"], told["has_key"], told["is_default"]) == ("7Qx9", True, True)
    row = GatewayUpstream.objects.get()
    assert row.api_key == KEY and KEY.encode() not in bytes(row.api_key_sealed)
    shown = [made, api.get("/gateway/upstreams"), api.get(f"/gateway/upstreams/{told['id']}")]
    assert all(answer.status_code in (200, 201) and b"hush" not in answer.content for answer in shown)
    table = next(table for table in personal_tables() if table.model is GatewayUpstream)
    assert "hush" not in str(list(readable_rows(table, owner.id))), "nor in an export of one's data"
    assert "hush" not in str(list(AuditEvent.objects.values()))
    short = api.post("/gateway/upstreams", given(models, name="Short", api_key="sk-short")).json()
    assert (short["key_ending"], short["has_key"]) == ("", True)


def test_one_default_for_each_provider(api: ApiClient, models: ModelServer) -> None:
    first = api.post("/gateway/upstreams", given(models)).json()
    second = api.post("/gateway/upstreams", given(models, name="Home")).json()
    claude = api.post("/gateway/upstreams", given(models, name="Claude", provider="anthropic")).json()
    assert [one["is_default"] for one in (first, second, claude)] == [True, False, True]
    assert api.patch(f"/gateway/upstreams/{second['id']}", {"is_default": True}).json()["is_default"]
    assert not api.get(f"/gateway/upstreams/{first['id']}").json()["is_default"]
    assert api.delete(f"/gateway/upstreams/{second['id']}").status_code == 204
    assert api.get(f"/gateway/upstreams/{first['id']}").json()["is_default"], "the next one takes its place"


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"base_url": "http://10.0.0.1/v1"}, "no public address"),
        ({"base_url": "http://169.254.169.254/"}, "no public address"),
        ({"base_url": "ftp://127.0.0.1:21/"}, "an address such as"),
        ({"base_url": "http://me:secret@127.0.0.1/"}, "an address such as"),
        ({"base_url": "http://127.0.0.1/v1?x=1"}, "address alone"),
        ({"base_url": "nonsense"}, "an address such as"),
        ({"name": " "}, "a name"),
        ({"name": "wORK"}, "already"),
        ({"api_key": "two words"}, "no key"),
        ({"api_key": "sk-\u00e9"}, "no key"),
        ({"provider": "other"}, "openai"),
    ],
)
def test_what_cannot_be_is_refused_and_not_stored(
    api: ApiClient, models: ModelServer, part: dict[str, str], says: str
) -> None:
    api.post("/gateway/upstreams", given(models))
    refused = api.post("/gateway/upstreams", given(models, **{"name": "New", **part}))
    assert refused.status_code == 422 and says in refused.content.decode()
    assert GatewayUpstream.objects.count() == 1


def test_a_key_is_not_taken_along_to_another_server(api: ApiClient, models: ModelServer) -> None:
    path = f"/gateway/upstreams/{api.post('/gateway/upstreams', given(models)).json()['id']}"
    elsewhere = models.url.rpartition(":")[0] + ":1/v1"
    refused = api.patch(path, {"base_url": elsewhere})
    assert refused.status_code == 422 and "give its key too" in refused.content.decode()
    assert api.patch(path, {"base_url": f"{models.url}/other/v1"}).status_code == 200, "the same server may move"
    assert api.patch(path, {"base_url": elsewhere, "api_key": ""}).json()["has_key"] is False


def test_trying_says_what_the_server_has_or_what_is_wrong(api: ApiClient, models: ModelServer) -> None:
    def tried(**more: Any) -> Any:
        made = api.post("/gateway/upstreams", given(models, name=f"S{GatewayUpstream.objects.count()}", **more))
        return api.post(f"/gateway/upstreams/{made.json()['id']}/test").json()

    for provider in ("openai", "anthropic", "google"):
        found = tried(provider=provider, base_url=models.url)
        assert found["works"] and len(found["models"]) == 1 and not found["trouble"], found
        assert KEY in str(models.last.headers)
    away = tried(base_url="http://127.0.0.1:1/v1")
    assert not away["works"] and "127.0.0.1:1 cannot be reached" in away["trouble"]
    with answering(401, b'{"error": {"message": "Incorrect API key provided"}}') as url:
        assert "refuses the key (Incorrect API key provided)" in tried(base_url=url)["trouble"]
    with answering(404, b"<html>") as url:
        assert "no list of models" in tried(base_url=url)["trouble"]
    with answering(200, b"<html>") as url:
        assert "not as" in tried(base_url=url)["trouble"]


def answering(status: int, body: bytes) -> Any:
    from contextlib import contextmanager

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Be quiet."""

    @contextmanager
    def running() -> Iterator[str]:
        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    return running()


def test_it_needs_the_scope_admin_and_ones_own_row(api: ApiClient, models: ModelServer, other: User) -> None:
    path = f"/gateway/upstreams/{api.post('/gateway/upstreams', given(models)).json()['id']}"
    weak = ApiClient(other, ("memories:*", "gateway"))
    assert weak.get("/gateway/upstreams").status_code == 403
    assert weak.post("/gateway/upstreams", given(models)).status_code == 403
    stranger = ApiClient(other, ("*",))
    assert stranger.get("/gateway/upstreams").json()["items"] == []
    for answer in (stranger.get(path), stranger.patch(path, {"name": "x"}), stranger.delete(path)):
        assert answer.status_code == 404
    assert stranger.post(f"{path}/test").status_code == 404
    assert GatewayUpstream.objects.get().name == "Work"


def test_the_page_stores_changes_tries_and_removes(
    owner: User, models: ModelServer, client_for: Callable[[User], Client]
) -> None:
    client, url = client_for(owner), reverse("memories:gateway")
    refused = client.post(url, given(models, base_url="http://10.0.0.1/"))
    assert refused.status_code == 200 and b"no public address" in refused.content and b"hush" not in refused.content
    assert client.post(url, given(models)).status_code == 302
    row = GatewayUpstream.objects.get()
    page = client.get(url).content.decode()
    assert "…7Qx9" in page and "hush" not in page and "http://testserver/v1" in page
    action = reverse("memories:gateway_server_action", args=[row.id])
    assert b"answers and has gpt-test" in client.post(action, {"action": "try"}, follow=True).content
    edit = reverse("memories:gateway_server", args=[row.id])
    assert b"hush" not in client.get(edit).content
    client.post(edit, {"name": "Office", "base_url": row.base_url, "api_key": "", "is_default": "on"})
    row.refresh_from_db()
    assert (row.name, row.api_key, row.is_default) == ("Office", KEY, True)
    client.post(action, {"action": "forget-key"})
    assert b"Remove the server" in client.post(action, {"action": "remove"}).content
    assert GatewayUpstream.objects.get().api_key == ""
    client.post(action, {"action": "remove", "confirmed": "1"})
    assert not GatewayUpstream.objects.exists()


def test_changing_asks_who_one_is(
    owner: User, models: ModelServer, client_for: Callable[[User], Client], settings: Settings
) -> None:
    client = client_for(owner)
    settings.CONFIRMATION_S = 0
    asked = client.post(reverse("memories:gateway"), given(models))
    assert b"confirm_answer" in asked.content and not GatewayUpstream.objects.exists()


def test_the_default_is_asked_when_no_other_is_named(owner: User, api_key: Callable[..., str]) -> None:
    for name, is_default in (("Home", False), ("Work", True)):
        GatewayUpstream.objects.create(owner=owner, name=name, provider="openai", is_default=is_default)
    caller = admit(RequestFactory().post("/v1/chat/completions"), api_key(owner, ("gateway",)))
    found = [caller.upstream("openai", name) for name in ("", "home")]
    assert [one and one.name for one in found] == ["Work", "Home"] and caller.upstream("google") is None
