"""docs/compatibility.md: the recipe for LangChain runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.models import User
from tests.api_client import ApiClient
from tests.http_here import client_here

TEXT = (Path(settings.BASE_DIR) / "docs/compatibility.md").read_text(encoding="utf-8")


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that the recipe's first block defines."""
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    section = TEXT.partition("## LangChain")[2].partition("\n## ")[0]
    block = re.findall(r"```python\n(.+?)```", section, re.DOTALL)[0]
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(block, "docs/compatibility.md", "exec", dont_inherit=True), names)  # noqa: S102 - it is our own text
    return names


def test_the_langchain_recipe_finds_memories_and_keeps_a_chat(recipe: dict[str, Any], owner: User) -> None:
    api = ApiClient(owner)
    key = api.post("/memories", {"content": "My daughter is allergic to hazelnuts."}).json()["id"]
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
