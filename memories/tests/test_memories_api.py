"""Memories through the JSON API: create, batch, list, read, change, delete, merge, bulk."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from accounts.models import User
from memories.models import Memory, MemoryRevision, State
from personas.services import create_persona
from tests.api_client import ApiClient

TEA = {"content": "Ada likes tea."}


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner)


def made(api: ApiClient, **parts: Any) -> dict[str, Any]:
    response = api.post("/memories", {**TEA, **parts})
    assert response.status_code == 201, response.content
    memory: dict[str, Any] = response.json()
    return memory


def problem_of(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    return body


def test_create_stores_every_field_and_answers_with_the_memory(api: ApiClient, owner: User) -> None:
    persona = create_persona(owner=owner, name="Work")
    response = api.post(
        "/memories",
        {
            "content": "Grüße, 世界 🎉",
            "kind": "turn",
            "role": "user",
            "author": "Ada",
            "source": "cli",
            "external_id": "x-1",
            "conversation": {"external_id": "chat-1", "title": "Tea", "model": "gpt-4"},
            "persona_id": str(persona.id),
            "tags": ["tea", "Ada"],
            "metadata": {"deep": {"er": [1, None, "ü"]}},
            "language": "de",
            "importance": 0.9,
            "pinned": True,
            "occurred_at": "2025-03-01T10:00:00.123456+02:00",
        },
    )
    body = response.json()
    assert response.status_code == 201
    assert response["Location"] == f"/api/v1/memories/{body['id']}"
    row = Memory.objects.get(id=body["id"])
    assert row.owner_id == owner.id
    assert row.content == body["content"] == "Grüße, 世界 🎉"
    assert (row.kind, row.role, row.author, row.source, row.external_id) == (
        "turn",
        "user",
        "Ada",
        "cli",
        "x-1",
    )
    assert row.metadata == body["metadata"] == {"deep": {"er": [1, None, "ü"]}}
    assert row.occurred_at == datetime(2025, 3, 1, 8, 0, 0, 123456, tzinfo=UTC)
    assert body["occurred_at"] == "2025-03-01T08:00:00.123456Z"
    assert body["tags"] == ["Ada", "tea"]
    assert body["persona"] == {"id": str(persona.id), "name": "Work"}
    assert body["conversation"]["title"] == "Tea"
    assert (row.language, row.importance, row.pinned) == ("de", 0.9, True)


def test_an_exact_duplicate_answers_200_with_the_same_memory(api: ApiClient) -> None:
    first = made(api)
    again = api.post("/memories", TEA)
    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    assert again.json()["sightings"] == 2
    assert Memory.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content"),
        ({"content": ""}, "content"),
        ({"content": "  \n "}, "content"),
        ({"content": 7}, "content"),
        ({"content": "x", "kind": "poem"}, "kind"),
        ({"content": "x", "importance": 1.01}, "importance"),
        ({"content": "x", "pinned": "yes"}, "pinned"),
        ({"content": "x", "tags": ["x" * 81]}, "tags.0"),
        ({"content": "x", "tags": ["#"]}, "tags"),
        ({"content": "x", "occurred_at": "2025-03-01T10:00:00"}, "occurred_at"),
        ({"content": "x", "occurred_at": "yesterday"}, "occurred_at"),
        ({"content": "x", "occurred_at": 1740823200}, "occurred_at"),
        ({"content": "x", "occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"content": "x", "language": "english"}, "language"),
        ({"content": "x", "persona_id": "0190d7a0-0000-7000-8000-000000000000"}, "persona_id"),
        ({"content": "x", "conversation": {"title": "no id"}}, "conversation"),
        ({"content": "x", "conversation": {"external_id": "x" * 501}}, "conversation.external_id"),
        ({"content": "x", "tagz": []}, "tagz"),
        ({"content": "x", "conversation": {"external": "x"}}, "conversation.external"),
        ([], ""),
        ("text", ""),
    ],
)
def test_a_mistake_names_its_field_and_stores_nothing(api: ApiClient, body: Any, field: str) -> None:
    problem = problem_of(api.post("/memories", body), 422)
    assert problem["code"] == "validation-failed"
    assert [error["field"] for error in problem["errors"]] == [field]
    assert all(error["message"] and error["location"] == "body" for error in problem["errors"])
    assert Memory.objects.count() == 0


def test_an_unknown_field_is_refused_with_the_known_ones_and_a_guess(api: ApiClient) -> None:
    problem = problem_of(api.post("/memories", {"content": "x", "tag": ["a"]}), 422)
    assert "Did you mean tags?" in problem["detail"]
    assert "importance" in problem["detail"]


def test_too_long_content_is_413(api: ApiClient) -> None:
    problem = problem_of(api.post("/memories", {"content": "x" * (1024**2 + 1)}), 413)
    assert problem["code"] == "too-large"
    assert Memory.objects.count() == 0


def test_a_megabyte_is_stored_whole(api: ApiClient) -> None:
    text = "word " * (1024**2 // 5)
    body = made(api, content=text)
    assert Memory.objects.get(id=body["id"]).content == text


def test_deeply_nested_metadata_is_refused(api: ApiClient) -> None:
    deep: dict[str, Any] = {}
    for _ in range(33):
        deep = {"a": deep}
    problem_of(api.post("/memories", {**TEA, "metadata": deep}), 422)


def test_nul_and_lone_surrogates_do_not_break_anything(api: ApiClient) -> None:
    raw = b'{"content": "a\\u0000b \\ud800 c", "metadata": {"\\udc00": "\\u0000"}, "tags": ["t\\u0000ag"]}'
    response = api.client.post("/api/v1/memories", data=raw, content_type="application/json")
    assert response.status_code == 201
    body = response.json()
    assert body["content"] == "ab \N{REPLACEMENT CHARACTER} c"
    assert body["metadata"] == {"\N{REPLACEMENT CHARACTER}": ""}
    assert body["tags"] == ["tag"]


def test_a_batch_answers_for_each_memory_in_order(api: ApiClient) -> None:
    first = made(api)
    response = api.post("/memories/batch", {"memories": [{"content": "new"}, TEA, {"content": "new"}]})
    body = response.json()
    assert response.status_code == 200
    assert [item["created"] for item in body["items"]] == [True, False, False]
    assert body["items"][1]["id"] == first["id"]
    assert body["items"][2]["id"] == body["items"][0]["id"]
    assert body["created"] == 1
    assert Memory.objects.count() == 2


def test_a_batch_with_one_mistake_stores_nothing_and_says_where(api: ApiClient) -> None:
    memories = [{"content": "good"}, {"content": " "}]
    problem = problem_of(api.post("/memories/batch", {"memories": memories}), 422)
    assert problem["errors"][0]["field"] == "memories.1.content"
    assert Memory.objects.count() == 0


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_has_1_to_1000_memories(api: ApiClient, count: int) -> None:
    problem = problem_of(api.post("/memories/batch", {"memories": [TEA] * count}), 422)
    assert problem["errors"][0]["field"] == "memories"


def test_an_idempotency_key_repeats_the_answer_and_not_the_work(api: ApiClient) -> None:
    first = api.post("/memories", TEA, idempotency_key="k1")
    again = api.post("/memories", TEA, idempotency_key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert Memory.objects.get().sightings == 1


def test_an_idempotency_key_with_another_body_is_409(api: ApiClient) -> None:
    api.post("/memories", TEA, idempotency_key="k1")
    problem = problem_of(api.post("/memories", {"content": "other"}, idempotency_key="k1"), 409)
    assert "new key" in problem["detail"]
    assert Memory.objects.count() == 1


def test_a_refused_request_does_not_use_its_idempotency_key_up(api: ApiClient) -> None:
    problem_of(api.post("/memories", {"content": " "}, idempotency_key="k1"), 422)
    assert api.post("/memories", TEA, idempotency_key="k1").status_code == 201


def test_an_overlong_idempotency_key_is_refused(api: ApiClient) -> None:
    problem = problem_of(api.post("/memories", TEA, idempotency_key="k" * 256), 422)
    assert problem["errors"][0]["location"] == "header"


def test_list_pages_cover_everything_once_newest_first(api: ApiClient) -> None:
    ids = [made(api, content=f"memory {n}", occurred_at=f"2025-01-{n:02}T00:00:00Z")["id"] for n in range(1, 8)]
    seen, cursor = [], None
    while True:
        page = api.get("/memories", limit=3, **({"cursor": cursor} if cursor else {})).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]


def test_list_filters(api: ApiClient, owner: User) -> None:
    persona = create_persona(owner=owner, name="Work")
    made(api, content="a", kind="fact", tags=["x", "y"], source="cli", occurred_at="2025-01-01T00:00:00Z")
    made(
        api,
        content="b",
        tags=["x"],
        pinned=True,
        persona_id=str(persona.id),
        occurred_at="2025-02-01T00:00:00Z",
    )
    chat = {"external_id": "c"}
    c = made(api, content="c", kind="turn", role="user", conversation=chat, occurred_at="2025-03-01T00:00:00Z")
    api.post(f"/memories/{c['id']}/archive")

    def found(**query: Any) -> set[str]:
        response = api.get("/memories", **query)
        assert response.status_code == 200, response.content
        return {item["content"] for item in response.json()["items"]}

    assert found() == {"a", "b"}
    assert found(state=["active", "archived"]) == {"a", "b", "c"}
    assert found(kind="fact") == {"a"}
    assert found(tag=["x", "nothing"]) == {"a", "b"}
    assert found(tag_all=["x", "y"]) == {"a"}
    assert found(tag_all=["x", "nothing"]) == set()
    assert found(source="cli") == {"a"}
    assert found(persona=str(persona.id)) == {"b"}
    assert found(pinned="true") == {"b"}
    assert found(pinned="false") == {"a"}
    assert found(after="2025-01-15T00:00:00Z") == {"b"}
    assert found(before="2025-02-01T00:00:00Z") == {"a"}
    assert found(state="archived", conversation=c["conversation"]["id"], role="user") == {"c"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"cursor": "nonsense"}, None),
        ({"after": "2025-01-01T00:00:00"}, "after"),
        ({"kind": "poem"}, "kind.0"),
        ({"kinds": "note"}, "kinds"),
        ({"persona": "7"}, "persona"),
        ({"order_by": "content"}, "order_by"),
    ],
)
def test_a_bad_filter_is_refused(api: ApiClient, query: dict[str, Any], field: str | None) -> None:
    problem = problem_of(api.get("/memories", **query), 422)
    if field is not None:
        assert [(error["field"], error["location"]) for error in problem["errors"]] == [(field, "query")]


def test_a_filter_with_nul_finds_nothing_and_fails_nothing(api: ApiClient) -> None:
    assert api.get("/memories", source="a\x00b", tag="\x00").json()["items"] == []


def test_get_reads_one_memory_in_any_state(api: ApiClient) -> None:
    memory = made(api)
    assert api.get(f"/memories/{memory['id']}").json() == memory
    api.delete(f"/memories/{memory['id']}")
    assert api.get(f"/memories/{memory['id']}").json()["state"] == "deleted"


def test_patch_changes_only_what_it_names(api: ApiClient, owner: User) -> None:
    persona = create_persona(owner=owner, name="Work")
    memory = made(api, tags=["a"], importance=0.3, persona_id=str(persona.id))
    response = api.patch(f"/memories/{memory['id']}", {"content": "Ada likes coffee.", "reason": "hearsay"})
    body = response.json()
    assert response.status_code == 200
    assert body["content"] == "Ada likes coffee."
    assert (body["tags"], body["importance"], body["persona"]["name"]) == (["a"], 0.3, "Work")
    row = Memory.objects.get(id=memory["id"])
    assert (row.content, row.revision_count) == ("Ada likes coffee.", 1)
    revision = MemoryRevision.objects.get(memory=row)
    assert (revision.reason, revision.via, revision.actor_id) == ("hearsay", "api", owner.id)
    assert revision.snapshot["content"] == TEA["content"]


def test_patch_can_take_a_memory_out_of_its_persona_and_clear_lists(api: ApiClient, owner: User) -> None:
    persona = create_persona(owner=owner, name="Work")
    memory = made(api, tags=["a"], metadata={"a": 1}, author="Ada", persona_id=str(persona.id))
    patch: dict[str, Any] = {"persona_id": None, "tags": [], "metadata": {}, "author": "", "pinned": True}
    body = api.patch(f"/memories/{memory['id']}", patch).json()
    assert (body["persona"], body["tags"], body["metadata"], body["author"]) == (None, [], {}, "")
    assert Memory.objects.get().pinned


def test_an_importance_too_small_for_the_index_is_nought(api: ApiClient) -> None:
    memory = made(api, importance=1e-298)
    body = api.patch(f"/memories/{memory['id']}", {"importance": 5e-300, "content": "new"}).json()
    assert (memory["importance"], body["importance"]) == (0, 0)


@pytest.mark.parametrize(
    "patch", [{"content": None}, {"content": ""}, {"kind": "fact"}, {"pinned": None}, {"tags": [""]}]
)
def test_a_bad_patch_changes_nothing(api: ApiClient, patch: dict[str, Any]) -> None:
    memory = made(api)
    problem_of(api.patch(f"/memories/{memory['id']}", patch), 422)
    assert api.get(f"/memories/{memory['id']}").json() == memory
    assert MemoryRevision.objects.count() == 0


def test_patching_to_another_memorys_text_is_409(api: ApiClient) -> None:
    made(api)
    other = made(api, content="other")
    problem = problem_of(api.patch(f"/memories/{other['id']}", TEA), 409)
    assert "merge" in problem["detail"]
    assert Memory.objects.get(id=other["id"]).content == "other"


def test_delete_moves_to_the_trash_and_restore_brings_back(api: ApiClient) -> None:
    memory = made(api)
    assert api.delete(f"/memories/{memory['id']}").status_code == 204
    assert Memory.objects.get().state == State.DELETED
    assert api.get("/memories").json()["items"] == []
    assert [item["id"] for item in api.get("/trash").json()["items"]] == [memory["id"]]
    assert api.post(f"/memories/{memory['id']}/restore").json()["state"] == "active"
    assert Memory.objects.get().state == State.ACTIVE


def test_permanent_deletion_needs_the_trash_first(api: ApiClient) -> None:
    memory, kept = made(api), made(api, content="kept")
    problem_of(api.delete(f"/memories/{memory['id']}?permanent=true"), 409)
    api.delete(f"/memories/{memory['id']}")
    api.delete(f"/memories/{kept['id']}")
    assert api.delete(f"/memories/{memory['id']}?permanent=true").status_code == 204
    assert [row.id for row in Memory.objects.all()] == [UUID(kept["id"])]
    problem_of(api.get(f"/memories/{memory['id']}"), 404)


def test_emptying_the_trash_erases_what_is_in_it(api: ApiClient, other: User) -> None:
    gone, kept = made(api), made(api, content="kept")
    foreign = ApiClient(other).post("/memories", TEA).json()
    ApiClient(other).delete(f"/memories/{foreign['id']}")
    api.delete(f"/memories/{gone['id']}")
    assert api.delete("/trash").json() == {"erased": 1}
    assert {str(row.id) for row in Memory.objects.all()} == {kept["id"], foreign["id"]}


def test_archive_takes_out_of_the_list(api: ApiClient) -> None:
    memory = made(api)
    assert api.post(f"/memories/{memory['id']}/archive").json()["state"] == "archived"
    assert Memory.objects.get().state == State.ARCHIVED
    api.delete(f"/memories/{memory['id']}")
    problem_of(api.post(f"/memories/{memory['id']}/archive"), 409)


def test_merge_keeps_one_and_supersedes_the_others(api: ApiClient) -> None:
    kept, other = made(api, tags=["a"]), made(api, content="Ada likes tea!", tags=["b"], pinned=True)
    body = api.post("/memories/merge", {"keep_id": kept["id"], "other_ids": [other["id"]]}).json()
    assert (body["id"], body["tags"], body["pinned"]) == (kept["id"], ["a", "b"], True)
    assert Memory.objects.get(id=other["id"]).state == State.SUPERSEDED


def test_merge_refuses_someone_elses_memory(api: ApiClient, other: User) -> None:
    kept = made(api)
    foreign = ApiClient(other).post("/memories", {"content": "theirs"}).json()
    problem_of(api.post("/memories/merge", {"keep_id": kept["id"], "other_ids": [foreign["id"]]}), 404)
    problem_of(api.post("/memories/merge", {"keep_id": foreign["id"], "other_ids": [kept["id"]]}), 404)
    assert set(Memory.objects.values_list("state", flat=True)) == {State.ACTIVE}


def test_bulk_does_one_thing_to_all_or_to_none(api: ApiClient, other: User) -> None:
    ids = [made(api, content=f"memory {n}")["id"] for n in range(3)]
    assert api.post("/memories/bulk", {"ids": ids, "action": "pin"}).json() == {"count": 3}
    assert Memory.objects.filter(pinned=True).count() == 3
    foreign = ApiClient(other).post("/memories", {"content": "theirs"}).json()["id"]
    problem_of(api.post("/memories/bulk", {"ids": [*ids, foreign], "action": "delete"}), 404)
    assert Memory.objects.filter(state=State.ACTIVE).count() == 4
    problem_of(api.post("/memories/bulk", {"ids": ids, "action": "explode"}), 422)


def test_history_tells_what_each_change_did_and_undo_goes_back(api: ApiClient) -> None:
    memory = made(api, content="line one\nline two", tags=["a"])
    path = f"/memories/{memory['id']}"
    api.patch(path, {"content": "line one\nline 2"})
    api.patch(path, {"tags": ["a", "b"], "importance": 0.8})
    body = api.get(f"{path}/history").json()
    assert [item["number"] for item in body["items"]] == [2, 1]
    newest, oldest = body["items"]
    assert newest["diff"] == ""
    assert {change["field"]: (change["before"], change["after"]) for change in newest["changes"]} == {
        "tags": (["a"], ["a", "b"]),
        "importance": (0.5, 0.8),
    }
    assert "-line two\n+line 2" in oldest["diff"]
    assert oldest["changes"] == []
    first_page = api.get(f"{path}/history", limit=1).json()
    assert first_page["next_cursor"] == "2"
    assert api.get(f"{path}/history", limit=1, cursor="2").json()["items"] == [oldest]

    undone = api.post(f"{path}/undo/1")
    assert undone.json()["content"] == "line one\nline two"
    assert undone.json()["tags"] == ["a"]
    assert Memory.objects.get().revision_count == 3
    problem_of(api.post(f"{path}/undo/99"), 404)
    problem_of(api.post(f"{path}/undo/99999999999999999999"), 422)
