"""docs/compatibility.md: the recipes for LangChain and LlamaIndex run as they stand there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from memories.tests.test_sealed_api import sealed, vectors_of
from tests.api_client import ApiClient
from tests.http_here import client_here

TEXT = (Path(settings.BASE_DIR) / "docs/compatibility.md").read_text(encoding="utf-8")


def names_in(title: str) -> dict[str, Any]:
    """The names that the first block of a section defines."""
    section = TEXT.partition(f"## {title}")[2].partition("\n## ")[0]
    block = re.findall(r"```python\n(.+?)```", section, re.DOTALL)[0]
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(block, "docs/compatibility.md", "exec", dont_inherit=True), names)  # noqa: S102 - it is our own text
    return names


def test_the_langchain_recipe_finds_memories_and_keeps_a_chat(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    recipe, api = names_in("LangChain"), ApiClient(owner)
    key = api.post("/memories", {"content": "My daughter is allergic to hazelnuts."}).json()["id"]
    vectors = vectors_of("My daughter is allergic to hazelnuts.")
    assert api.post("/sealed", {"ciphertext": sealed(), "embedding": vectors}).status_code == 201
    with client_here() as http:
        http.headers["Authorization"] = f"Bearer {api.key}"
        (found,) = recipe["MemshadowRetriever"](http=http).invoke('allergic daughter -"quoted')
        assert (found.id, found.page_content) == (key, "My daughter is allergic to hazelnuts.")

        history = recipe["MemshadowChatHistory"](http, "chat-7")
        assert history.messages == []
        history.add_user_message("I moved to Bergen.")
        history.add_ai_message("How nice!")
        recipe["MemshadowChatHistory"](http, "chat-8").add_user_message("Another chat.")
        kept = recipe["MemshadowChatHistory"](http, "chat-7").messages
    assert [(type(m).__name__, m.content) for m in kept] == [
        ("HumanMessage", "I moved to Bergen."),
        ("AIMessage", "How nice!"),
    ]


@pytest.mark.filterwarnings("default")  # of its forty packages
@pytest.mark.django_db(transaction=True)  # its loop runs in this thread, so the server is in another
def test_the_llamaindex_recipe_finds_memories_and_keeps_a_chat(owner: User, live_server: LiveServer) -> None:
    chat = pytest.importorskip("llama_index.core.llms", reason="llama-index-core brings forty packages: not installed")
    recipe, api = names_in("LlamaIndex"), ApiClient(owner)
    key = api.post("/memories", {"content": "My daughter is allergic to hazelnuts."}).json()["id"]
    vectors = vectors_of("My daughter is allergic to hazelnuts.")
    assert api.post("/sealed", {"ciphertext": sealed(), "embedding": vectors}).status_code == 201
    with httpx.Client(base_url=live_server.url, timeout=30) as http:
        http.headers["Authorization"] = f"Bearer {api.key}"
        (found,) = recipe["MemshadowRetriever"](http).retrieve('allergic daughter -"quoted')
        assert (found.node.node_id, found.node.text) == (key, "My daughter is allergic to hazelnuts.")
        block = recipe["MemshadowBlock"](http=http, session="chat-7")
        asked = chat.ChatMessage(role="user", content="What is my daughter allergic to?")
        assert asyncio.run(block.aget([asked])) == "- My daughter is allergic to hazelnuts."
        asyncio.run(block.aput([asked, chat.ChatMessage(role="assistant", content="Hazelnuts.")]))
    kept = api.get("/memories", source="llamaindex").json()["items"]
    assert sorted(item["content"] for item in kept) == ["Hazelnuts.", "What is my daughter allergic to?"]
