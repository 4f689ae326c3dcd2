"""Proposals: accepted, rejected and undone, by page and by API, with where they come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrichment.models import LlmCall, Proposal
from enrichment.services.proposing import record_proposals
from enrichment.tests.reading_texts import kept
from memories.gateway.upstreams import add_upstream
from memories.models import Memory, MemoryLink
from memories.services.revising import By, Change, edit_memory
from tests.api_client import ApiClient
from tests.model_servers import ModelServer

pytestmark = pytest.mark.django_db
TEXT = "Tom moved to Oslo in March."


def proposed(owner: User, kind: str = "add", target: Memory | None = None, step: str = "llm-facts") -> Proposal:
    """One proposal of a memory, as a step records it."""
    memory = kept(owner, TEXT)
    call, _ = LlmCall.objects.get_or_create(owner=owner, memory=memory, step=step, host="h", model="m")
    one: dict[str, Any] = {"kind": kind, "text": "Tom lives in Oslo.", "quote": "moved to Oslo", "reason": "He moved."}
    one |= {"target": str(target.id)} if target else {}
    record_proposals(
        owner_id=owner.id,
        memory_id=memory.id,
        step=step,
        result={"call": str(call.id), "model": "m", "proposed": [one]},
    )
    return Proposal.objects.get(memory=memory, kind=kind)


def decide(owner: User, row: Proposal, action: str, status: int = 200) -> Any:
    answer = ApiClient(owner).post(f"/proposals/{row.id}/{action}", {})
    assert answer.status_code == status, answer.content
    return answer.json()


def test_a_new_fact_is_made_with_its_origin_and_undone(owner: User, other: User) -> None:
    row = proposed(owner)
    decide(other, row, "accept", 404)
    answer = decide(owner, row, "accept")
    made = Memory.objects.get(id=answer["made_id"])
    assert (made.kind, made.content, made.source) == ("fact", "Tom lives in Oslo.", "proposal")
    assert made.metadata["model"] == "m"
    assert MemoryLink.objects.get(from_memory=made).to_memory == row.memory
    decide(owner, row, "accept", 409)
    assert decide(owner, row, "undo")["state"] == "open"
    made.refresh_from_db()
    assert made.state == "deleted"
    decide(owner, row, "accept")
    made.refresh_from_db()
    assert made.state == "active", "the same memory comes back"


def test_a_known_fact_is_changed_and_changed_back(owner: User) -> None:
    fact = kept(owner, "Tom lives in Bergen.", kind="fact")
    row = proposed(owner, "update", fact)
    decide(owner, row, "accept")
    fact.refresh_from_db()
    assert fact.content == "Tom lives in Oslo." and fact.revision_count == 1
    decide(owner, row, "undo")
    fact.refresh_from_db()
    assert fact.content == "Tom lives in Bergen."
    decide(owner, row, "accept")
    edit_memory(owner=owner, memory_id=fact.id, change=Change(content="Tom lives in Moss."), by=By(owner))
    decide(owner, row, "undo", 409)
    fact.refresh_from_db()
    assert fact.content == "Tom lives in Moss.", "a later word is not overwritten"


def test_a_fact_that_no_longer_holds_is_superseded_and_restored(owner: User) -> None:
    fact = kept(owner, "Tom lives in Bergen.", kind="fact")
    row = proposed(owner, "supersede", fact)
    made = Memory.objects.get(id=decide(owner, row, "accept")["made_id"])
    fact.refresh_from_db()
    assert fact.state == "superseded"
    assert MemoryLink.objects.get(from_memory=made, to_memory=fact).relation == "updates"
    decide(owner, row, "undo")
    fact.refresh_from_db()
    assert fact.state == "active"


def test_what_was_decided_is_not_proposed_again_and_the_rest_is_replaced(owner: User) -> None:
    row = proposed(owner, "question", step="llm-questions")
    decide(owner, row, "reject")
    again = {"call": str(row.call_id), "model": "m", "proposed": []}
    one = {"kind": "question", "text": "tom lives in  OSLO.", "quote": "", "reason": ""}
    new = one | {"text": "Why Oslo?"}
    record_proposals(
        owner_id=owner.id, memory_id=row.memory_id, step="llm-questions", result=again | {"proposed": [one, new, new]}
    )
    assert sorted(Proposal.objects.values_list("state", flat=True)) == ["open", "rejected"]
    twin = kept(owner, f"{TEXT} Really.")
    record_proposals(
        owner_id=owner.id, memory_id=twin.id, step="llm-questions", result=again | {"proposed": [one, new]}
    )
    assert not Proposal.objects.filter(memory=twin).exists(), "it waits, or was decided, elsewhere"
    record_proposals(owner_id=owner.id, memory_id=row.memory_id, step="llm-questions", result=again)
    assert Proposal.objects.get().state == "rejected"
    Memory.objects.filter(id=row.memory_id).delete()
    assert not Proposal.objects.exists() and not LlmCall.objects.exists(), "they go with their memory"


def test_somebody_elses_fact_is_no_target(owner: User, other: User) -> None:
    foreign = kept(other, "Tom lives in Bergen.", kind="fact")
    with pytest.raises(Proposal.DoesNotExist):
        proposed(owner, "supersede", foreign)


def test_pages_show_and_decide(owner: User, client_for: Callable[[User], Client]) -> None:
    row, client = proposed(owner), client_for(owner)
    listed = reverse("enrichment:proposals")
    page = client.get(listed).content.decode()
    assert "Tom lives in Oslo." in page and "moved to Oslo" in page and "No language model is asked" in page
    waiting = {one["kind"]: one["waiting"] for one in ApiClient(owner).get("/review").json()["items"]}
    assert waiting["proposals"] == 1 and listed in client.get(reverse("enrichment:review")).content.decode()
    assert "Read by a language model" in client.get(reverse("memories:detail", args=[row.memory_id])).content.decode()
    url = reverse("enrichment:proposal_decide", args=[row.id])
    assert client.post(url, {"action": "accept", "back": listed})["Location"] == listed
    assert "Tom lives in Oslo." in client.get(listed, {"state": "accepted"}).content.decode()
    assert client.post(url, {"action": "undo", "back": "//evil.example"})["Location"] == listed
    row.refresh_from_db()
    assert row.state == "open"


def test_the_setting_is_made_on_its_page_and_by_api(
    owner: User, other: User, client_for: Callable[[User], Client], settings: Any
) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    client, url = client_for(owner), reverse("enrichment:llm")
    assert "off until you switch it on" in client.get(url).content.decode()
    api = ApiClient(owner, ("*",))
    assert api.get("/llm").json()["is_on"] is False
    assert api.put("/llm", {"is_on": True, "model": "m", "steps": ["llm-facts"]}).status_code == 422
    with ModelServer().running() as server:
        row = add_upstream(owner=owner, name="Mine", provider="openai", base_url=server.url)
        theirs = add_upstream(owner=other, name="Theirs", provider="openai", base_url=server.url)
    body = {"is_on": True, "upstream_id": str(row.id), "model": "m", "steps": ["llm-facts", "nonsense"]}
    answer = api.put("/llm", body).json()
    assert (answer["is_on"], answer["steps"], answer["since"] is not None) == (True, ["llm-facts"], True)
    assert api.put("/llm", body | {"upstream_id": str(theirs.id)}).status_code == 404
    form = {"is_on": "on", "server": str(row.id), "model": "other", "steps": ["llm-summary"], "tokens_a_day": "10"}
    client.post(url, form | {"usd_a_day": "0.2", "from_now": "on"})
    found = api.get("/llm").json()
    assert (found["model"], found["steps"], found["tokens_a_day"]) == ("other", ["llm-summary"], 10)
    one = proposed(owner)
    call = one.call
    assert call is not None
    call.said = {"system": "S", "prompt": "all the words", "answers": ["one answer"]}
    call.save()
    page = client.get(reverse("enrichment:llm_sent")).content.decode()
    assert "all the words" in page and "one answer" in page
    assert api.get("/llm/calls").json()["items"][0]["prompt"] == "all the words"
    assert ApiClient(other, ("*",)).get("/llm/calls").json()["items"] == []
