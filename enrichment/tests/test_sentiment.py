"""How memories sound: what the step finds, and where it is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from enrichment.models import Enrichment
from enrichment.prose import SENTENCE_CHARS, sentences
from enrichment.protocol import StepInput, reads
from enrichment.registry import step_named
from memories.drafts import MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory
from memshadow.lib.ids import new_id

MIXED = "We met Dr. Adams at noon. I love this wonderful house! The kitchen is not good."


def read(text: str) -> dict[str, Any]:
    item = StepInput(new_id(), new_id(), text, "note", "", "", "en", datetime(2026, 5, 13, tzinfo=UTC))
    (outcome,) = step_named("sentiment").run([item])
    return dict(outcome.result)


def remembered(owner: User, text: str, language: str = "en") -> Memory:
    """A memory that was read, as the pipeline leaves it."""
    memory = capture_memory(owner=owner, draft=MemoryDraft(content=text, language=language)).memory
    if language == "en":
        row = Enrichment(owner=owner, memory=memory, step="sentiment", state="done", finished_at=timezone.now())
        row.result = read(text)
        row.save()
    return memory


@pytest.fixture
def ask(api_key: Callable[..., str]) -> Callable[..., Any]:
    def call(user: User, memory: Memory, status: int = 200) -> Any:
        headers = {"Authorization": f"Bearer {api_key(user)}"}
        answer = Client().get(f"/api/v1/memories/{memory.id}/sentiment", headers=headers)
        assert answer.status_code == status
        return answer.json()

    return call


def test_sentences_are_found_with_their_places_and_code_is_none() -> None:
    text = "He met Dr. Adams.\n\n```python\nkill(me)\n```\nIt rained！晴れた。Fine"
    found = list(sentences(text))
    assert [words for _, words in found] == ["He met Dr. Adams.", "It rained！", "晴れた。", "Fine"]
    assert all(text[place : place + len(words)] == words for place, words in found)


def test_a_text_without_stops_is_read_in_pieces_to_its_end() -> None:
    text = "word " * 1_000 + "x" * 3_000
    found = list(sentences(text))
    assert all(len(words) <= SENTENCE_CHARS for _, words in found)
    assert "".join(words for _, words in found).replace(" ", "") == text.replace(" ", "")


def test_each_sentence_counts_and_negation_is_understood() -> None:
    found = read(MIXED)
    assert (found["positive_count"], found["negative_count"], found["neutral_count"]) == (1, 1, 1)
    assert found["tone"] == "positive" and 0.05 <= found["score"] < 0.5
    assert [one["words"] for one in found["strongest"]] == ["I love this wonderful house!", "The kitchen is not good."]


def test_the_end_of_a_long_text_is_heard() -> None:
    found = read("The table stands there. " * 300 + "I hate this horrible noise. " * 300)
    assert found["tone"] == "negative" and found["negative_count"] == 300 and len(found["strongest"]) == 5


def test_code_has_no_feelings_and_other_languages_are_not_read() -> None:
    assert read("```sh\nkill -9 1 # die\n```") == {}
    assert not any(reads(step_named("sentiment"), language) for language in ("de", "und", ""))


@pytest.mark.django_db
def test_a_program_is_told_the_tone_or_why_there_is_none(owner: User, other: User, ask: Callable[..., Any]) -> None:
    memory = remembered(owner, MIXED)
    answer = ask(owner, memory)
    first = answer["strongest"][0]
    assert (answer["state"], answer["tone"]) == ("done", "positive")
    assert MIXED[first["start"] : first["end"]] == first["words"] == "I love this wonderful house!"
    assert ask(owner, remembered(owner, "Das ist furchtbar.", "de"))["state"] == "not_supported"
    unread = capture_memory(owner=owner, draft=MemoryDraft(content="I am glad.", language="en")).memory
    assert ask(owner, unread)["state"] == "waiting"
    assert ask(owner, remembered(owner, "```\nx\n```"))["state"] == "nothing_to_read"
    ask(other, memory, 404)


@pytest.mark.django_db
def test_the_memory_page_says_how_it_sounds(owner: User, client_for: Callable[[User], Client]) -> None:
    pages = [
        client_for(owner).get(reverse("memories:detail", args=[memory.id])).content.decode()
        for memory in (remembered(owner, MIXED), remembered(owner, "Das ist furchtbar.", "de"))
    ]
    assert "How it sounds" in pages[0] and "1 positive, 1 negative, 1 neutral" in pages[0]
    assert "How it sounds" not in pages[1]
