"""The number of queries of the API stays the same as rows grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from personas.services import create_persona
from tests.api_client import ApiClient


def fill(api: ApiClient, persona_id: str, start: int, stop: int) -> None:
    memories: list[dict[str, Any]] = [
        {
            "content": f"memory number {n}",
            "kind": "turn",
            "tags": [f"tag{n % 7}", "all"],
            "persona_id": persona_id,
            "conversation": {"external_id": f"chat-{n // 3}", "title": "Chat"},
        }
        for n in range(start, stop)
    ]
    assert api.post("/memories/batch", {"memories": memories}).status_code == 200


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/memories", {"limit": 200}),
        ("/memories", {"limit": 200, "tag": ["tag1", "tag2"], "tag_all": "all"}),
        ("/conversations", {"limit": 200}),
        ("/tags", {}),
        ("/search", {"q": "memory number", "limit": 50, "explain": "true"}),
        ("/stats", {}),
    ],
)
def test_queries_stay_constant(owner: User, index_all: Callable[[], int], path: str, query: dict[str, Any]) -> None:
    api = ApiClient(owner)
    persona_id = str(create_persona(owner=owner, name="Work").id)

    def queries(expected: int) -> int:
        api.get(path, **query)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            body = api.get(path, **query).json()
        assert len(body.get("items", range(expected))) >= expected
        return len(captured)

    fill(api, persona_id, 0, 6)
    index_all()
    few = queries(2)
    fill(api, persona_id, 6, 60)
    index_all()
    many = queries(7)
    assert many == few
    assert many <= 15
